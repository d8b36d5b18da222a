"""Slots looked for backwards are those that are found forwards, across every change of clocks."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest

from scheduling import wall_clock

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
# Hours, half an hour, at midnight, and for a month only.
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
    "UTC",
]


def changes(zone: str) -> list[datetime]:
    """The hours of the year after which the clock shows something else than an hour more."""
    hours = [YEAR + timedelta(hours=number) for number in range(24 * 365)]
    shown = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [
        hours[number]
        for number in range(1, len(hours))
        if shown[number] != shown[number - 1]
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["* * * * *", "*/7 * * * *", "20 */5 * * *", "* 2,23 * * *"])
@pytest.mark.parametrize("zone", ZONES)
def test_backwards_and_forwards_are_the_same_slots(zone, text):
    found = 0
    moments = [*changes(zone), YEAR, YEAR + timedelta(days=100, minutes=20)]
    for moment in moments:
        for minutes in (-90, -20, 0, 20, 90):
            now = moment + timedelta(minutes=minutes)
            forwards = list(
                takewhile(
                    lambda slot, now=now: slot <= now,
                    wall_clock.after(text, zone, now - timedelta(hours=6)),
                )
            )
            backwards = list(islice(wall_clock.before(text, zone, now), len(forwards)))
            assert backwards[::-1] == forwards
            found += len(forwards)
            assert next(wall_clock.after(text, zone, now)) > now
    assert found > 10
