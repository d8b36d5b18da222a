"""Who did what: entries in the admin's own log, in words and with before and after as data."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, OuterRef, Subquery, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from .models import JobSchedule

# What people may set on a schedule.
FIELDS = (
    "interval_seconds",
    "cron",
    "timezone",
    "paused",
    "paused_until",
    "pause_reason",
    "misfire_grace_seconds",
    "coalesce",
    "max_instances",
    "timeout_seconds",
    "max_retries",
)
PAUSE = ("paused", "paused_until", "pause_reason")
_SCHEDULE = ("interval_seconds", "cron", "timezone")
# A schedule that was changed more often while somebody looked at its form is told in part.
MAX_TOLD = 20
# In the note of a change that began, changed or ended a pause.
_PAUSES = "pauses"


def differences(before: JobSchedule, after: JobSchedule, now: datetime) -> list[str]:
    """What changed, in words, a text for each: ``every 4 hours → every 10 minutes``."""
    changed = changed_fields(before, after)
    texts = []
    if before.in_words != after.in_words:
        texts.append(f"{before.in_words} → {after.in_words}")
        changed = [name for name in changed if name not in _SCHEDULE]
    if not set(PAUSE).isdisjoint(changed):
        ended = "resumed" if before.is_paused(now) else "cleared a pause that had ended"
        texts.append(after.pause_in_words(now) or ended)
    for name in changed:
        if name not in PAUSE:
            label = JobSchedule._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            texts.append(f"{label}: {_shown(before, name)} → {_shown(after, name)}")
    return texts


def changed_fields(before: JobSchedule, after: JobSchedule) -> list[str]:
    return [name for name in FIELDS if getattr(before, name) != getattr(after, name)]


def note_change(by: User, before: JobSchedule, after: JobSchedule, texts: list[str]) -> None:
    """Log a saved change.

    The form is the one that the admin shows as "Changed ..."; the rest is for whoever wants
    to know what it was before, or take it back.
    """
    names = changed_fields(before, after)
    note: dict[str, Any] = {
        "changed": {"fields": texts},
        "revision": after.revision,
        "before": {name: getattr(before, name) for name in names},
        "after": {name: getattr(after, name) for name in names},
    }
    if not set(PAUSE).isdisjoint(names):
        note[_PAUSES] = after.paused
    note_action(by, after, json.dumps([note], cls=DjangoJSONEncoder))


def note_action(by: User, target: Model, message: str) -> None:
    LogEntry.objects.create(
        user_id=by.pk,
        content_type=ContentType.objects.get_for_model(target),
        object_id=str(target.pk),
        object_repr=str(target)[:200],
        action_flag=CHANGE,
        change_message=message,
    )


def told_since(schedule: JobSchedule, revision: int) -> list[str]:
    """Who changed what after ``revision``, oldest first: ``ann at 12:00:02: paused``."""
    entries = (
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(JobSchedule),
            object_id=str(schedule.pk),
        )
        .select_related("user")
        .order_by("-pk")[:MAX_TOLD]
    )
    return [
        f"{entry.user.get_username()} at {timezone.localtime(entry.action_time):%H:%M:%S}: "
        + ", ".join(note["changed"]["fields"])
        for entry in reversed(entries)
        if (note := _note(entry)).get("revision", 0) > revision
    ]


def who_paused(paused: Iterable[JobSchedule]) -> dict[int, str]:
    """The names of those who paused these schedules, by the schedule's key, in one query.

    What was paused past this log (by SQL, say) is left out.
    """
    # Inside a string of the note the quotation marks would be escaped.
    newest = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(JobSchedule),
        object_id=Cast(OuterRef("pk"), TextField()),
        change_message__contains=f'"{_PAUSES}": ',
    ).order_by("-pk")
    schedules = JobSchedule.objects.filter(pk__in=[schedule.pk for schedule in paused])
    entries = LogEntry.objects.filter(
        pk__in=schedules.annotate(entry=Subquery(newest.values("pk")[:1])).values("entry")
    ).select_related("user")
    return {
        int(entry.object_id or 0): entry.user.get_username()
        for entry in entries
        if _note(entry).get(_PAUSES)
    }


def _note(entry: LogEntry) -> dict[str, Any]:
    try:
        notes = json.loads(entry.change_message)
    except ValueError:
        return {}
    is_ours = isinstance(notes, list) and notes and "revision" in notes[0]
    return dict(notes[0]) if is_ours else {}


def _shown(schedule: JobSchedule, name: str) -> str:
    value = getattr(schedule, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in ("", None) else "none"
