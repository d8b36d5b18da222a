"""Who did what: entries in the admin's own log, in words and with before and after as data."""

import json
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone

from .models import JobSchedule

# What people may set on a schedule.
FIELDS = (
    "interval_seconds",
    "cron",
    "timezone",
    "paused",
    "misfire_grace_seconds",
    "coalesce",
    "max_instances",
)
_IN_WORDS = ("interval_seconds", "cron", "timezone")
# A schedule that was changed more often while somebody looked at its form is told in part.
MAX_TOLD = 20


def differences(before: JobSchedule, after: JobSchedule) -> list[str]:
    """What changed, in words, a text for each: ``every 4 hours → every 10 minutes``."""
    changed = changed_fields(before, after)
    texts = []
    if before.in_words != after.in_words:
        texts.append(f"{before.in_words} → {after.in_words}")
        changed = [name for name in changed if name not in _IN_WORDS]
    for name in changed:
        if name == "paused":
            texts.append("paused" if after.paused else "resumed")
        else:
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
    note = {
        "changed": {"fields": texts},
        "revision": after.revision,
        "before": {name: getattr(before, name) for name in names},
        "after": {name: getattr(after, name) for name in names},
    }
    note_action(by, after, json.dumps([note]))


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
    return str(value) if value != "" else "none"
