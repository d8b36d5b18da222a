"""Quiet hours: over midnight and over clock changes."""

from datetime import UTC, datetime, time

import pytest

from mods.news.quiet import quiet_until

BERLIN = "Europe/Berlin"
TEN, SEVEN = time(22), time(7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-05-04 19:59", None),  # 21:59 in Berlin
        ("2026-05-04 20:00", "2026-05-05 05:00"),
        ("2026-05-04 23:30", "2026-05-05 05:00"),
        ("2026-05-05 04:59", "2026-05-05 05:00"),
        ("2026-05-05 05:00", None),
        # Nine hours of the clock are eight and ten in these nights.
        ("2026-03-28 21:00", "2026-03-29 05:00"),
        ("2026-10-24 20:00", "2026-10-25 06:00"),
    ],
)
def test_over_midnight(now: str, until: str | None) -> None:
    assert quiet_until(at(now), TEN, SEVEN, BERLIN) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("now", "quiet"), [("11:59", False), ("12:00", True), ("13:29", True), ("13:30", False)]
)
def test_within_a_day(now: str, quiet: bool) -> None:
    found = quiet_until(at(f"2026-05-04 {now}"), time(12), time(13, 30), "UTC")
    assert found == (at("2026-05-04 13:30") if quiet else None)


def test_of_an_end_that_comes_twice_the_first_one_counts() -> None:
    ends = at("2026-10-25 00:30")  # 02:30 for the first time
    assert quiet_until(at("2026-10-25 00:29"), TEN, time(2, 30), BERLIN) == ends
    # 02:29 for the second time: it has been over for an hour.
    assert quiet_until(at("2026-10-25 01:29"), TEN, time(2, 30), BERLIN) is None


def test_an_end_that_is_left_out_comes_an_hour_later() -> None:
    ends = at("2026-03-29 01:30")  # 03:30; there is no 02:30
    assert quiet_until(at("2026-03-29 01:29"), TEN, time(2, 30), BERLIN) == ends
    assert quiet_until(ends, TEN, time(2, 30), BERLIN) is None
