"""What is to come in a window, and what begins together."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from scheduling.forecast import (
    MAX_SLOTS,
    Forecast,
    Meeting,
    forecast,
    gathered,
    largest,
    meetings,
)
from scheduling.triggers import Interval, build

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def test_an_interval_goes_on_from_the_run_that_the_worker_planned():
    planned = NOON + timedelta(minutes=7)
    found = forecast(Interval(3600), planned, NOON, NOON + 3 * HOUR)
    assert found.slots == tuple(planned + number * HOUR for number in range(3))
    assert not found.cut


def test_a_later_window_keeps_the_interval_s_step():
    planned = NOON + timedelta(minutes=7)
    found = forecast(Interval(3600), planned, NOON + 300 * DAY, NOON + 300 * DAY + 2 * HOUR)
    assert [slot - (NOON + 300 * DAY) for slot in found.slots] == [
        timedelta(minutes=7),
        timedelta(minutes=67),
    ]


def test_a_plan_that_passed_a_year_ago_is_not_walked_through():
    found = forecast(Interval(1), NOON - 365 * DAY, NOON, NOON + DAY)
    assert (len(found.slots), found.cut, found.is_dense) == (MAX_SLOTS, True, True)
    assert NOON < found.slots[0] <= NOON + timedelta(seconds=1)


def test_a_cron_text_has_its_slots_in_its_own_zone_over_a_clock_change():
    trigger = build(0, "30 4 * * *", "Europe/Berlin")
    begin = datetime(2026, 3, 28, 0, tzinfo=UTC)
    slots = forecast(trigger, None, begin, begin + 3 * DAY).slots
    assert [later - earlier for earlier, later in pairwise(slots)] == [23 * HOUR, DAY]


def test_jobs_that_begin_in_the_same_minute_meet():
    at = NOON.replace(minute=30)
    met = meetings(
        {
            "prune": Forecast(slots=(at, at + HOUR)),
            "refresh": Forecast(slots=(at + timedelta(seconds=40),)),
            "alone": Forecast(slots=(at + timedelta(minutes=1),)),
        }
    )
    assert [(each.at, each.names) for each in met] == [(at, ("prune", "refresh"))]


def test_a_job_that_begins_every_few_seconds_meets_nobody():
    every_10_s = Forecast(slots=tuple(NOON + timedelta(seconds=10 * n) for n in range(100)))
    assert not meetings({"busy": every_10_s, "rare": Forecast(slots=(NOON,))})


def met(*of):
    """Meetings so many minutes after noon, of so many jobs."""
    return [
        Meeting(at=NOON + timedelta(minutes=minutes), names=tuple("abcdefgh"[:jobs]))
        for minutes, jobs in of
    ]


def test_the_largest_meetings_are_told_in_order_of_time():
    told = largest(met((0, 2), (5, 4), (10, 2), (15, 3)), 2)
    assert [len(each.names) for each in told] == [4, 3]


def test_meetings_too_close_to_be_told_apart_are_the_largest_of_them():
    drawn = gathered(met((0, 2), (5, 4), (9, 3), (10, 2)), timedelta(minutes=10))
    assert [(len(each.names), each.also) for each in drawn] == [(4, 2), (2, 0)]
