"""Who may see and do what: the same rules for pages, admin and API."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

P = ParamSpec("P")


class SignedIn(HttpRequest):
    """A request that passed ``staff_may``."""

    user: User


def may(user: User | AnonymousUser, action: str, model: str) -> bool:
    """Whether the user has ``action`` (view, change, delete); who may change may view."""
    if action == "view" and may(user, "change", model):
        return True
    return user.has_perm(f"scheduling.{action}_{model}")


def staff_may(
    action: str, model: str
) -> Callable[
    [Callable[Concatenate[SignedIn, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Guard of a page: the anonymous are sent to sign in, others without the right get 403."""

    def decorate(
        view: Callable[Concatenate[SignedIn, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not (request.user.is_staff and may(request.user, action, model)):
                raise PermissionDenied
            response = view(request, *args, **kwargs)  # type: ignore[arg-type]
            # Nobody sees them by "back" after signing out, or as they were before an edit.
            add_never_cache_headers(response)
            return response

        return guarded  # type: ignore[return-value]

    return decorate
