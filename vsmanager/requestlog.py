"""Each request of the web: an id that goes with all that it causes, and one line in the log."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from scheduling import requestid

logger = structlog.get_logger("web")

Handler = Callable[[HttpRequest], HttpResponse]

# Asked all the time, by machines.
_UNTOLD = ("/healthz", "/readyz", "/metrics")


def log_requests(get_response: Handler) -> Handler:
    """Middleware. The id is the client's own if it is a UUID; it is sent back."""

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        request_id = requestid.taken(request.headers.get(requestid.HEADER, ""))
        # A thread of the server may have served another before; what that left is not this one's.
        structlog.contextvars.clear_contextvars()
        requestid.bind(request_id)
        try:
            response = get_response(request)
            if request.path not in _UNTOLD:
                _tell(request, response, time.perf_counter() - begun)
        finally:
            structlog.contextvars.clear_contextvars()
        response[requestid.HEADER] = request_id
        return response

    return middleware


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    # Without the query: what people search for is theirs.
    logger.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        user=_user(request),
    )


def _user(request: HttpRequest) -> int | None:
    """The number of who asked, where it was found out: nobody is looked up for the log."""
    by_token = getattr(request, "auth", None)
    by_session = getattr(request, "_cached_user", None)
    return next((pk for who in (by_token, by_session) if (pk := getattr(who, "pk", None))), None)
