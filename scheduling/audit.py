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
from django.utils.translation import gettext as _
from django.utils.translation import override

from .models import ApiToken, JobRun, JobSchedule
from .text import clean

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
    "queue",
    "priority",
)
PAUSE = ("paused", "paused_until", "pause_reason")
_SCHEDULE = ("interval_seconds", "cron", "timezone")
# In the note of a change that began, changed or ended a pause.
PAUSES = "pauses"
# Of a text that is read back.
MAX_TEXT = 300
# What people do to runs: as it is kept, and as the admin's own history shows it.
RUN_NOW, CANCELLED, ASKED_TO_STOP = "run_now", "cancelled", "asked_to_stop"
DEEDS = {
    RUN_NOW: "runs (run {} was queued)",
    CANCELLED: "run {} (cancelled before it started)",
    ASKED_TO_STOP: "run {} (asked to stop)",
}


def differences(before: JobSchedule, after: JobSchedule, now: datetime) -> list[str]:
    """What changed, in words, a text for each: ``every 4 hours → every 10 minutes``."""
    changed = changed_fields(before, after)
    texts = []
    if before.in_words != after.in_words:
        texts.append(f"{before.in_words} → {after.in_words}")
        changed = [name for name in changed if name not in _SCHEDULE]
    if not set(PAUSE).isdisjoint(changed):
        ended = _("resumed") if before.is_paused(now) else _("cleared a pause that had ended")
        texts.append(after.pause_in_words(now) or ended)
    for name in changed:
        if name not in PAUSE:
            label = JobSchedule._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            texts.append(f"{label}: {_shown(before, name)} → {_shown(after, name)}")
    return texts


def changed_fields(before: JobSchedule, after: JobSchedule) -> list[str]:
    return [name for name in FIELDS if getattr(before, name) != getattr(after, name)]


def note_change(
    by: User, before: JobSchedule, after: JobSchedule, now: datetime, reason: str = ""
) -> None:
    """Log a saved change.

    The form is the one that the admin shows as "Changed ..."; the rest is for whoever wants
    to know what it was before, or take it back: ``state`` is the whole schedule as it was
    from then on.
    """
    # One language in the log, whoever writes it: it is read back by others.
    with override("en"):
        texts = differences(before, after, now)
    names = changed_fields(before, after)
    note: dict[str, Any] = {
        "changed": {"fields": texts},
        "revision": after.revision,
        "before": {name: getattr(before, name) for name in names},
        "after": {name: getattr(after, name) for name in names},
        "state": {name: getattr(after, name) for name in FIELDS},
        "reason": reason,
    }
    if not set(PAUSE).isdisjoint(names):
        note[PAUSES] = after.paused
    _note_down(by, after, note)


def note_run(by: User, target: Model, action: str, run: JobRun, reason: str = "") -> None:
    """Log what somebody did to a run: ``action`` is RUN_NOW, CANCELLED or ASKED_TO_STOP."""
    note = {
        "changed": {"fields": [DEEDS[action].format(run.pk)]},
        "action": action,
        "run": run.pk,
        "job": run.job_name,
        "reason": reason,
    }
    _note_down(by, target, note)


def note_token(by: User, token: ApiToken, flag: int) -> None:
    """Log that somebody made (ADDITION) or revoked (DELETION) a token of their own."""
    LogEntry.objects.create(
        user_id=by.pk,
        content_type=ContentType.objects.get_for_model(token),
        object_id=str(token.pk),
        object_repr=str(token)[:200],
        action_flag=flag,
        change_message="",
    )


def _note_down(by: User, target: Model, note: dict[str, Any]) -> None:
    LogEntry.objects.create(
        user_id=by.pk,
        content_type=ContentType.objects.get_for_model(target),
        object_id=str(target.pk),
        object_repr=str(target)[:200],
        action_flag=CHANGE,
        change_message=json.dumps([note], cls=DjangoJSONEncoder),
    )


def read(message: str | None) -> dict[str, Any]:
    """The note of an entry; {} where somebody else wrote it in a form of their own."""
    try:
        notes = json.loads(message or "", object_pairs_hook=_fit)
    except (ValueError, RecursionError):
        return {}
    is_note = isinstance(notes, list) and notes and isinstance(notes[0], dict)
    return dict(notes[0]) if is_note else {}


def _fit(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Its texts go into pages and queries; JSON can hold what neither takes."""
    return {name: clean(value) if isinstance(value, str) else value for name, value in pairs}


def reason(note: dict[str, Any]) -> str:
    """Why somebody did it, as far as they said."""
    told = note.get("reason")
    return clean(told, MAX_TEXT) if isinstance(told, str) else ""


def who_paused(paused: Iterable[JobSchedule]) -> dict[int, str]:
    """The names of those who paused these schedules, by the schedule's key, in one query.

    What was paused past this log (by SQL, say) is left out.
    """
    # Inside a string of the note the quotation marks would be escaped.
    newest = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(JobSchedule),
        object_id=Cast(OuterRef("pk"), TextField()),
        change_message__contains=f'"{PAUSES}": ',
    ).order_by("-pk")
    schedules = JobSchedule.objects.filter(pk__in=[schedule.pk for schedule in paused])
    entries = LogEntry.objects.filter(
        pk__in=schedules.annotate(entry=Subquery(newest.values("pk")[:1])).values("entry")
    ).select_related("user")
    return {
        int(entry.object_id or 0): entry.user.get_username()
        for entry in entries
        if read(entry.change_message).get(PAUSES)
    }


def _shown(schedule: JobSchedule, name: str) -> str:
    value = getattr(schedule, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) if value not in ("", None) else _("none")
