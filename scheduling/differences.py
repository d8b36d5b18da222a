"""What differs between two states of a schedule, in the reader's words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from . import triggers
from .audit import FIELDS, PAUSE
from .models import JobSchedule

TIMING = ("interval_seconds", "cron", "timezone")
POLICIES = (
    "misfire_grace_seconds",
    "coalesce",
    "max_instances",
    "timeout_seconds",
    "max_retries",
    "queue",
    "priority",
)
_LABELS = {
    "misfire_grace_seconds": gettext_lazy("Given up when late by"),
    "coalesce": gettext_lazy("Several missed slots run once"),
    "max_instances": gettext_lazy("Runs at the same time"),
    "timeout_seconds": gettext_lazy("Timed out after"),
    "max_retries": gettext_lazy("Tried again"),
    "queue": gettext_lazy("Queue"),
    "priority": gettext_lazy("Priority"),
}
_FIELDS = {field.name: field for field in JobSchedule._meta.fields}
_USUAL = {name: _FIELDS[name].get_default() for name in POLICIES}
_IN_SECONDS = ("misfire_grace_seconds", "timeout_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs; in full: ``Schedule: every 4 hours → every 10 minutes``."""

    what: str
    before: str
    after: str


def differences(before: JobSchedule, after: JobSchedule, at: datetime) -> list[Difference]:
    """All that differs, in the order of a schedule's form; pauses as they were ``at``."""
    pairs = []
    if _differ(before, after, TIMING):
        words = before.in_words, after.in_words
        # The words are about what counts; what does not count can change too.
        old, new = words if words[0] != words[1] else (_raw(before), _raw(after))
        pairs.append((_("Schedule"), old, new))
    if _differ(before, after, PAUSE):
        pairs.append((pgettext("noun", "Pause"), _pause(before, at), _pause(after, at)))
    pairs += [
        (str(_LABELS[name]), policy(before, name), policy(after, name))
        for name in POLICIES
        if getattr(before, name) != getattr(after, name)
    ]
    return [Difference(what=what, before=old, after=new) for what, old, new in pairs if old != new]


def policies(schedule: JobSchedule) -> list[tuple[str, str]]:
    """What is set besides the times and the pause: a label and a text for each."""
    idle = () if settings.SCHEDULER_EXECUTOR == "procrastinate" else ("queue", "priority")
    return [(str(_LABELS[name]), policy(schedule, name)) for name in POLICIES if name not in idle]


def policy(schedule: JobSchedule, name: str) -> str:
    value = getattr(schedule, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "max_retries":
        return _("%s times") % value if value else _("never")
    if value is None:
        return _("never")
    return _length(value) if name in _IN_SECONDS else str(value)


def _length(seconds: int) -> str:
    words = triggers.seconds_in_words(seconds)
    # Made to follow "every", where one minute is just "minute".
    return words if words[:1].isdigit() else f"1 {words}"


def state_in_words(schedule: JobSchedule) -> str:
    """All of it but the pause, in a line: the times, then whatever is not as usual."""
    special = [
        f"{_LABELS[name]}: {policy(schedule, name)}"
        for name in POLICIES
        if getattr(schedule, name) != _USUAL[name]
    ]
    return "; ".join([schedule.in_words, *special])


def _differ(before: JobSchedule, after: JobSchedule, names: tuple[str, ...]) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _raw(schedule: JobSchedule) -> str:
    every = _("every %s seconds") % schedule.interval_seconds
    return ", ".join(text for text in (every, schedule.cron, schedule.timezone) if text)


def _pause(schedule: JobSchedule, at: datetime) -> str:
    return schedule.pause_in_words(at) or _("not paused")


_KINDS: dict[str, type | tuple[type, ...]] = {
    "interval_seconds": int,
    "cron": str,
    "timezone": str,
    "paused": bool,
    "paused_until": (datetime, type(None)),
    "pause_reason": str,
    "misfire_grace_seconds": int,
    "coalesce": bool,
    "max_instances": int,
    "timeout_seconds": (int, type(None)),
    "max_retries": int,
    "queue": str,
    "priority": int,
}
# Larger numbers fit into no schedule, other years into no time zone.
_LARGEST = 2**31
_YEARS = range(1970, 9000)


def fields_in(stored: Any) -> dict[str, Any]:
    """Those fields of a schedule that ``stored``, JSON from a note, holds in a form that can be
    read; whatever else it may be is left out."""
    if not isinstance(stored, dict):
        return {}
    read = {name: _read(name, stored[name]) for name in FIELDS if name in stored}
    return {name: value for name, value in read.items() if _fits(name, value)}


def _read(name: str, value: Any) -> Any:
    if name == "paused_until" and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment if moment.utcoffset() is not None and moment.year in _YEARS else value
    return value


def _fits(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return _KINDS[name] is bool
    return isinstance(value, _KINDS[name]) and not (
        isinstance(value, int) and abs(value) >= _LARGEST
    )
