"""Which slots a schedule has in a window to come, and where several jobs begin together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from .triggers import Interval, Trigger

# More of one job could not be told apart in a chart.
MAX_SLOTS = 150
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """``slots`` in order, at most MAX_SLOTS; ``cut`` when there are more."""

    slots: tuple[datetime, ...] = ()
    cut: bool = False

    @property
    def is_dense(self) -> bool:
        """Whether it begins so often that it begins together with everything."""
        return len(self.slots) > 1 and self.slots[1] - self.slots[0] <= MINUTE


def forecast(
    trigger: Trigger, planned: datetime | None, since: datetime, until: datetime
) -> Forecast:
    """From ``since`` to before ``until``; ``planned`` is a slot that the worker has settled."""
    found: list[datetime] = []
    first = _first(trigger, planned, since)
    if first is not None:
        for slot in islice(trigger.upcoming(first), MAX_SLOTS + 1):
            if slot >= until:
                break
            found.append(slot)
    return Forecast(slots=tuple(found[:MAX_SLOTS]), cut=len(found) > MAX_SLOTS)


def _first(trigger: Trigger, planned: datetime | None, since: datetime) -> datetime | None:
    """Without walking through what lies between: that can be a year of seconds."""
    if planned and planned >= since:
        return planned
    if isinstance(trigger, Interval) and planned:
        return trigger.due(planned, since).next
    return trigger.get_next_fire_time(None, since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A minute in which several jobs begin; ``also`` counts others that are drawn with it."""

    at: datetime
    names: tuple[str, ...]
    also: int = 0


def meetings(forecasts: Mapping[str, Forecast]) -> Sequence[Meeting]:
    """In order of time. Jobs that begin every minute or more often are left out."""
    minutes: dict[int, list[str]] = {}
    for name, each in forecasts.items():
        if not each.is_dense:
            for minute in dict.fromkeys(slot.timestamp() // 60 for slot in each.slots):
                minutes.setdefault(int(minute), []).append(name)
    return [
        Meeting(at=datetime.fromtimestamp(minute * 60, UTC), names=tuple(names))
        for minute, names in sorted(minutes.items())
        if len(names) > 1
    ]


def largest(met: Sequence[Meeting], count: int) -> list[Meeting]:
    """Those with the most jobs, in order of time."""
    by_size = sorted(met, key=lambda each: -len(each.names))
    return sorted(by_size[:count], key=lambda each: each.at)


def gathered(met: Sequence[Meeting], within: timedelta) -> list[Meeting]:
    """For a chart: of those that follow each other within so short a time the largest."""
    drawn: list[Meeting] = []
    begun = None
    for each in met:
        if begun is not None and each.at - begun < within:
            last = drawn[-1]
            larger = max(last, each, key=lambda meeting: len(meeting.names))
            drawn[-1] = replace(larger, also=last.also + 1)
        else:
            begun = each.at
            drawn.append(each)
    return drawn
