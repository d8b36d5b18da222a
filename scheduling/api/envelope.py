"""One form for every answer under /api/, also for those that Django gives by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _

Handler = Callable[[HttpRequest], HttpResponse]

_CODES = {
    400: ("BAD_REQUEST", _("The request can't be understood.")),
    401: ("UNAUTHORIZED", _("Sign in, or send a token: Authorization: Bearer TOKEN.")),
    403: ("FORBIDDEN", _("You may not do this.")),
    404: ("NOT_FOUND", _("There is nothing at this address.")),
    405: ("METHOD_NOT_ALLOWED", _("This address does not take this method.")),
    409: ("CONFLICT", _("What is there now does not allow this.")),
    413: ("TOO_LARGE", _("The request is too large.")),
    422: ("INVALID_REQUEST", _("The request does not have the right form.")),
    429: ("TOO_MANY_REQUESTS", _("Too many wrong tokens came from where you are: wait a minute.")),
    503: ("UNAVAILABLE", _("The database does not answer. Try again in a moment.")),
    500: ("INTERNAL_ERROR", _("Something went wrong; the error is in the server's log.")),
}
# In seconds. Most of what makes a database say no passes soon: a restart, a lock, a migration.
_RETRY_AFTER = {429: "60", 503: "10"}


class ApiError(Exception):
    """Ends a call with a status, a code and a message (those of the status by default)."""

    def __init__(self, status: int, message: str = "", code: str = "") -> None:
        usual_code, usual_message = _CODES[status]
        self.status = status
        self.code, self.message = code or usual_code, message or str(usual_message)
        super().__init__(self.message)


@contextmanager
def refusals(code: str = "") -> Iterator[None]:
    """What the domain refuses is told as a 422, in its own words."""
    try:
        yield
    except ValidationError as error:
        raise ApiError(422, " ".join(error.messages), code) from None


def ok(**data: Any) -> dict[str, Any]:
    return {"status": "ok", "data": data}


def failure(error: ApiError) -> JsonResponse:
    body = {"status": "error", "error": {"code": error.code, "message": error.message}}
    response = JsonResponse(body, status=error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if wait := _RETRY_AFTER.get(error.status):
        response["Retry-After"] = wait
    return response


def api_envelope(get_response: Handler) -> Handler:
    """Middleware: failures that never reached the API's own code get its form as well."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith("/api/"):
            return response
        if response.status_code >= 400 and "json" not in response.get("Content-Type", ""):
            usual = 500 if response.status_code >= 500 else 400
            status = response.status_code if response.status_code in _CODES else usual
            enveloped = failure(ApiError(status))
            if allowed := response.get("Allow"):
                enveloped["Allow"] = allowed
            response = enveloped
        response["Cache-Control"] = "no-store"
        return response

    return middleware
