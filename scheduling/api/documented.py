"""What every answer has in common, in the API's own description (OpenAPI)."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

_DATA = "x-data"
_FAILURE = {
    "type": "object",
    "required": ["status", "error"],
    "additionalProperties": False,
    "properties": {
        "status": {"const": "error"},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "pattern": "^[A-Z][A-Z_]+$"},
                "message": {"type": "string", "minLength": 1},
            },
        },
    },
}


def tells(*names: str) -> dict[str, Any]:
    """What ``data`` holds when the call succeeds; for ``openapi_extra`` of a route."""
    return {_DATA: list(names)}


class DescribedAPI(NinjaAPI):
    """Its description holds the form of answers, which the framework does not know."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"].setdefault("schemas", {})["Failure"] = _FAILURE
        for calls in schema["paths"].values():
            for call in calls.values():
                _describe(call)
        return schema


def _describe(call: dict[str, Any]) -> None:
    names = call.pop(_DATA, [])
    data = {"type": "object", "required": names, "additionalProperties": False}
    success = {
        "type": "object",
        "required": ["status", "data"],
        "additionalProperties": False,
        "properties": {
            "status": {"const": "ok"},
            "data": data | {"properties": {name: {} for name in names}},
        },
    }
    for answer in call["responses"].values():
        answer["content"] = _json(success)
    refused = {"$ref": "#/components/schemas/Failure"}
    call["responses"]["4XX"] = {"description": "Refused", "content": _json(refused)}
    call["responses"]["500"] = {"description": "Failed", "content": _json(refused)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
