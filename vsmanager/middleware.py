"""Turns away what no honest client sends, before it reaches a database that chokes on it."""

from collections.abc import Callable

from django.core.handlers.wsgi import WSGIRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseForbidden,
    HttpResponseNotAllowed,
)
from django.utils.translation import activate, get_language_from_request
from django.utils.translation import gettext_lazy as _

from .env import local_only

Handler = Callable[[HttpRequest], HttpResponse]

_OF_PAGES = ("GET", "HEAD", "POST", "OPTIONS")
_UTF8 = ("utf-8", "utf8", "us-ascii")


class Utf8Request(WSGIRequest):
    """Read as UTF-8, whatever charset it names.

    Django would take any codec of Python's, also those that are none of text (``zlib``), and
    fail at these before a middleware could answer.
    """

    @property
    def encoding(self) -> None:
        return None

    @encoding.setter
    def encoding(self, _named: str | None) -> None: ...


def refuse_nonsense(get_response: Handler) -> Handler:
    """400 for a null character in an address (PostgreSQL can't store one, so a lookup fails),
    for regular expressions in the admin's filters (they can keep a core busy for hours), and for
    forms in another charset, of which Django's own refusal fails. 405 for a method that only the
    API has: the admin would take it for a GET."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in _OF_PAGES and not request.path.startswith("/api/"):
            return HttpResponseNotAllowed(_OF_PAGES)
        if _has_null(request):
            return _refusal(request, _("The address holds a null character."))
        if request.path.startswith("/admin/") and _has_regex(request):
            return _refusal(request, _("Filters by regular expression are switched off."))
        if _is_foreign(request):
            return _refusal(request, _("A form must be sent as UTF-8."))
        return get_response(request)

    return middleware


def only_this_machine(get_response: Handler) -> Handler:
    """With DEBUG: 403 for whoever asks from elsewhere, wherever the server listens."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if local_only([request.META.get("REMOTE_ADDR") or "localhost"]):
            return get_response(request)
        return HttpResponseForbidden("With DEBUG only this machine is answered.")

    return middleware


def _refusal(request: HttpRequest, text: object) -> HttpResponse:
    # Django's own middleware that chooses the language comes later.
    activate(get_language_from_request(request))
    return HttpResponseBadRequest(str(text))


def _is_foreign(request: HttpRequest) -> bool:
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    return request.content_type == "application/x-www-form-urlencoded" and charset not in _UTF8


def _has_null(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    return "\0" in request.path or "\0" in query or "%00" in query


def _has_regex(request: HttpRequest) -> bool:
    return any(key.endswith(("__regex", "__iregex")) for key in request.GET)
