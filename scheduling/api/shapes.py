"""Rows as the API tells them, and what it takes."""

from datetime import datetime
from typing import Annotated, Any

from django.utils.timezone import localtime
from ninja import Schema
from pydantic import ConfigDict, WithJsonSchema
from pydantic.config import JsonDict

from ..errors import InvalidSchedule
from ..models import JobRun
from ..outlook import Outlook
from ..paging import Page

_MOMENT: JsonDict = {"type": ["string", "null"], "format": "date-time"}


class SchedulePatch(Schema):
    """What to set; what is left out stays.

    The values are looked at by the worker's own code, so that its words come back.
    """

    model_config = ConfigDict(extra="forbid")

    interval_seconds: Annotated[Any, WithJsonSchema({"type": "integer"})] = 0
    cron: Annotated[Any, WithJsonSchema({"type": "string"})] = ""
    timezone: Annotated[Any, WithJsonSchema({"type": "string"})] = ""
    paused: Annotated[Any, WithJsonSchema({"type": "boolean"})] = False
    paused_until: Annotated[Any, WithJsonSchema(_MOMENT)] = None
    pause_reason: Annotated[Any, WithJsonSchema({"type": "string"})] = ""
    timeout_seconds: Annotated[Any, WithJsonSchema({"type": ["integer", "null"]})] = None
    max_retries: Annotated[Any, WithJsonSchema({"type": "integer"})] = 0
    queue: Annotated[Any, WithJsonSchema({"type": "string"})] = ""
    priority: Annotated[Any, WithJsonSchema({"type": "integer"})] = 0


class Pause(Schema):
    """For how long (without ``until``: until somebody resumes it), and why."""

    model_config = ConfigDict(extra="forbid")

    until: Annotated[Any, WithJsonSchema(_MOMENT)] = None
    reason: Annotated[Any, WithJsonSchema({"type": "string"})] = ""


class Because(Schema):
    """Why somebody asked for it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Any, WithJsonSchema({"type": "string"})] = ""


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 with the offset of the server's zone."""
    return localtime(moment).isoformat() if moment else None


def job(each: Outlook) -> dict[str, Any]:
    kind, details = _trigger(each)
    return {
        "id": each.schedule.name,
        "next_run_time": None if each.paused else iso(each.next_run_time),
        "trigger_type": kind,
        "trigger_details": details,
        "paused": each.paused,
        "last_run": each.last_run
        and {
            "id": each.last_run.id,
            "status": each.last_run.status,
            "finished_at": iso(each.last_run.finished_at),
        },
    }


def _trigger(each: Outlook) -> tuple[str | None, str]:
    try:
        trigger = each.schedule.trigger()
    except InvalidSchedule as error:
        return "cron" if each.schedule.cron else "interval", f"not understood: {error}"
    if trigger is None:
        return None, "disabled"
    return "cron" if each.schedule.cron else "interval", trigger.details


def runs(page: Page) -> dict[str, Any]:
    return {"runs": [run(each) for each in page.runs], "next": page.next or None}


def run(each: JobRun) -> dict[str, Any]:
    """All fields of a run that were read from the database."""
    names = [field.attname for field in each._meta.concrete_fields]
    unread = each.get_deferred_fields()
    values = {name: getattr(each, name) for name in names if name not in unread}
    return {
        name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()
    }
