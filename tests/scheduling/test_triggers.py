"""Schedules as slots in time."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduling import triggers
from scheduling.errors import InvalidSchedule
from scheduling.triggers import Cron, Interval

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_an_interval_counts_from_the_previous_slot():
    assert Interval(600).get_next_fire_time(NOON, NOON + timedelta(hours=3)) == at(
        "2026-11-23T12:10+00:00"
    )


def test_due_slots_of_an_interval_are_counted_not_listed():
    due = Interval(1).due(NOON, NOON + timedelta(days=30))
    assert due.count == 30 * 86_400 + 1
    assert due.recent[-1] == NOON + timedelta(days=30)
    assert len(due.recent) == triggers.MAX_RECENT
    assert due.next == NOON + timedelta(days=30, seconds=1)


def test_a_slot_that_comes_now_is_due():
    due = Interval(60).due(NOON, NOON)
    assert (due.count, due.recent, due.next) == (1, [NOON], NOON + timedelta(minutes=1))


def test_due_slots_of_a_cron():
    due = Cron("*/10 * * * *", "UTC").due(NOON, at("2026-11-23T12:35+00:00"))
    assert due.count == 4
    assert due.recent[-1] == at("2026-11-23T12:30+00:00")
    assert due.next == at("2026-11-23T12:40+00:00")


def test_a_year_of_minutes_is_bounded_and_quick():
    due = Cron("* * * * *", "Europe/Berlin").due(NOON, NOON + timedelta(days=365))
    assert (due.count, due.counted) == (triggers.MAX_COUNTED, False)
    assert due.recent[-1] == NOON + timedelta(days=365)
    assert due.next == NOON + timedelta(days=365, minutes=1)


def fires(expression: str, zone: str, start: str, count: int) -> list[str]:
    cron = triggers.build(0, expression, zone)
    first = cron.get_next_fire_time(at(start), at(start))
    return [slot.isoformat()[:16] for slot in islice(cron.upcoming(first), count)]


@pytest.mark.parametrize("seconds", [0, 1, 59])
@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("UTC", datetime(2026, 5, 4, 12, tzinfo=UTC)),
        # In the hour that comes twice, before the clock is set back and after it.
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("text", ["* * * * *", "0-59 0-23 * * *"])
def test_of_more_slots_than_are_counted_the_newest_are_found_from_the_end(text, zone, now, seconds):
    cron, moment = Cron(text, zone), now + timedelta(seconds=seconds)
    many = cron.due(now - timedelta(days=30), moment)
    few = cron.due(now - timedelta(hours=5), moment)
    assert (many.counted, few.counted) == (False, True)
    assert many.recent == few.recent
    assert many.next == few.next


def test_weekday_0_and_7_are_sunday():
    assert fires("0 9 * * 0", "UTC", "2026-11-23T00:00Z", 1) == ["2026-11-29T09:00"]
    assert fires("0 9 * * 7", "UTC", "2026-11-23T00:00Z", 1) == ["2026-11-29T09:00"]


def test_midnight_comes_every_day_though_the_clock_is_set_forward():
    days = fires("0 0 * * *", "Europe/Berlin", "2026-03-27T12:00+01:00", 4)
    assert days == [
        "2026-03-27T23:00", "2026-03-28T23:00", "2026-03-29T22:00", "2026-03-30T22:00"
    ]  # fmt: skip


def test_a_skipped_time_is_made_up_for_right_after_the_gap():
    assert fires("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00+01:00", 2) == [
        "2026-03-29T01:00",
        "2026-03-30T00:30",
    ]


def test_a_repeated_time_comes_once():
    assert fires("30 1 * * *", "America/New_York", "2026-10-31T12:00-04:00", 2) == [
        "2026-11-01T05:30",
        "2026-11-02T06:30",
    ]


def test_in_the_repeated_hour_the_next_slot_is_never_in_the_past():
    second_one_oclock = at("2026-11-01T06:10+00:00")
    cron = Cron("30 1 * * *", "America/New_York")
    assert cron.get_next_fire_time(second_one_oclock, second_one_oclock) == at(
        "2026-11-02T06:30+00:00"
    )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("hour", range(4))
def test_a_daily_job_runs_once_on_each_day_of_a_year(zone, hour):
    start = at("2026-01-01T12:00+00:00")
    slots = list(islice(Cron(f"30 {hour} * * *", zone).upcoming(start), 1, 366))
    gaps = [later - earlier for earlier, later in pairwise(slots)]
    assert len(set(slots)) == 365
    assert min(gaps) >= timedelta(hours=22.5)
    assert max(gaps) <= timedelta(hours=25.5)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("61 * * * *", "minute"),
        ("0 0 30 2 *", "names a date that never comes"),
        ("0 0 31 4,6,9 *", "names a date that never comes"),
        ("0 0 32 * *", "day-of-month"),
        ("0 0 30 13 *", "month"),
        ("0 0 32 13 *", "day-of-month"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("٣ * * * *", "digits"),
        ("0 0 * * 9", "day-of-week"),
        ("*/0 * * * *", "minute"),
        ("a b c d e", "minute"),
        ("0 " * 60, "100 characters"),
        ("@daily", "digits"),
        ("0 0 * * 1#9", "day-of-week"),
        ("0 0 L/2,1-L * *", "day-of-month"),
    ],
)
def test_a_cron_text_that_cannot_run_is_refused_with_the_reason(expression, reason):
    with pytest.raises(InvalidSchedule, match=reason):
        triggers.build(0, expression, "UTC")


@pytest.mark.parametrize("value", [-1, 5, 10**12, 2**63, True, None, "abc", "5", 5.5, 1e400, [60]])
def test_an_interval_out_of_bounds_is_refused(value):
    with pytest.raises(InvalidSchedule, match=r"from 10 to 31,536,000"):
        triggers.build(value, "", "UTC", min_interval=10)


def test_the_bounds_themselves_are_taken():
    assert triggers.build(10, "", "UTC", min_interval=10).seconds == 10
    assert triggers.build(triggers.MAX_INTERVAL, "", "UTC").seconds == 31_536_000
    longest = ",".join(["10"] * 31) + " 0 * * *"
    assert len(longest) == 100
    assert triggers.build(0, longest, "UTC")


def test_0_means_disabled():
    assert triggers.build(0, "", "UTC") is None


def test_an_unknown_zone_is_refused():
    for zone in ("Mars/Olympus", "../../etc/passwd", "", "Europe"):
        with pytest.raises(InvalidSchedule, match="no time zone"):
            triggers.build(0, "* * * * *", zone)


@pytest.mark.parametrize(
    ("interval", "cron", "words"),
    [
        (14_400, "", "every 4 hours"),
        (86_400, "", "every day"),
        (90, "", "every 1 minute 30 seconds"),
        (1, "", "every second"),
        (0, "", "disabled"),
        (5, "30 4 * * *", "at 04:30 every day (Europe/Berlin)"),
        (0, "61 * * * *", "not understood"),
    ],
)
def test_a_schedule_in_words(interval, cron, words):
    assert triggers.in_words(interval, cron, "Europe/Berlin") == words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 31 * *", "on the 31st day"),
        ("0 0 22,23 * *", "the 22nd and the 23rd day"),
        ("0 0 11,12,13 * *", "the 11th, the 12th, and the 13th day"),
        ("*/21 * * * *", "every 21st minute"),
    ],
)
def test_days_are_numbered_as_people_do(expression, words):
    assert words in triggers.in_words(0, expression, "UTC")


def test_where_midnight_is_skipped_no_slot_is_made_up_for_it():
    """In Chile the clock goes from 23:59 to 01:00: that day has no hour 0, and 1 is not even."""
    cron = triggers.Cron("*/30 */2 * * 0", "America/Santiago")
    before = datetime(2026, 9, 6, 3, 59, tzinfo=UTC)
    assert cron.get_next_fire_time(None, before) == datetime(2026, 9, 6, 5, tzinfo=UTC)
    # A text of fixed times is made up for.
    cron = triggers.Cron("30 0 * * 0", "America/Santiago")
    assert cron.get_next_fire_time(None, before) == datetime(2026, 9, 6, 4, tzinfo=UTC)


def test_the_runs_of_a_year_are_days_and_times_a_day():
    assert Cron("*/20 */6 * * 1", "UTC").runs_in_a_year(datetime(2026, 1, 5, tzinfo=UTC)) == (
        53,
        12,
    )


@pytest.mark.parametrize(("year", "days"), [(2027, 1), (2028, 0)])
def test_the_year_is_the_one_to_come(year, days):
    """The next 29 February is in 2028."""
    assert Cron("0 0 29 2 *", "UTC").runs_in_a_year(datetime(year, 6, 1, tzinfo=UTC)) == (days, 1)


@pytest.mark.parametrize(
    ("slot", "named"),
    [((2026, 6, 1, 2, 30), True), ((2026, 6, 1, 2, 0), False), ((2026, 3, 29, 3, 30), False)],
)
def test_a_slot_that_a_clock_change_moved_is_not_named_by_its_text(slot, named):
    local = datetime(*slot, tzinfo=ZoneInfo("Europe/Berlin"))
    assert Cron("30 2 * * *", "Europe/Berlin").names(local) is named


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory"])
def test_zones_that_are_those_of_the_machine_are_refused(zone):
    with pytest.raises(InvalidSchedule):
        triggers.check_zone(zone)
