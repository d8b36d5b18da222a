"""How often a schedule runs, in words: ``6 runs a day``, ``1 run a month``. Pure."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .triggers import DAYS_IN_A_YEAR, Interval, Trigger, grouped

# A cron text that names so many days of a year is told by the day; there is always 29 February.
ALL_DAYS = DAYS_IN_A_YEAR - 5
# 52 or 53 Mondays a year are one a week.
NEARLY = Fraction(3, 100)
_PERIODS = {
    "day": Fraction(1),
    "week": Fraction(7),
    "month": Fraction(DAYS_IN_A_YEAR, 12),
    "year": Fraction(DAYS_IN_A_YEAR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """So many runs in each ``period``; ``exact`` is False when that is rounded."""

    count: int
    period: str
    exact: bool = True

    @property
    def words(self) -> str:
        if not self.count:
            return _("less than one run a year")
        text = _in_words(self.period, self.count) % {"count": grouped(self.count)}
        return text if self.exact else _("about %s") % text

    def instead_of(self, before: "Frequency") -> str:
        """``6 runs a day instead of 144``."""
        told = before.words
        if before.period == self.period and before.count and before.exact:
            told = grouped(before.count)
        return _("%(now)s instead of %(before)s") % {"now": self.words, "before": told}


def frequency(trigger: Trigger, now: datetime) -> Frequency:
    if isinstance(trigger, Interval):
        return _told(Fraction(86_400, trigger.seconds), "day")
    days, runs = trigger.runs_in_a_year(now)
    if days >= ALL_DAYS:
        return Frequency(count=runs, period="day")
    if days <= 1 and _gap_over_a_year(trigger, now):
        return Frequency(count=0, period="year")
    if trigger.seasons(now):
        # An average over months in which it does not run would be true of none.
        return Frequency(count=days * runs, period="year")
    return _told(Fraction(days * runs, DAYS_IN_A_YEAR), "week")


def _told(a_day: Fraction, shortest: str) -> Frequency:
    """In the shortest period that holds a run."""
    names = list(_PERIODS)
    for period in names[names.index(shortest) :]:
        rate = a_day * _PERIODS[period]
        if rate >= 1 - NEARLY:
            count = max(round(rate), 1)
            return Frequency(
                count=count, period=period, exact=abs(rate - count) <= count * _slack(a_day, period)
            )
    return Frequency(count=0, period="year")


def _slack(a_day: Fraction, period: str) -> Fraction:
    is_even = period == "day" and (a_day.denominator == 1 or a_day.numerator == 1)
    return Fraction(0) if period == "day" and not is_even else NEARLY


def _gap_over_a_year(trigger: Trigger, now: datetime) -> bool:
    first = trigger.get_next_fire_time(None, now)
    second = trigger.get_next_fire_time(first, now) if first else None
    return not (first and second and (second - first).days <= DAYS_IN_A_YEAR + 1)


def _in_words(period: str, count: int) -> str:
    return {
        "day": ngettext("%(count)s run a day", "%(count)s runs a day", count),
        "week": ngettext("%(count)s run a week", "%(count)s runs a week", count),
        "month": ngettext("%(count)s run a month", "%(count)s runs a month", count),
        "year": ngettext("%(count)s run a year", "%(count)s runs a year", count),
    }[period]
