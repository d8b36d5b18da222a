"""Who calls: by a token, or by the session of somebody signed in to the pages."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from .. import tokens
from ..access import may
from .envelope import ApiError


class Right:
    """What a call needs: ``action`` (view, change, delete) on ``model``."""

    def __init__(self, action: str, model: str) -> None:
        self.action, self.model = action, model
        super().__init__()

    def check(self, user: User) -> User:
        if not may(user, self.action, self.model):
            raise ApiError(403)
        return user


class Token(Right, HttpBearer):
    def __call__(self, request: HttpRequest) -> Any:
        # A token that is sent decides alone: a bad one is never saved by a session.
        if request.headers.get("Authorization"):
            user = super().__call__(request)
            if not user:
                raise ApiError(401)
            return user
        return None

    def authenticate(self, request: HttpRequest, token: str) -> User:
        try:
            found = tokens.find(token, request)
        except tokens.Refused as why:
            raise ApiError(why.status, why.message) from None
        if not found.allows(self.action):
            raise ApiError(403, _("This token may only look."))
        request.api_token = found  # type: ignore[attr-defined]
        return self.check(found.user)


class Session(Right, APIKeyCookie):
    param_name = settings.SESSION_COOKIE_NAME
    csrf = True

    def _get_key(self, request: HttpRequest) -> str | None:
        # Whether there is a session at all is asked first: the anonymous get 401, not 403.
        return request.COOKIES.get(self.param_name)

    def authenticate(self, request: HttpRequest, _key: str | None) -> User | None:
        if isinstance(request.user, AnonymousUser):
            return None
        # The check reads the form, after which a body that was not read is lost.
        request.body  # noqa: B018
        if check_csrf(request):
            raise ApiError(403, _("The CSRF token is missing or wrong: send X-CSRFToken."))
        return self.check(request.user)


def allows(request: HttpRequest, action: str, model: str) -> bool:
    """Whether whoever called may do this too, with what they called with."""
    token = getattr(request, "api_token", None)
    user: User = request.auth  # type: ignore[attr-defined]
    return (token is None or token.allows(action)) and may(user, action, model)


def needs(action: str, model: str) -> list[Any]:
    return [Token(action, model), Session(action, model)]
