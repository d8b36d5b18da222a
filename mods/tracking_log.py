"""Who did what to the list of tracked mods: entries in the admin's own log.

They stay in English, whoever writes them.
"""

import json
from collections.abc import Iterable

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from .models import TrackedMod

_BATCH = 500
Note = dict[str, object]


def note_added(by: User, tracked: Iterable[TrackedMod]) -> None:
    _write(by, ADDITION, ((each, {"added": {}}) for each in tracked))


def note_changed(by: User, changed: Iterable[tuple[TrackedMod, str]]) -> None:
    """Of each also the version that was known before."""
    _write(by, CHANGE, ((each, _change(each, before)) for each, before in changed))


def note_removed(by: User, tracked: Iterable[TrackedMod]) -> None:
    _write(by, DELETION, ((each, None) for each in tracked))


def _change(tracked: TrackedMod, before: str) -> Note:
    if tracked.version == before:
        return {"changed": {"fields": ["what its file says"]}}
    versions = f"{before or 'unknown'} → {tracked.version or 'unknown'}"
    return {
        "changed": {"fields": [f"installed version: {versions}"]},
        "before": {"version": before},
        "after": {"version": tracked.version},
    }


def _write(
    by: User, flag: int, notes: Iterable[tuple[TrackedMod, dict[str, object] | None]]
) -> None:
    entries = [
        LogEntry(
            user_id=by.pk,
            object_id=str(tracked.pk),
            object_repr=str(tracked)[:200],
            action_flag=flag,
            change_message=json.dumps([note]) if note else "",
        )
        for tracked, note in notes
    ]
    if not entries:
        return
    kind = ContentType.objects.get_for_model(TrackedMod)
    for entry in entries:
        entry.content_type = kind
    LogEntry.objects.bulk_create(entries, batch_size=_BATCH)
