"""Who did what: the admin's log read back, whatever stands in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Q, QuerySet, TextChoices, Value
from django.db.models.functions import Cast
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from . import audit
from .differences import Difference, differences, fields_in
from .errors import SchedulingError
from .models import JobRun, JobSchedule
from .text import clean

PAGE = 50
# A schedule that was changed more often while somebody looked at its form is told in part.
MAX_TOLD = 20
_MAX_ID = 2**31 - 1


class BadPlace(SchedulingError):
    __doc__ = gettext_noop("This place in the list is not known. Begin again at the newest change.")


class Deed(TextChoices):
    """What somebody did."""

    CHANGED = "changed", _("changed")
    PAUSED = "paused", _("paused")
    RESUMED = "resumed", _("resumed")
    RUN_NOW = audit.RUN_NOW, _("run now")
    CANCELLED = audit.CANCELLED, _("cancelled")
    ASKED_TO_STOP = audit.ASKED_TO_STOP, _("asked to stop")
    ADDED = "added", _("added")
    DELETED = "deleted", _("deleted")


_FLAGS = {ADDITION: Deed.ADDED, DELETION: Deed.DELETED, CHANGE: Deed.CHANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry of the log.

    ``texts`` is what was stored, told where ``differences`` are not known. ``before`` and
    ``after`` are the fields of the schedule before and after it, {} where they are not known.
    ``job`` and ``run`` may be gone by now.
    """

    id: int
    at: datetime
    who: str
    deed: Deed
    job: str = ""
    run: int | None = None
    reason: str = ""
    texts: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """The reason that was given; a pause keeps its own with the schedule."""
        paused = self.after.get("pause_reason", "") if self.deed is Deed.PAUSED else ""
        return self.reason or str(paused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Changes, newest first; ``older`` is the place where the next page begins, 0 on the last.

    ``jobs`` and ``runs`` are those that the changes speak of and that are still there.
    """

    changes: list[Change]
    older: int = 0
    jobs: frozenset[str] = frozenset()
    runs: frozenset[int] = frozenset()


def page(*, job: str = "", by: str = "", before: str = "", size: int = PAGE) -> Page:
    """The newest changes, or those before the entry ``before``, in two queries.

    Raises BadPlace.
    """
    wanted = Q()
    if job:
        wanted &= _about(job)
    if by:
        wanted &= Q(user__username=by)
    if before:
        wanted &= Q(pk__lt=_place(before))
    found = _newest(wanted, size + 1)
    changes = [read(entry) for entry in found[:size]]
    jobs, runs = _still_there(changes)
    older = found[size - 1].pk if len(found) > size else 0
    return Page(changes=changes, older=older, jobs=jobs, runs=runs)


def of_schedule(schedule: JobSchedule, count: int) -> list[Change]:
    """The newest changes of what is set on this schedule, in one query."""
    return [read(entry) for entry in _that_set(schedule)[:count]]


def first_of(schedule: JobSchedule) -> Change | None:
    """The first change of this schedule that is known."""
    entry = _that_set(schedule).order_by("pk").first()
    return read(entry) if entry else None


def entry_of(schedule: JobSchedule, entry_id: int) -> Change | None:
    """One of the changes of what is set on this schedule."""
    if not 0 < entry_id <= _MAX_ID:
        return None
    entry = _that_set(schedule).filter(pk=entry_id).first()
    return read(entry) if entry else None


def told_since(schedule: JobSchedule, revision: int) -> list[str]:
    """Who changed what after ``revision``, oldest first: ``ann at 12:00:02: paused``."""
    newest = [(entry, audit.read(entry.change_message)) for entry in _that_set(schedule)[:MAX_TOLD]]
    return [
        gettext("%(who)s at %(time)s: %(what)s")
        % {
            "who": entry.user.get_username(),
            "time": f"{localtime(entry.action_time):%H:%M:%S}",
            "what": ", ".join(_told(entry, note)),
        }
        for entry, note in reversed(newest)
        if isinstance(note.get("revision"), int) and note["revision"] > revision
    ]


def _told(entry: LogEntry, note: dict[str, Any]) -> list[str]:
    """What changed, in the words in which it was told to whoever changed it, but in the
    reader's language: in the log it is English."""
    before, after = _states(note)
    if not _are_whole(before, after):
        return _texts(entry, note)
    return audit.differences(JobSchedule(**before), JobSchedule(**after), entry.action_time)


def _newest(wanted: Q, count: int) -> list[LogEntry]:
    """Each kind is read from the end of its own part of an index, where its newest stand: of a
    log of both together SQLite reads and sorts all."""
    newest = Q()
    for kind in ContentType.objects.get_for_models(JobSchedule, JobRun).values():
        of_kind = LogEntry.objects.filter(wanted, content_type=kind).order_by("-pk")
        newest |= Q(pk__in=of_kind.values("pk")[:count])
    return list(_entries().filter(newest)[:count])


def _entries() -> QuerySet[LogEntry]:
    entries = LogEntry.objects.order_by("-pk")
    return entries.select_related("user").only(
        *("action_time", "content_type", "object_id", "object_repr"),
        *("action_flag", "change_message", "user__username"),
    )


def _that_set(schedule: JobSchedule) -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(JobSchedule)
    # Inside a string of the note the quotation marks would be escaped.
    return _entries().filter(
        content_type=kind, object_id=str(schedule.pk), change_message__contains='"state": '
    )


def _about(job: str) -> Q:
    kinds = ContentType.objects.get_for_models(JobSchedule, JobRun)
    of_schedule = Q(content_type=kinds[JobSchedule], object_repr=job[:200])
    told = f'"job": {json.dumps(job)}'
    return of_schedule | Q(content_type=kinds[JobRun], change_message__contains=told)


def _place(before: str) -> int:
    if not (before.isascii() and before.isdigit() and len(before) <= 10):
        raise BadPlace
    return min(int(before), _MAX_ID)


def _still_there(changes: Sequence[Change]) -> tuple[frozenset[str], frozenset[int]]:
    names = {change.job for change in changes}
    numbers = {change.run for change in changes if change.run}
    jobs = JobSchedule.objects.filter(name__in=names).order_by()
    runs = JobRun.objects.filter(pk__in=numbers).order_by()
    both = jobs.values_list(Value("job"), "name").union(
        runs.values_list(Value("run"), Cast("pk", CharField())), all=True
    )
    there = list(both) if changes else []
    return (
        frozenset(what for kind, what in there if kind == "job"),
        frozenset(int(what) for kind, what in there if kind == "run"),
    )


def read(entry: LogEntry) -> Change:
    """The entry as a change; of one that somebody else wrote, as much as can be understood."""
    note = audit.read(entry.change_message)
    of_run = entry.content_type_id == ContentType.objects.get_for_model(JobRun).pk
    job, run = note.get("job"), note.get("run")
    before, after = _states(note)
    return Change(
        id=entry.pk,
        at=entry.action_time,
        who=entry.user.get_username(),
        deed=_deed(entry, note),
        job=job if isinstance(job, str) else "" if of_run else entry.object_repr,
        run=run if isinstance(run, int) and 0 < run < 2**63 else None,
        reason=audit.reason(note),
        texts=_texts(entry, note),
        differences=_differences(before, after, entry.action_time),
        before=before,
        after=after,
    )


def _deed(entry: LogEntry, note: dict[str, Any]) -> Deed:
    action = note.get("action")
    if isinstance(action, str) and action in audit.DEEDS:
        return Deed(action)
    before, after = fields_in(note.get("before")), fields_in(note.get("after"))
    if after and set(after) <= set(audit.PAUSE):
        return Deed.PAUSED if note.get(audit.PAUSES) else Deed.RESUMED
    if not before and not after and entry.action_flag in _FLAGS:
        return _FLAGS[entry.action_flag]
    return Deed.CHANGED


def _states(note: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    after = fields_in(note.get("state"))
    changed = fields_in(note.get("before"))
    return ({**after, **changed}, after) if after and changed else ({}, after)


def _differences(before: dict[str, Any], after: dict[str, Any], at: datetime) -> list[Difference]:
    if not _are_whole(before, after):
        return []
    return differences(JobSchedule(**before), JobSchedule(**after), at)


def _are_whole(*states: dict[str, Any]) -> bool:
    return all(set(state) == set(audit.FIELDS) for state in states)


def _texts(entry: LogEntry, note: dict[str, Any]) -> list[str]:
    changed = note.get("changed")
    fields = changed.get("fields") if isinstance(changed, dict) else None
    if isinstance(fields, list):
        return [clean(text, audit.MAX_TEXT) for text in fields if isinstance(text, str)]
    message = entry.change_message
    return [clean(message, audit.MAX_TEXT)] if message and not message.startswith("[") else []
