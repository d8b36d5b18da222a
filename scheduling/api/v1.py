"""The API as a whole: its routes, how its failures are told, and its documentation."""

import json
from typing import Any

import structlog
from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.types import DictStrAny

from ..access import staff_may
from ..errors import SchedulingError
from . import jobs, runs, settings, shapes
from .auth import needs
from .documented import DescribedAPI
from .envelope import ApiError, failure

logger = structlog.get_logger(__name__)

# Python refuses to read numbers of thousands of digits; as a float they are refused in words.
_MAX_DIGITS = 30
# By the name of the parameter that takes the body.
_SHAPES: dict[str, type[Schema]] = {
    "patch": shapes.SchedulePatch,
    "how": shapes.Pause,
    "why": shapes.Because,
}


class JsonParser(Parser):
    def parse_body(self, request: HttpRequest) -> DictStrAny:
        # An empty form is what some clients send where there is nothing to send.
        if request.content_type == "multipart/form-data" and not (request.POST or request.FILES):
            return {}
        body: DictStrAny = json.loads(request.body, parse_int=_integer)
        return body


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float("inf")


def _documented(view: Any) -> Any:
    # Swagger's page styles itself inline; no other page may.
    return staff_may("view", "jobschedule")(csp_update({"style-src": [SELF, UNSAFE_INLINE]})(view))


api = DescribedAPI(
    title="Scheduling",
    version="v1",
    urls_namespace="api-v1",
    auth=needs("view", "jobschedule"),
    docs_decorator=_documented,
    parser=JsonParser(),
)
api.add_router("/jobs", jobs.router)
api.add_router("/runs", runs.router)
api.add_router("/settings", settings.router)


@api.exception_handler(ApiError)
def _told(_request: HttpRequest, error: ApiError) -> HttpResponse:
    return failure(error)


@api.exception_handler(SchedulingError)
def _conflict(_request: HttpRequest, error: SchedulingError) -> HttpResponse:
    return failure(ApiError(409, str(error)))


@api.exception_handler(AuthenticationError)
def _unauthorized(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return failure(ApiError(401))


@api.exception_handler(RequestDataTooBig)
def _too_large(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return failure(ApiError(413))


@api.exception_handler(HttpError)
def _http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return failure(ApiError(error.status_code if error.status_code in (403, 404) else 400))


@api.exception_handler(ValidationError)
def _malformed(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    said = dict.fromkeys(_in_words(each) for each in error.errors)
    return failure(ApiError(422, " ".join(said)[:500]))


def _in_words(problem: DictStrAny) -> str:
    name = str(problem["loc"][-1])[:60]
    if problem["type"] == "extra_forbidden":
        # Where it stands: ("body", the parameter, the field).
        shape = _SHAPES.get(str(problem["loc"][-2]))
        if shape is None:
            return _("%(name)s is not a field of this call.") % {"name": name}
        told = {"name": name, "known": ", ".join(shape.model_fields)}
        return _("%(name)s is not a field of this call. Known: %(known)s.") % told
    if name == "run_id" and problem["type"].startswith("int_"):
        return _("The run's number must be a whole number.")
    # What pydantic says is English.
    return f"{name}: {problem['msg']}."


@api.exception_handler(Exception)
def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("api_call_failed", method=request.method, path=request.path, exc_info=error)
    is_away = isinstance(error, OperationalError | InterfaceError)
    return failure(ApiError(503 if is_away else 500))
