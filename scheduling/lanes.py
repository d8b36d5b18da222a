"""A window of time as a chart: where a moment stands in it, and which marks it has room for.

Places are percentages of the chart's width, so that it stretches while its rows keep their
height. Pure: what is read and what it is now come from outside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HOUR = timedelta(hours=1)
SPANS = ("24h", "7d")
# About 3 px of 1,000: a mark is no narrower, and marks closer than this are drawn as one.
LEAST = 0.3

# The worst of several comes first: it is what the mark that stands for all of them shows.
_WORST = (
    *("lost", "timed_out", "failed", "missed", "skipped", "cancelled"),
    *("running", "queued", "succeeded", "planned"),
)
_RANK = {kind: place for place, kind in enumerate(_WORST)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """``strong`` where a day begins, ``changed`` at the first hour after a clock change."""

    at: datetime
    x: float
    strong: bool = False
    labelled: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From ``since`` to before ``until``, told in the clock of ``zone``."""

    span: str
    since: datetime
    until: datetime
    zone: tzinfo

    def x(self, moment: datetime) -> float:
        """In percent; what lies outside stands at the edge."""
        if moment <= self.since:
            return 0
        if moment >= self.until:
            return 100
        return round((moment - self.since) / (self.until - self.since) * 100, 2)

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    @property
    def has_clock_change(self) -> bool:
        return self.since.astimezone(self.zone).utcoffset() != (
            self.until.astimezone(self.zone).utcoffset()
        )

    @property
    def middle(self) -> datetime:
        return _noon(self) if self.span == "7d" else self.since + 12 * HOUR

    def moved(self, windows: int) -> datetime:
        """The middle of a window so many further on."""
        if self.span == "24h":
            return self.middle + windows * 24 * HOUR
        day = self.middle.astimezone(self.zone) + timedelta(days=7 * windows)
        return datetime.combine(day.date(), time(12), self.zone).astimezone(UTC)


def window(span: str, at: datetime, zone: tzinfo) -> Window:
    """The window around ``at``.

    24 hours are 12 back and 12 ahead, from a full hour on: of a calendar day there would be
    nothing to come late in the evening, and nothing that was early in the morning. 7 days are
    calendar days, since they are looked at day by day; a clock change makes them 167 or 169 h.
    """
    local = at.astimezone(zone)
    if span == "7d":
        first, after = (local.date() + timedelta(days=days) for days in (-3, 4))
        return Window(
            span=span, since=_midnight(first, zone), until=_midnight(after, zone), zone=zone
        )
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    hour = at.astimezone(UTC) - past
    return Window(span=span, since=hour - 12 * HOUR, until=hour + 12 * HOUR, zone=zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _noon(shown: Window) -> datetime:
    day = shown.since.astimezone(shown.zone).date() + timedelta(days=3)
    return datetime.combine(day, time(12), shown.zone).astimezone(UTC)


def ticks(shown: Window) -> Iterator[Tick]:
    """The full hours of the window's clock; of 7 days every sixth.

    The steps are hours that pass, so the hour that is set back to comes twice and the one that
    is left out never.
    """
    at = shown.since
    while at < shown.until:
        local, before = at.astimezone(shown.zone), (at - HOUR).astimezone(shown.zone)
        changed = local.utcoffset() != before.utcoffset()
        new_day = local.date() != before.date()
        if shown.span == "24h":
            labelled = new_day or changed or local.hour % 3 == 0
            yield Tick(at=local, x=shown.x(at), strong=new_day, labelled=labelled, changed=changed)
        elif new_day or local.hour % 6 == 0:
            yield Tick(at=local, x=shown.x(at), strong=new_day, labelled=new_day)
        at += HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """``count`` runs from ``begin`` to ``end``; ``kind`` is a status or ``planned``.

    ``key`` is the run's number, or names a mark that stands for no run or for several.
    """

    kind: str
    begin: datetime
    end: datetime
    x: float
    width: float
    key: str = ""
    count: int = 1
    bad: int = 0

    @property
    def stands_for_several(self) -> bool:
        return self.count > 1


def mark(shown: Window, kind: str, begin: datetime, end: datetime, key: str = "") -> Mark:
    x = min(shown.x(begin), 100 - LEAST)
    width = max(round(shown.x(end) - x, 2), LEAST)
    return Mark(kind=kind, begin=begin, end=end, x=x, width=width, key=key, bad=int(_is_bad(kind)))


def _is_bad(kind: str) -> bool:
    return _RANK[kind] <= _RANK["skipped"]


def apart(marks: Sequence[Mark], most: int = 10_000) -> list[Mark]:
    """The marks in order, at most ``most``: those too close to be told apart are made one."""
    ordered = sorted(marks, key=lambda mark: mark.x)
    least = LEAST
    while len(drawn := _apart(ordered, least - 0.01)) > most:
        least *= 2
    return drawn


def _apart(ordered: Sequence[Mark], least: float) -> list[Mark]:
    drawn: list[Mark] = []
    for each in ordered:
        if drawn and each.x - drawn[-1].x < least:
            drawn[-1] = _both(drawn[-1], each)
        else:
            drawn.append(each)
    return drawn


def _both(one: Mark, other: Mark) -> Mark:
    worse = one if _RANK[one.kind] <= _RANK[other.kind] else other
    right = max(one.x + one.width, other.x + other.width)
    # Without dataclasses.replace, which takes longer than all the rest.
    return Mark(
        kind=worse.kind,
        begin=one.begin,
        end=max(one.end, other.end),
        x=one.x,
        width=round(right - one.x, 2),
        key=one.key,
        count=one.count + other.count,
        bad=one.bad + other.bad,
    )
