"""The window of the day's chart, its hours, and what there is room for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.lanes import HOUR, LEAST, apart, mark, ticks, window

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 5, 4, 12, 34, 56, tzinfo=UTC)


def labels(shown):
    return [f"{tick.at:%H:%M}" for tick in ticks(shown)]


def test_a_day_is_12_full_hours_back_and_12_ahead():
    shown = window("24h", NOON, ZoneInfo("UTC"))
    assert shown.since == datetime(2026, 5, 4, 0, tzinfo=UTC)
    assert shown.until == datetime(2026, 5, 5, 0, tzinfo=UTC)
    assert (shown.x(shown.since), shown.x(NOON.replace(minute=0, second=0))) == (0, 50)


def test_hours_are_full_in_a_zone_half_an_hour_off():
    shown = window("24h", NOON, ZoneInfo("Asia/Kolkata"))
    assert {label[3:] for label in labels(shown)} == {"00"}


def test_what_lies_outside_stands_at_the_edge():
    shown = window("24h", NOON, BERLIN)
    assert (shown.x(NOON - timedelta(days=3)), shown.x(NOON + timedelta(days=3))) == (0, 100)
    assert shown.since in shown
    assert shown.until not in shown


@pytest.mark.parametrize(("day", "hours"), [((3, 29), 167), ((10, 25), 169), ((5, 4), 168)])
def test_seven_days_are_calendar_days_whatever_the_clock_does(day, hours):
    shown = window("7d", datetime(2026, *day, 12, tzinfo=UTC), BERLIN)
    assert (shown.until - shown.since) / HOUR == hours
    days = [tick for tick in ticks(shown) if tick.strong]
    assert [f"{tick.at:%H:%M}" for tick in days] == ["00:00"] * 7


def test_the_hour_that_the_clock_leaves_out_has_no_tick():
    shown = window("24h", datetime(2026, 3, 29, 4, tzinfo=UTC), BERLIN)
    found = labels(shown)
    assert "02:00" not in found
    assert len(found) == 24
    [changed] = [tick for tick in ticks(shown) if tick.changed]
    assert (f"{changed.at:%H:%M %Z}", changed.labelled) == ("03:00 CEST", True)


def test_the_hour_that_the_clock_repeats_has_two_ticks():
    shown = window("24h", datetime(2026, 10, 25, 4, tzinfo=UTC), BERLIN)
    assert labels(shown).count("02:00") == 2
    [changed] = [tick for tick in ticks(shown) if tick.changed]
    assert f"{changed.at:%H:%M %Z}" == "02:00 CET"
    assert shown.has_clock_change


@pytest.mark.parametrize("span", ["24h", "7d"])
@pytest.mark.parametrize("day", [(3, 25), (3, 29), (10, 22), (10, 25)])
def test_windows_follow_each_other_there_and_back(span, day):
    shown = window(span, datetime(2026, *day, 9, tzinfo=UTC), BERLIN)
    following = window(span, shown.moved(1), BERLIN)
    assert following.since == shown.until
    assert window(span, following.moved(-1), BERLIN) == shown
    assert window(span, shown.middle, BERLIN) == shown


@pytest.mark.parametrize("day", [(3, 25), (3, 29), (10, 22), (10, 25)])
def test_the_middle_of_seven_days_is_noon_however_many_windows_further_on(day):
    shown = window("7d", datetime(2026, *day, 9, tzinfo=UTC), BERLIN)
    noon = datetime(2026, *day, 12, tzinfo=BERLIN)
    assert shown.middle == noon
    assert [shown.moved(windows) for windows in (-2, -1, 0, 1, 2)] == [
        noon + timedelta(days=days) for days in (-14, -7, 0, 7, 14)
    ]


def test_of_a_day_every_third_hour_is_labelled_and_of_seven_each_day():
    day, week = (list(ticks(window(span, NOON, BERLIN))) for span in ("24h", "7d"))
    assert [tick.at.hour for tick in day if tick.labelled] == [3, 6, 9, 12, 15, 18, 21, 0]
    assert [(tick.at.hour, tick.labelled) for tick in week] == [
        *((0, True), (6, False), (12, False), (18, False)),
    ] * 7


def marks(shown, *minutes, kind="succeeded"):
    slots = [shown.since + timedelta(minutes=each) for each in minutes]
    return [mark(shown, kind, slot, slot + timedelta(seconds=1), str(slot)) for slot in slots]


def test_a_short_run_is_still_seen_and_a_long_one_as_long_as_it_was():
    shown = window("24h", NOON, BERLIN)
    long = mark(shown, "succeeded", shown.since + 6 * HOUR, shown.since + 12 * HOUR)
    [short] = marks(shown, 60)
    assert (long.x, long.width, short.width) == (25, 25, LEAST)


def test_a_mark_at_the_end_of_the_window_stays_inside():
    shown = window("24h", NOON, BERLIN)
    [last] = marks(shown, 24 * 60 - 1)
    assert last.x + last.width <= 100


def test_runs_ten_minutes_apart_are_told_apart():
    shown = window("24h", NOON, BERLIN)
    assert len(apart(marks(shown, *range(0, 720, 10)))) == 72


def test_runs_too_close_are_one_mark_that_shows_the_worst():
    shown = window("24h", NOON, BERLIN)
    both = [*marks(shown, 10, 11), *marks(shown, 12, kind="failed")]
    [one] = apart(both)
    assert (one.kind, one.count, one.bad) == ("failed", 3, 1)
    assert (one.begin, one.end) == (both[0].begin, both[2].end)


@pytest.mark.parametrize("longest", [0, 1, 2])
def test_one_mark_for_several_reaches_as_far_as_the_longest_and_counts_all_that_went_badly(longest):
    shown = window("24h", NOON, BERLIN)
    begin, end = shown.since + 6 * HOUR, shown.since + 12 * HOUR
    [one] = apart(
        [
            mark(shown, kind, at := begin + place * HOUR / 60, end if place == longest else at)
            for place, kind in enumerate(("failed", "lost", "succeeded"))
        ]
    )
    assert (one.kind, one.count, one.bad) == ("lost", 3, 2)
    assert (one.begin, one.end) == (begin, end)
    assert (one.x, one.width) == (25, 25)


def test_a_lane_never_has_more_marks_than_it_may():
    shown = window("24h", NOON, BERLIN)
    drawn = apart(marks(shown, *range(0, 720, 5)), 48)
    assert len(drawn) <= 48
    assert sum(each.count for each in drawn) == 144
