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
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_noop, ngettext, npgettext
from django.utils.translation import gettext as _

from . import cron_words, wall_clock
from .errors import InvalidSchedule

MAX_INTERVAL = 31_536_000
MAX_CRON_LENGTH = 100
# A summary of missed slots counts this far; past it "more than" is as useful to a person.
MAX_COUNTED = 10_000
# Without coalescing every slot gets a run of its own, but not without end.
MAX_RECENT = 101
# No clock has been set back by more since 2000 (Antarctica/Casey).
LONGEST_CHANGE = timedelta(hours=3)
DAYS_IN_A_YEAR, MONTHS_IN_A_YEAR = 365, 12

# What cronsim says of a field.
_REASONS = (
    gettext_noop("Bad minute"),
    gettext_noop("Bad hour"),
    gettext_noop("Bad day-of-month"),
    gettext_noop("Bad month"),
    gettext_noop("Bad day-of-week"),
)
_ORDINAL = re.compile(r"\b([0-9]+)th\b")
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
        return _every(self.seconds)


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
        if not (get_language() or "en").startswith("en"):
            return f"{cron_words.in_words(self.expression)} ({self.zone})"
        sentence: str = self._simulate(datetime.now(UTC)).explain()
        sentence = _ORDINAL.sub(_ordinal, sentence[:1].lower() + sentence[1:])
        return f"{sentence} ({self.zone})"

    def names(self, slot: datetime) -> bool:
        """Whether the text holds this time of day; if not, a clock change brought it here."""
        local, times = slot.astimezone(ZoneInfo(self.zone)), self._simulate(slot)
        return local.minute in times.minutes and local.hour in times.hours

    def runs_in_a_year(self, start: datetime) -> tuple[int, int]:
        """On how many days of the year after ``start``, and how often on each: clock changes
        aside, so that it costs the same for any text."""
        times = self._simulate(start)
        day = start.astimezone(ZoneInfo(self.zone)).date()
        year = (day + timedelta(days=number) for number in range(DAYS_IN_A_YEAR))
        days = sum(one.month in times.months and times.match_day(one) for one in year)
        return days, len(times.minutes) * len(times.hours)

    def seasons(self, start: datetime) -> bool:
        """Whether it rests in some months."""
        return len(self._simulate(start).months) < MONTHS_IN_A_YEAR

    def _after(self, moment: datetime) -> Iterator[datetime]:
        if wall_clock.goes_by_it(self.expression):
            yield from wall_clock.after(self.expression, self.zone, moment)
            return
        for slot in self._simulate(moment):
            # In the hour that a clock change repeats, cronsim's wall clock can name a slot
            # whose moment has passed.
            if (found := slot.astimezone(UTC)) > moment:
                yield found

    def _before(self, moment: datetime) -> Iterator[datetime]:
        """The last slot at or before ``moment``, and those before it."""
        if wall_clock.goes_by_it(self.expression):
            yield from wall_clock.before(self.expression, self.zone, moment)
            return
        # Where a clock change repeats wall times, a later one can name an earlier moment.
        for slot in self._simulate(moment + LONGEST_CHANGE, reverse=True):
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
        raise InvalidSchedule(_("A cron schedule is a text of five fields, such as 30 4 * * *."))
    if cron.strip():
        return _cron(cron.strip(), zone)
    seconds = check_interval(interval_seconds, min_interval)
    return Interval(seconds) if seconds else None


def next_after(trigger: Trigger, now: datetime) -> datetime | None:
    """The first slot after ``now``; of a cron text it is reckoned once a minute at most."""
    if isinstance(trigger, Interval):
        return trigger.get_next_fire_time(None, now)
    return _next_of_cron(trigger.expression, trigger.zone, now.replace(second=0, microsecond=0))


@lru_cache(maxsize=4_096)
def _next_of_cron(expression: str, zone: str, minute: datetime) -> datetime | None:
    # Its slots are on whole minutes: within one there is nothing between.
    return Cron(expression, zone).get_next_fire_time(None, minute)


def shared(trigger: Trigger) -> Trigger:
    """The same trigger, once for all jobs that have it."""
    if isinstance(trigger, Interval):
        return _interval(trigger.seconds)
    return _same_cron(trigger.expression, trigger.zone)


@lru_cache(maxsize=4_096)
def _interval(seconds: int) -> Interval:
    return Interval(seconds)


@lru_cache(maxsize=4_096)
def _same_cron(expression: str, zone: str) -> Cron:
    return Cron(expression, zone)


def check_interval(value: Any, min_interval: int = 1) -> int:
    """The interval in seconds; raises InvalidSchedule unless it is 0 or within the bounds."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole and (value == 0 or min_interval <= value <= MAX_INTERVAL):
        return int(value)
    bounds = {"least": grouped(min_interval), "most": grouped(MAX_INTERVAL)}
    raise InvalidSchedule(
        _(
            "The interval must be 0 (disabled) or a whole number of seconds "
            "from %(least)s to %(most)s."
        )
        % bounds
    )


def grouped(number: int) -> str:
    """``31,536,000``, or as the reader's language writes it."""
    return number_format(number, force_grouping=True)


