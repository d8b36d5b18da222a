"""The id under which a request is found again: in the web's log, in that of the run that it asked
for, and in what the run asks of others."""

import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from .runner import ClaimedRun

HEADER = "X-Request-ID"
_NAME = "request_id"
# The event that keeps it in the log of a run.
_ASKED = "run_requested"
# What proxies make. Whatever else stands there may tell something of somebody, and is replaced:
# upstreams get to see it.
_FIT = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def taken(given: str) -> str:
    """``given`` if it is a UUID, with or without dashes; else a new id."""
    return given if _FIT.fullmatch(given) else uuid.uuid4().hex


def current() -> str:
    """That of what goes on in this context, or ""."""
    return str(structlog.contextvars.get_contextvars().get(_NAME, ""))


def bind(request_id: str) -> None:
    structlog.contextvars.bind_contextvars(**{_NAME: request_id})


def unbind() -> None:
    structlog.contextvars.unbind_contextvars(_NAME)


def made() -> str:
    """The current one; where there is none, one is made and bound."""
    request_id = current()
    if not request_id:
        request_id = uuid.uuid4().hex
        bind(request_id)
    return request_id


def asked_for(moment: datetime) -> list[dict[str, Any]]:
    """The log of a run that begins with the request that asks for it; nothing outside of one."""
    if not (request_id := current()):
        return []
    at = moment.isoformat().replace("+00:00", "Z")
    return [{"at": at, "level": "info", "event": _ASKED, _NAME: request_id}]


def told(runs: "list[ClaimedRun]") -> "list[ClaimedRun]":
    """The same runs, those that a request asked for with its id. In one query; for queued runs,
    which are few."""
    from .models import JobRun

    by_id = {run.run_id: run for run in runs}
    asked = JobRun.objects.filter(pk__in=by_id, trigger="manual").order_by()
    for run_id, log in asked.values_list("id", "log") if by_id else ():
        for event in _first(log):
            by_id[run_id].context.request_id = event[_NAME]
            by_id[run_id].log.begin_with(event)
    return runs


def _first(log: object) -> Iterable[dict[str, Any]]:
    event = log[0] if isinstance(log, list) and log else None
    if not isinstance(event, dict) or event.get("event") != _ASKED:
        return
    if _FIT.fullmatch(str(event.get(_NAME))):
        yield event
