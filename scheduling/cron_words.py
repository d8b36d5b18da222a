"""A cron text in the reader's language, as long as it has one of the usual forms; else its
fields, each named. Pure.

What is told comes from the very sets of minutes, hours and days that the schedule runs on, so
``0-59/15`` and ``*/15`` read the same.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from cronsim import CronSim
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

# More times or days than these in a list help nobody.
MAX_LISTED = 6
_ALL_DAYS = set(range(1, 32))
_ALL_WEEKDAYS = set(range(7))
_ALL_MONTHS = set(range(1, 13))


def in_words(expression: str) -> str:
    """Five fields that CronSim takes, in words: ``jeden Montag um 04:30 Uhr``."""
    cron = CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
    days, times = _days(cron), _times(_numbers(cron.minutes), _numbers(cron.hours))
    if days is None or times is None:
        return _fields(expression, cron)
    told = _("%(days)s %(times)s") % {"days": days, "times": times} if days else times
    if cron.months == _ALL_MONTHS:
        return told
    names = _listed(str(MONTHS[month]) for month in sorted(_numbers(cron.months)))
    return _("%(schedule)s, only in %(months)s") % {"schedule": told, "months": names}


def _numbers(found: Iterable[object]) -> set[int]:
    return {number for number in found if isinstance(number, int)}


def _times(minutes: set[int], hours: set[int]) -> str | None:
    """When on a day; None when that takes too many words."""
    if len(hours) == 24:
        return _hourly(minutes)
    first, last = min(hours), max(hours)
    if _is_run(hours) and len(hours) > 2:
        return _hours_from_to(minutes, first, last)
    step = 24 // len(hours)
    if len(minutes) == 1 and len(hours) > 2 and first < step:
        at = {"hours": step, "time": _clock(first, min(minutes))}
        if hours == set(range(first, 24, step)):
            return _("every %(hours)d hours from %(time)s on") % at
    clocks = [_clock(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)]
    if len(clocks) > MAX_LISTED:
        return None
    return _("at %(times)s") % {"times": _listed(clocks)}


def _hourly(minutes: set[int]) -> str | None:
    if minutes == {0}:
        return _("every hour on the hour")
    if step := _step(minutes):
        return _every_minutes(step)
    if len(minutes) > MAX_LISTED:
        return None
    told = {"minutes": _listed(map(str, sorted(minutes)))}
    return ngettext(
        "every hour at minute %(minutes)s", "every hour at minutes %(minutes)s", len(minutes)
    ) % {**told}


def _hours_from_to(minutes: set[int], first: int, last: int) -> str | None:
    if step := _step(minutes):
        told = {"every": _every_minutes(step), "first": _clock(first, 0), "last": _clock(last, 59)}
        return _("%(every)s from %(first)s to %(last)s") % told
    if len(minutes) > 1:
        return None
    minute = min(minutes)
    told = {"first": _clock(first, minute), "last": _clock(last, minute)}
    return _("every hour from %(first)s to %(last)s") % told


def _step(minutes: set[int]) -> int:
    """``n`` where these are the minutes 0, n, 2n and so on, evenly over the hour; else 0."""
    step = 60 // len(minutes)
    return step if len(minutes) > 1 and minutes == set(range(0, 60, step)) else 0


def _every_minutes(step: int) -> str:
    return ngettext("every minute", "every %(count)d minutes", step) % {"count": step}


def _days(cron: CronSim) -> str | None:
    """On which days of a month; "" for every day where the times say it, None when that takes
    too many words."""
    weekdays = {day % 7 if isinstance(day, int) else day for day in cron.weekdays}
    any_day, any_weekday = cron.days == _ALL_DAYS, weekdays == _ALL_WEEKDAYS
    # Of a day and a weekday one is enough, unless a field begins with a star.
    if (any_day and any_weekday) or (not cron.day_and and (any_day or any_weekday)):
        return _every_day(cron)
    if any_day:
        return _weekdays(weekdays)
    return _month_days(cron.days) if any_weekday else None


def _every_day(cron: CronSim) -> str:
    is_often = len(cron.hours) == 24 or len(cron.minutes) == 60
    return "" if is_often else pgettext("cron", "every day")


def _weekdays(days: Collection[object]) -> str | None:
    numbers = _numbers(days)
    if len(numbers) < len(days):
        return None
    # From Monday, as Django counts them; cron's week begins on Sunday.
    places = sorted((number - 1) % 7 for number in numbers)
    names = [str(WEEKDAYS[place]) for place in places]
    if len(places) > 2 and _is_run(set(places)):
        return _("from %(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return _("every %(weekdays)s") % {"weekdays": _listed(names)}


def _month_days(days: set[int]) -> str | None:
    if days == {CronSim.LAST}:
        return _("on the last day of the month")
    if min(days) < 1 or len(days) > MAX_LISTED:
        return None
    numbers = [pgettext("day of the month", "%(day)d") % {"day": day} for day in sorted(days)]
    return ngettext(
        "on day %(days)s of the month", "on days %(days)s of the month", len(numbers)
    ) % {"days": _listed(numbers)}


def _is_run(numbers: set[int]) -> bool:
    return max(numbers) - min(numbers) + 1 == len(numbers)


def _clock(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"


def _listed(texts: Iterable[str]) -> str:
    *others, last = texts
    if not others:
        return last
    return _("%(others)s and %(last)s") % {"others": ", ".join(others), "last": last}


def _fields(expression: str, cron: CronSim) -> str:
    """The fields as they were typed: never short, always right."""
    minute, hour, day, month, weekday = expression.split()
    told = [_("minute %s") % minute, _("hour %s") % hour]
    of_month, of_week = _("day of the month %s") % day, _("weekday %s") % weekday
    if day != "*" and weekday != "*":
        pattern = _("%(day)s and %(weekday)s") if cron.day_and else _("%(day)s or %(weekday)s")
        told.append(pattern % {"day": of_month, "weekday": of_week})
    else:
        told += [of_month] * (day != "*") + [of_week] * (weekday != "*")
    if month != "*":
        told.append(_("month %s") % month)
    return ", ".join(told)
