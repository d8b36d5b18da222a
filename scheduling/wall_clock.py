"""The slots of cron texts that go by the clock on the wall: their minute or hour begins with ``*``.

Such a text has a slot whenever the clock shows it, be some times skipped or shown twice. cronsim
errs where a clock change skips midnight or is of half an hour, so it is only asked about the
times between two changes, in which every clock is simple. Pure.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim

_SECOND = timedelta(seconds=1)
# cronsim gives up as late.
_YEARS = 50


def goes_by_it(expression: str) -> bool:
    return any(field.startswith("*") for field in expression.split()[:2])


def after(expression: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """The slots after ``moment``."""
    at, last = moment, moment.year + _YEARS
    while at.year <= last:
        offset, end = _offset(zone, at), _end(zone, at)
        # A second earlier, so that ``at`` itself is looked at: a change may be a slot.
        for slot in CronSim(expression, _shown(at - _SECOND, offset)):
            if (found := (slot - offset).replace(tzinfo=UTC)) >= end:
                break
            if found > moment:
                yield found
        at = end


def before(expression: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """The last slot at or before ``moment``, and those before it."""
    at, last = moment, moment.year - _YEARS
    while at.year >= last:
        offset, begin = _offset(zone, at), _begin(zone, at)
        for slot in CronSim(expression, _shown(at + _SECOND, offset), reverse=True):
            if (found := (slot - offset).replace(tzinfo=UTC)) < begin:
                break
            yield found
        at = begin - _SECOND


def _offset(zone: str, moment: datetime) -> timedelta:
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)


def _shown(moment: datetime, offset: timedelta) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0) + offset


def _end(zone: str, moment: datetime) -> datetime:
    """The next change, or a moment on the way there."""
    following = (change for change in _changes(zone, moment.year) if change > moment)
    return next(following, datetime(moment.year + 1, 1, 1, tzinfo=UTC))


def _begin(zone: str, moment: datetime) -> datetime:
    """The last change, or a moment on the way there."""
    earlier = [change for change in _changes(zone, moment.year) if change <= moment]
    return earlier[-1] if earlier else datetime(moment.year, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4_096)
def _changes(zone: str, year: int) -> tuple[datetime, ...]:
    """When the clock is changed in a year."""
    first = datetime(year, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=number) for number in range(367)]
    found = (
        _between(zone, day, following)
        for day, following in pairwise(days)
        if _offset(zone, day) != _offset(zone, following)
    )
    return tuple(change for change in found if change.year == year)


def _between(zone: str, low: datetime, high: datetime) -> datetime:
    old = _offset(zone, low)
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(zone, middle) == old else (low, middle)
    return high.replace(microsecond=0)
