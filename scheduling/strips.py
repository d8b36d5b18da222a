"""The newest slots of a job as a strip of small bars: an SVG of links. Pure.

The colour tells the outcome and so does the shape: what failed has a foot below the line,
what never started is a hollow stub, what was cancelled is broken in two.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from math import log
from typing import NamedTuple

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Status
from .templatetags.scheduling import span

SLOTS = 60
BAR, STEP = 4, 5
# The line that the bars stand on, and the lowest point of the feet.
LINE, BOTTOM = 18, 22
_SHORTEST, _TALLEST = 3, 18
# So much steeper is the scale at its beginning.
_BEND = 12
FAILED = (Status.FAILED, Status.TIMED_OUT, Status.LOST)
ACTIVE = (Status.QUEUED, Status.RUNNING)
_STUB = "h3v-5h-3z"


class Slot(NamedTuple):
    """What a bar shows of a run."""

    id: int
    status: str
    scheduled_for: datetime
    started_at: datetime | None
    finished_at: datetime | None
    slots: int

    @property
    def duration(self) -> timedelta | None:
        if self.started_at and self.finished_at:
            return self.finished_at - self.started_at
        return None

    @property
    def at(self) -> datetime:
        return self.finished_at or self.scheduled_for

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE


# The language is not read here, but the words depend on it.
@lru_cache(maxsize=512)
def strip(slots: tuple[Slot, ...], label: str, zone: tzinfo, _language: str) -> SafeString:
    """The bars, oldest first and the newest at the right edge; only that one is a tab stop."""
    width = SLOTS * STEP - 1
    left = (SLOTS - len(slots)) * STEP
    longest = max((_seconds(slot) for slot in slots), default=0.0)
    # Asking for each address anew takes longer than all the rest.
    before, _zero, after = reverse("scheduling-run", args=[0]).rpartition("0")
    bars = []
    for number, slot in enumerate(slots, 1):
        tab = "" if number == len(slots) else ' tabindex="-1"'
        bars.append(
            f'<a id="s{slot.id}" href="{before}{slot.id}{after}" class="st-{slot.status}"{tab}>'
            f"<title>{escape(told(slot, zone))}</title>{_paths(slot, left, longest)}</a>"
        )
        left += STEP
    return mark_safe(  # noqa: S308 - numbers, and escaped texts
        f'<svg class="st" viewBox="0 0 {width} {BOTTOM}" width="{width}" height="{BOTTOM}" '
        f'role="group" aria-label="{escape(label)}">'
        f'<path class="st-line" d="M0 {LINE}.5h{width}"/>{"".join(bars)}</svg>'
    )


def _paths(slot: Slot, left: int, longest: float) -> str:
    """The whole height, to point at, and the bar."""
    return (
        f'<path d="M{left} 0h{STEP}v{BOTTOM}h-{STEP}z"/><path d="{_shape(slot, left, longest)}"/>'
    )


def told(slot: Slot, zone: tzinfo) -> str:
    """``2026-05-04 12:00:00, succeeded, 2.0 s``."""
    parts = [
        f"{slot.scheduled_for.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        str(Status(slot.status).label),
    ]
    if slot.duration is not None:
        parts.append(span(slot.duration))
    if slot.slots > 1:
        count = slot.slots
        parts.append(
            ngettext("stands for %(count)s slot", "stands for %(count)s slots", count)
            % {"count": count}
        )
    return ", ".join(parts)


def _shape(slot: Slot, left: int, longest: float) -> str:
    if slot.status in (Status.MISSED, Status.SKIPPED, Status.QUEUED):
        return f"M{left}.5 {LINE - 0.5}{_STUB}"
    if slot.status == Status.RUNNING:
        return f"M{left}.5 {LINE - 0.5}h3v-13h-3z"
    height = _height(_seconds(slot), longest)
    bar = f"M{left} {LINE}h{BAR}v-{height}h-{BAR}z"
    if slot.status in FAILED:
        return f"{bar}M{left} {BOTTOM}h{BAR}v-3h-{BAR}z"
    if slot.status == Status.CANCELLED:
        return f"M{left} {LINE}h{BAR}v-3h-{BAR}zM{left} {LINE - 5}h{BAR}v-3h-{BAR}z"
    return bar


def _height(seconds: float, longest: float) -> int:
    part = log(1 + _BEND * seconds / longest) / log(1 + _BEND) if longest else 0
    return round(_SHORTEST + part * (_TALLEST - _SHORTEST))


def _seconds(slot: Slot) -> float:
    return max(slot.duration.total_seconds(), 0) if slot.duration is not None else 0.0


def in_short(slots: Sequence[Slot]) -> str:
    """``58 of 60 succeeded``: of those that nobody cancelled, as ``tally`` counts them."""
    ended = [slot for slot in slots if not slot.is_active and slot.status != Status.CANCELLED]
    if not ended:
        return _("none has ended yet")
    good = sum(slot.status == Status.SUCCEEDED for slot in ended)
    return _("%(good)s of %(count)s succeeded") % {"good": good, "count": len(ended)}
