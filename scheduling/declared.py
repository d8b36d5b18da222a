"""Schedules as a file declares them: what differs from those that are set, and the way there.

A file counts for what it names and for nothing else, and only when a person says so.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from . import actions, changes, tomlfile
from .audit import FIELDS, PAUSE
from .changes import Change
from .differences import POLICIES, Difference, differences
from .jobsettings import Edit
from .models import JobSchedule
from .tomlfile import BadFile, Document

TABLE = "jobs"
# So many of those that differ are told on a page.
MOST = 20
_MAY_BE_NONE = ("timeout_seconds", "paused_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A schedule that is not as the file has it; ``last`` is who changed it last, if known."""

    schedule: JobSchedule
    differences: Sequence[Difference]
    fields: dict[str, Any]
    last: Change | None = None

    def edit_from(self, reason: str) -> Edit:
        return Edit(
            schedule=self.schedule,
            fields=self.fields,
            revision=self.schedule.revision,
            reason=reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``problems`` say where in the file something can't be followed, and what could be."""

    file: str
    drifts: Sequence[Drift] = ()
    problems: Sequence[str] = ()

    @property
    def shown(self) -> Sequence[Drift]:
        return self.drifts[:MOST]

    @property
    def more(self) -> int:
        return max(0, len(self.drifts) - MOST)


def file() -> Path | None:
    """The file of this installation, if it has one."""
    name = settings.SCHEDULES_FILE
    return Path(name) if name and Path(name).exists() else None


def compared(now: datetime) -> Comparison | None:
    """The schedules against the file of this installation; None where there is none."""
    if not (path := file()):
        return None
    try:
        return compare(tomlfile.read(path), now)
    except BadFile as error:
        return Comparison(file=path.name, problems=[str(error)])


def compare(document: Document, now: datetime) -> Comparison:
    declared = document.values.get(TABLE, {})
    if not isinstance(declared, dict):
        problem = f"{document.at((TABLE,))}: {_('This must be a table.')}"
        return Comparison(file=document.name, problems=[problem])
    stored = {schedule.name: schedule for schedule in JobSchedule.objects.filter(name__in=declared)}
    drifts: list[Drift] = []
    problems: list[str] = []
    for name, fields in declared.items():
        try:
            if drift := _drift(stored.get(name), fields, now):
                drifts.append(drift)
        except ValidationError as error:
            for key, told in sorted(error.message_dict.items()):
                where = document.at((TABLE, name, *([key] if key in fields else [])))
                problems += [f"{where}: {text}" for text in told]
    # Of more nobody is told who it was: each takes a query.
    named = [replace(drift, last=_last(drift.schedule)) for drift in drifts[:MOST]]
    return Comparison(file=document.name, drifts=[*named, *drifts[MOST:]], problems=problems)


def _last(schedule: JobSchedule) -> Change | None:
    newest = changes.of_schedule(schedule, 1)
    return newest[0] if newest else None


def _drift(schedule: JobSchedule | None, declared: Any, now: datetime) -> Drift | None:
    """Raises ValidationError, with the keys of what can't be."""
    if schedule is None:
        names = ", ".join(JobSchedule.objects.values_list("name", flat=True))
        raise ValidationError(
            {"": _("There is no job of this name. There are: %(names)s") % {"names": names}}
        )
    if not isinstance(declared, dict):
        raise ValidationError({"": _("This must be a table.")})
    fields = _fields(declared)
    _check_each(schedule, fields)
    wanted = actions.foretell(schedule, fields, now)
    if not (found := differences(schedule, wanted, now)):
        return None
    return Drift(schedule=schedule, differences=found, fields=fields)


def _fields(declared: dict[str, Any]) -> dict[str, Any]:
    fields = {
        name: None if name in _MAY_BE_NONE and value == "" else value
        for name, value in declared.items()
    }
    if "interval_seconds" in fields and "cron" not in fields:
        # Who names an interval alone means it: a cron text that was there would win over it.
        fields["cron"] = ""
    return fields


def _check_each(schedule: JobSchedule, fields: dict[str, Any]) -> None:
    """All that is wrong, where the first alone would be told otherwise."""
    told = _("There is no such setting. There are: %(names)s") % {"names": ", ".join(FIELDS)}
    wrong: dict[str, list[str]] = {name: [told] for name in fields if name not in FIELDS}
    for name in fields.keys() - wrong.keys():
        try:
            actions.check_field(copy(schedule), name, fields[name])
        except ValidationError as error:
            wrong.update(error.message_dict)
    if wrong:
        raise ValidationError(wrong)


def export(schedules: Iterable[JobSchedule], now: datetime) -> str:
    """The tables of these schedules; a pause only where there is one at this moment."""
    return "\n".join(
        tomlfile.table((TABLE, each.name), _told(each, now), comment=each.in_words)
        for each in schedules
    )


def _told(schedule: JobSchedule, now: datetime) -> dict[str, Any]:
    names = ["interval_seconds", *(["cron", "timezone"] if schedule.cron else []), *POLICIES]
    if schedule.is_paused(now):
        names += PAUSE
    values = {name: getattr(schedule, name) for name in names}
    if values.get("paused_until") is None:
        values.pop("paused_until", None)
    return {name: "" if value is None else value for name, value in values.items()}
