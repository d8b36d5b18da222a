"""Schedules as slots in time: what is due, what comes next, and the schedule in words.

The worker runs on exactly these triggers and the forms validate with them, so a schedule
that can be saved can also run.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from apscheduler.triggers.base import BaseTrigger
from cronsim import CronSim, CronSimError

from .errors import InvalidSchedule

MAX_INTERVAL = 31_536_000
MAX_CRON_LENGTH = 100
# A summary of missed slots counts this far; past it "more than" is as useful to a person.
MAX_COUNTED = 10_000
# Without coalescing every slot gets a run of its own, but not without end.
MAX_RECENT = 101

_CRON_CHARACTERS = re.compile(r"[0-9A-Za-z*/,\-# \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The slots of a schedule that have come, ``count`` of them, the oldest ``first``.

    ``recent`` are the newest, oldest first, at most MAX_RECENT. ``counted`` is False when
    there were more than ``count``. ``next`` is the first slot that is still to come.
    """

    first: datetime
    recent: list[datetime]
    count: int
    next: datetime
    counted: bool = True


class Interval(BaseTrigger):
    """Every so many seconds, counted on from the previous slot, in absolute time."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return (previous or now).astimezone(UTC) + timedelta(seconds=self.seconds)

    def due(self, first: datetime, now: datetime) -> Due:
        step = timedelta(seconds=self.seconds)
        count = max((now - first) // step, 0) + 1
        newest = range(max(count - MAX_RECENT, 0), count)
        recent = [first + number * step for number in newest]
        return Due(first=first, recent=recent, count=count, next=recent[-1] + step)

    def upcoming(self, first: datetime) -> Iterator[datetime]:
        """``first`` and the slots after it."""
        while True:
            yield first
            first += timedelta(seconds=self.seconds)

    @property
    def details(self) -> str:
        return f"every {self.seconds} seconds"

    @property
    def words(self) -> str:
        return f"every {seconds_in_words(self.seconds)}"


class Cron(BaseTrigger):
    """A crontab line of five fields in a time zone, with the rules of Debian's cron.

    A time that a clock change skips is made up for right after it, and one that it repeats
    comes once, unless minute or hour begin with ``*``.
    """

    def __init__(self, expression: str, zone: str) -> None:
        self.expression, self.zone = expression, zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        return next(self._after(previous or now), None)

    def due(self, first: datetime, now: datetime) -> Due:
        recent, count = deque([first], maxlen=MAX_RECENT), 1
        slots = self._after(first)
        while (upcoming := next(slots)) <= now:
            if count == MAX_COUNTED:
                newest = list(islice(self._before(now), MAX_RECENT))
                following = next(self._after(now))
                return Due(
                    first=first, recent=newest[::-1], count=count, next=following, counted=False
                )
            recent.append(upcoming)
            count += 1
        return Due(first=first, recent=list(recent), count=count, next=upcoming)

    def upcoming(self, first: datetime) -> Iterator[datetime]:
        """``first`` and the slots after it."""
        yield first
        yield from self._after(first)

    @property
    def details(self) -> str:
        return self.expression

    @property
    def words(self) -> str:
        sentence: str = self._simulate(datetime.now(UTC)).explain()
        sentence = sentence[:1].lower() + sentence[1:]
        return f"{sentence} ({self.zone})"

    def _after(self, moment: datetime) -> Iterator[datetime]:
        for slot in self._simulate(moment):
            # In the hour that a clock change repeats, cronsim's wall clock can name a slot
            # whose moment has passed.
            if (found := slot.astimezone(UTC)) > moment:
                yield found

    def _before(self, moment: datetime) -> Iterator[datetime]:
        """The last slot at or before ``moment``, and those before it."""
        for slot in self._simulate(moment + timedelta(seconds=1), reverse=True):
            if (found := slot.astimezone(UTC)) <= moment:
                yield found

    def _simulate(self, moment: datetime, *, reverse: bool = False) -> CronSim:
        return CronSim(self.expression, moment.astimezone(ZoneInfo(self.zone)), reverse=reverse)


Trigger = Interval | Cron


def build(
    interval_seconds: Any, cron: Any, zone: str, *, min_interval: int = 1
) -> Interval | Cron | None:
    """The trigger of a schedule; None when it is disabled (no cron text, interval 0).

    Raises InvalidSchedule, in words for whoever typed it.
    """
    if not isinstance(cron, str):
        raise InvalidSchedule("A cron schedule is a text of five fields, such as 30 4 * * *.")
    if cron.strip():
        return _cron(cron.strip(), zone)
    seconds = check_interval(interval_seconds, min_interval)
    return Interval(seconds) if seconds else None


def check_interval(value: Any, min_interval: int = 1) -> int:
    """The interval in seconds; raises InvalidSchedule unless it is 0 or within the bounds."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole and (value == 0 or min_interval <= value <= MAX_INTERVAL):
        return int(value)
    raise InvalidSchedule(
        f"The interval must be 0 (disabled) or a whole number of seconds "
        f"from {min_interval:,} to {MAX_INTERVAL:,}."
    )


def check_zone(zone: str) -> ZoneInfo:
    """The time zone of this name; raises InvalidSchedule when there is none."""
    if zone in _zones():
        return ZoneInfo(zone)
    raise InvalidSchedule(
        f"There is no time zone called {zone[:60]!r}. Write it like Europe/Berlin or UTC."
    )


@cache
def _zones() -> frozenset[str]:
    """Those that mean the same everywhere: ZoneInfo also takes files like ``localtime``."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def seconds_in_words(seconds: int) -> str:
    """``14400`` as ``4 hours``, ``90`` as ``1 minute 30 seconds``."""
    parts = []
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    if parts in (["1 day"], ["1 hour"], ["1 minute"], ["1 second"]):
        return parts[0][2:]
    return " ".join(parts) or "0 seconds"


def in_words(interval_seconds: int, cron: str, zone: str) -> str:
    """A stored schedule in words, whatever it holds."""
    try:
        trigger = build(interval_seconds, cron, zone)
    except InvalidSchedule:
        return "not understood"
    return trigger.words if trigger else "disabled"


@lru_cache(maxsize=512)
def _cron(expression: str, zone: str) -> Cron:
    if len(expression) > MAX_CRON_LENGTH:
        raise InvalidSchedule(f"A cron text has at most {MAX_CRON_LENGTH} characters.")
    if not _CRON_CHARACTERS.fullmatch(expression):
        raise InvalidSchedule(
            "A cron text holds digits, names of days and months, and * / , - # only."
        )
    if len(expression.split()) != 5:
        raise InvalidSchedule(
            "A cron text has five fields: minute, hour, day of month, month, day of week."
        )
    check_zone(zone)
    cron = Cron(" ".join(expression.split()), zone)
    try:
        first = cron.get_next_fire_time(None, datetime.now(UTC))
    except (CronSimError, ValueError, AssertionError) as error:
        reason = error or "it is malformed"
        raise InvalidSchedule(f"The cron text can't be understood: {reason}.") from None
    if first is None:
        raise InvalidSchedule("The cron text names a date that never comes.")
    return cron
