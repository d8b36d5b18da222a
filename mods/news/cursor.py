"""Which changes nobody has looked at yet."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max

from ..models import Change
from .models import NewsCursor

# A change with a lower number may still be on its way: PostgreSQL gives numbers out when rows
# are written, and shows them when they are committed. So long a gap is waited for at most.
SETTLED = timedelta(minutes=10)
_MOST = 5_000


def unseen(now: datetime) -> tuple[NewsCursor | None, list[Change]]:
    """Where we are, and what has come since. The first look ever finds nothing new."""
    cursor = NewsCursor.objects.filter(pk=1).first()
    if cursor is None:
        newest = Change.objects.aggregate(newest=Max("pk"))["newest"] or 0
        start = NewsCursor(pk=1, change_id=newest, looked_at=now)
        NewsCursor.objects.bulk_create([start], ignore_conflicts=True)
        return None, []
    since = Change.objects.filter(pk__gt=cursor.change_id).order_by("pk")
    changes = list(since[:_MOST])
    if changes and changes[-1].pk != cursor.change_id + len(changes):
        if _others_write():
            return cursor, settled(changes, cursor.change_id, now)
        # Whoever had a lower number has committed by now, or never will.
        changes = list(since.filter(pk__lte=changes[-1].pk))
    return cursor, changes


def _others_write() -> bool:
    """Whether a transaction that is going on may have written changes that nobody sees yet."""
    if connection.vendor != "postgresql":
        # SQLite has one writer at a time: numbers come in the order of the commits.
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'relation' AND granted "
            "AND relation = %s::regclass AND mode = 'RowExclusiveLock' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND pid <> pg_backend_pid())",
            [Change._meta.db_table],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def settled(changes: Sequence[Change], seen: int, now: datetime) -> list[Change]:
    """Those before which nothing can appear any more: a gap is waited for, but not for ever."""
    found: list[Change] = []
    for change in changes:
        if change.pk != seen + 1 and change.at > now - SETTLED:
            break
        found.append(change)
        seen = change.pk
    return found


def advance(cursor: NewsCursor, changes: Sequence[Change], now: datetime) -> bool:
    """Move past these, in the caller's transaction; False when somebody else has."""
    newest = changes[-1].pk if changes else cursor.change_id
    here = NewsCursor.objects.filter(pk=1, change_id=cursor.change_id)
    return bool(here.update(change_id=newest, looked_at=now))
