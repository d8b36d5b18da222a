"""Which of the coming slots a clock change touches."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from scheduling.clock_changes import ClockChange, clock_changes
from scheduling.triggers import Cron, Interval

NEW_YORK = ZoneInfo("America/New_York")
SPRING, AUTUMN = datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)


def touched(trigger, now, count=10):
    """Day and time in New York, and the change, of those that are touched."""
    first = trigger.get_next_fire_time(None, now)
    slots = list(islice(trigger.upcoming(first), count))
    found = clock_changes(trigger, slots, NEW_YORK, now)
    return [
        (f"{slot.astimezone(NEW_YORK):%d %H:%M}", change)
        for slot, change in zip(slots, found, strict=True)
        if change
    ]


@pytest.mark.parametrize(
    ("expression", "now", "expected"),
    [
        ("30 2 * * *", SPRING, [("08 03:00", ClockChange.MADE_UP)]),
        ("0 3 * * *", SPRING, [("08 03:00", ClockChange.SHIFTED)]),
        ("0 * * * *", SPRING, [("08 03:00", ClockChange.SHIFTED)]),
        (
            "30 1 * * *",
            AUTUMN,
            [("01 01:30", ClockChange.TWICE), ("02 01:30", ClockChange.SHIFTED)],
        ),
        (
            "0 * * * *",
            AUTUMN,
            [
                ("01 01:00", ClockChange.TWICE),
                ("01 01:00", ClockChange.TWICE),
                ("01 02:00", None),
            ][:2],
        ),
        ("30 4 * * *", AUTUMN, [("01 04:30", ClockChange.SHIFTED)]),
    ],
)
def test_a_cron_says_what_the_clock_does_to_it(expression, now, expected):
    assert touched(Cron(expression, "America/New_York"), now) == expected


def test_an_interval_shifts_by_the_clock_on_the_wall():
    found = touched(Interval(86_400), SPRING - timedelta(days=3))
    assert found == [("09 01:00", ClockChange.SHIFTED)]


def test_nothing_is_touched_where_no_clock_changes():
    assert touched(Cron("30 2 * * *", "America/New_York"), datetime(2026, 6, 1, tzinfo=UTC)) == []