def check_zone(zone: str) -> ZoneInfo:
    """The time zone of this name; raises InvalidSchedule when there is none."""
    if zone in _zones():
        return ZoneInfo(zone)
    raise InvalidSchedule(
        _("There is no time zone called %(zone)s. Write it like Europe/Berlin or UTC.")
        % {"zone": repr(zone[:60])}
    )


@cache
def _zones() -> frozenset[str]:
    """Those that mean the same everywhere: ZoneInfo also takes files like ``localtime``."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def seconds_in_words(seconds: int) -> str:
    """``14400`` as ``4 hours``, ``90`` as ``1 minute 30 seconds``."""
    days, hours, minutes, rest = _units(seconds)
    told = [ngettext("%(count)d day", "%(count)d days", days) % {"count": days}] if days else []
    told += _below_a_day(hours, minutes, rest)
    return " ".join(told) or _("0 seconds")


def _every(seconds: int) -> str:
    """``every 4 hours``, ``every day``, ``every 1 minute 30 seconds``."""
    days, hours, minutes, rest = units = _units(seconds)
    if sum(map(bool, units)) == 1:
        return _every_unit(days, hours, minutes, rest)
    # Many languages decline what follows: "4 Tage" is "im Abstand von 4 Tagen".
    told = (
        [npgettext("interval", "%(count)d day", "%(count)d days", days) % {"count": days}]
        if days
        else []
    )
    told += _below_a_day(hours, minutes, rest)
    return _("every %(duration)s") % {"duration": " ".join(told)}


def _every_unit(days: int, hours: int, minutes: int, seconds: int) -> str:
    if days:
        return ngettext("every day", "every %(count)d days", days) % {"count": days}
    if hours:
        return ngettext("every hour", "every %(count)d hours", hours) % {"count": hours}
    if minutes:
        return ngettext("every minute", "every %(count)d minutes", minutes) % {"count": minutes}
    return ngettext("every second", "every %(count)d seconds", seconds) % {"count": seconds}


def _units(seconds: int) -> tuple[int, int, int, int]:
    """Days, hours, minutes, seconds."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return (*divmod(hours, 24), minutes, seconds)


def _below_a_day(hours: int, minutes: int, seconds: int) -> list[str]:
    texts = (
        (hours, ngettext("%(count)d hour", "%(count)d hours", hours)),
        (minutes, ngettext("%(count)d minute", "%(count)d minutes", minutes)),
        (seconds, ngettext("%(count)d second", "%(count)d seconds", seconds)),
    )
    return [text % {"count": count} for count, text in texts if count]


def in_words(interval_seconds: int, cron: str, zone: str) -> str:
    """A stored schedule in words, whatever it holds."""
    return _in_words(interval_seconds, cron, zone, get_language() or "")


# Pages tell the same few schedules over and over. The language is not read here, but the words
# depend on it.
@lru_cache(maxsize=1_000)
def _in_words(interval_seconds: int, cron: str, zone: str, _language: str) -> str:
    try:
        trigger = build(interval_seconds, cron, zone)
    except InvalidSchedule:
        return _("not understood")
    return trigger.words if trigger else _("disabled")


@lru_cache(maxsize=512)
def _cron(expression: str, zone: str) -> Cron:
    if len(expression) > MAX_CRON_LENGTH:
        raise InvalidSchedule(
            _("A cron text has at most %(count)d characters.") % {"count": MAX_CRON_LENGTH}
        )
    if not _CRON_CHARACTERS.fullmatch(expression):
        raise InvalidSchedule(
            _("A cron text holds digits, names of days and months, and * / , - # only.")
        )
    if len(expression.split()) != 5:
        raise InvalidSchedule(
            _("A cron text has five fields: minute, hour, day of month, month, day of week.")
        )
    check_zone(zone)
    cron = Cron(" ".join(expression.split()), zone)
    try:
        first = cron.get_next_fire_time(None, datetime.now(UTC))
    except (CronSimError, ValueError, AssertionError) as error:
        if _names_no_date(cron):
            raise InvalidSchedule(_never_comes()) from None
        raise InvalidSchedule(
            _("The cron text can't be understood: %(reason)s.") % {"reason": _reason(error)}
        ) from None
    if first is None:
        raise InvalidSchedule(_never_comes())
    return cron


def _names_no_date(cron: Cron) -> bool:
    """Whether its day is one of other months: cronsim calls that a bad day."""
    minute, hour, day, month, weekday = cron.expression.split()
    try:
        for text in (f"{minute} {hour} {day} * {weekday}", f"{minute} {hour} * {month} {weekday}"):
            CronSim(text, datetime.now(UTC))
    except (CronSimError, ValueError, AssertionError):
        return False
    return True


def _never_comes() -> str:
    return _("The cron text names a date that never comes.")


def _ordinal(found: re.Match[str]) -> str:
    """``31st`` for the ``31th`` of cronsim."""
    number = int(found[1])
    is_teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _reason(error: Exception) -> str:
    """What cronsim says, in the reader's language."""
    return _(str(error)) if str(error) else _("it is malformed")
