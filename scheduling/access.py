"""Who may see and do what: the same rules for pages, admin and API."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django_htmx.middleware import HtmxDetails

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


class SignedIn(HttpRequest):
    """A request that passed ``staff_may``."""

    user: User
    htmx: HtmxDetails


def may(user: User | AnonymousUser, action: str, model: str) -> bool:
    """Whether the user has ``action`` (view, add, change, delete); who may change may view.

    A model of another app is named with it: ``mods.trackedmod``.
    """
    if action == "view" and may(user, "change", model):
        return True
    app, _, name = model.rpartition(".")
    return user.has_perm(f"{app or 'scheduling'}.{action}_{name}")


def staff_may(
    action: str = "", model: str = ""
) -> Callable[
    [Callable[Concatenate[SignedIn, P], R]],
    Callable[Concatenate[HttpRequest, P], R | HttpResponse],
]:
    """Guard of a page: the anonymous are sent to sign in, others without the right get 403.

    Without a ``model`` it is enough to be staff.
    """

    def decorate(
        view: Callable[Concatenate[SignedIn, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], R | HttpResponse]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> R | HttpResponse:
            if not request.user.is_authenticated:
                if "HX-Request" in request.headers:
                    # A page to sign in on would be shown inside the page that asks.
                    return HttpResponse(status=401)
                return redirect_to_login(request.get_full_path())
            if not (request.user.is_staff and (not model or may(request.user, action, model))):
                raise PermissionDenied
            response = view(request, *args, **kwargs)  # type: ignore[arg-type]
            # Nobody sees them by "back" after signing out, or as they were before an edit.
            add_never_cache_headers(response)
            return response

        return guarded  # type: ignore[return-value]

    return decorate
