"""Pages of runs by key: each costs what it shows, however many rows lie before it."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from .errors import SchedulingError
from .models import JobRun
from .querysets import JobRunQuerySet

PAGE = 50
_MAX_ID = 2**63 - 1


class BadCursor(SchedulingError):
    __doc__ = _("This place in the list is not known. Begin again at the newest run.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Runs, newest first; ``next`` is the cursor of the page after, "" on the last one."""

    runs: list[JobRun]
    next: str = ""


def page(runs: JobRunQuerySet, before: str = "", size: int = PAGE) -> Page:
    """The ``size`` runs that follow the cursor ``before``. Raises BadCursor."""
    runs = runs.order_by("-scheduled_for", "-id")
    if before:
        slot, run_id = _read(before)
        # The first condition alone lets the database enter its index at the right place.
        runs = runs.filter(scheduled_for__lte=slot).filter(
            Q(scheduled_for__lt=slot) | Q(id__lt=run_id)
        )
    found = list(runs[: size + 1])
    if len(found) <= size:
        return Page(runs=found)
    return Page(runs=found[:size], next=_cursor(found[size - 1]))


def _cursor(run: JobRun) -> str:
    slot = run.scheduled_for.astimezone(UTC).isoformat()
    return base64.urlsafe_b64encode(f"{slot} {run.pk}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), "-_", validate=True).decode()
        slot, _, run_id = text.partition(" ")
        if len(run_id) > 19 or not 0 < int(run_id) <= _MAX_ID:
            raise BadCursor
        return datetime.fromisoformat(slot).astimezone(UTC), int(run_id)
    except (ValueError, OverflowError, binascii.Error):
        raise BadCursor from None
