"""What a schedule would do, told before it is saved, and exactly as the worker then does it."""

import time
from copy import copy
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from scheduling.foretold import applied as applied_of
from scheduling.foretold import with_what_was_applied
from scheduling.frequency import frequency
from scheduling.models import JobSchedule
from scheduling.outlook import annotated, outlook
from scheduling.preview import Applied, preview
from scheduling.triggers import Cron, Interval

from .leader import Clock, Leader, schedule

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def stored(**fields):
    return JobSchedule(name="tides", **{"interval_seconds": 600, "timezone": "UTC", **fields})


def told(before, after, now=NOON, **applied):
    usual = {"schedule": before.spec(now)["schedule"], "registered": True}
    return preview(before, after, Applied(**{**usual, "trigger": before.trigger(), **applied}), now)


def test_the_change_is_told_in_one_line():
    found = told(
        stored(),
        stored(interval_seconds=14_400),
        last_slot=NOON - timedelta(hours=2, minutes=55),
        next_run=NOON + timedelta(hours=2),
    )
    assert found.words == "every 4 hours"
    assert found.change == (
        "6 runs a day instead of 144; next run moves from 14:00 to 13:05; does not run at once"
    )
    assert [f"{slot.at:%d %H:%M}" for slot in found.slots[:3]] == [
        "04 13:05",
        "04 17:05",
        "04 21:05",
    ]
    assert len(found.slots) == 10


def test_what_has_passed_by_the_new_count_runs_at_once():
    found = told(
        stored(interval_seconds=86_400),
        stored(interval_seconds=3_600),
        last_slot=NOON - timedelta(hours=3),
        next_run=NOON + timedelta(hours=21),
    )
    assert found.change == (
        "24 runs a day instead of 1; runs at once, since its last slot was 3 hours ago"
    )


@pytest.mark.parametrize(
    ("seconds", "ago"),
    [
        (119, "1 minute 59 seconds"),
        (155, "3 minutes"),
        (172_799, "2 days"),
        (180_100, "2 days 2 hours"),
    ],
)
def test_how_long_ago_is_told_as_exactly_as_it_matters(seconds, ago):
    line = told(
        stored(), stored(interval_seconds=60), last_slot=NOON - timedelta(seconds=seconds)
    ).change
    assert f"its last slot was {ago}" in line


@pytest.mark.parametrize(
    ("registered", "has_run", "says"),
    [(False, False, True), (True, False, False), (False, True, False)],
)
def test_only_a_new_job_that_never_ran_is_told_to_run_at_once(registered, has_run, says):
    job = SimpleNamespace(run_at_once=True, min_interval_seconds=1)
    wanted = stored(cron="0 6 * * *")
    with patch.object(JobSchedule, "job", job):
        off = stored(interval_seconds=0)
        line = told(off, wanted, registered=registered, has_run=has_run).change
    assert ("runs at once, since it has never run" in line) == says


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"interval_seconds": 0}, {}, "144 runs a day; was off until now; next run at 12:10; "),
        ({}, {"interval_seconds": 0}, "does not run any more; until now 144 runs a day"),
        ({}, {}, "nothing changes"),
        ({}, {"timezone": "Asia/Kolkata"}, "nothing changes"),
        (
            {},
            {"cron": "30 4 * * 1"},
            "1 run a week instead of 144 runs a day; next run moves from 12:05 to 2026-05-11 04:30",
        ),
        (
            {},
            {"cron": "*/10 * * * *"},
            "144 runs a day as before; next run moves from 12:05 to 12:10",
        ),
    ],
)
def test_other_changes(before, after, line):
    next_run = NOON + timedelta(minutes=5) if before == {} else None
    assert told(stored(**before), stored(**after), next_run=next_run).change.startswith(line)


def test_the_clock_of_the_line_is_named_beside_another():
    later = NOON + timedelta(minutes=5)
    elsewhere = {"timezone": "Asia/Kolkata", "cron": "0 18 * * *"}
    line = told(stored(), stored(**elsewhere), next_run=later).change
    assert "next run moves from 12:05 to 12:30 UTC" in line
    here = told(stored(), stored(cron="30 12 * * *"), next_run=later).change
    assert "next run moves from 12:05 to 12:30;" in here


def test_nothing_changed_keeps_the_next_run():
    found = told(stored(), stored(), next_run=NOON + timedelta(minutes=3))
    assert found.slots[0].at == NOON + timedelta(minutes=3)


def test_a_paused_schedule_says_that_it_waits():
    line = told(stored(paused=True), stored(paused=True, interval_seconds=60)).change
    assert line == "1,440 runs a day instead of 144; runs only when it is resumed"


def test_a_paused_schedule_lists_what_comes_after_its_pause():
    ends = NOON + timedelta(minutes=49)
    paused = {"paused": True, "paused_until": ends, "pause_reason": "deploy"}
    found = told(
        stored(**paused),
        stored(**paused, interval_seconds=300),
        last_slot=NOON - timedelta(minutes=4),
        next_run=NOON + timedelta(minutes=6),
    )
    assert [f"{slot.at:%H:%M}" for slot in found.slots[:2]] == ["12:51", "12:56"]
    assert found.change == (
        "288 runs a day instead of 144; paused until 2026-05-04 12:49 UTC: deploy; "
        "next run moves from 12:56 to 12:51"
    )
    assert not found.waits


def test_a_pause_without_an_end_lists_what_would_come_if_it_were_resumed():
    found = told(stored(paused=True), stored(paused=True), next_run=NOON - timedelta(minutes=25))
    assert found.waits
    assert found.change == "nothing changes; runs only when it is resumed"
    assert found.slots[0].at == NOON + timedelta(minutes=5)


def test_the_first_run_of_all_comes_when_the_pause_ends():
    job = SimpleNamespace(run_at_once=True, min_interval_seconds=1)
    paused = stored(paused=True, paused_until=NOON + timedelta(hours=1), cron="0 6 * * *")
    with patch.object(JobSchedule, "job", job):
        line = told(stored(interval_seconds=0), paused, has_run=False).change
    assert "runs as soon as that ends, since it has never run" in line


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Interval(1), "86,400 runs a day"),
        (Interval(5_000), "about 17 runs a day"),
        (Interval(86_400 * 7), "1 run a week"),
        (Interval(86_400 * 5), "about 1 run a week"),
        (Interval(31_536_000), "1 run a year"),
        (Cron("* * * * *", "UTC"), "1,440 runs a day"),
        (Cron("0 */6 * * 1-5", "UTC"), "20 runs a week"),
        (Cron("0 0 1 * *", "UTC"), "1 run a month"),
        (Cron("0 0 1,15 * *", "Europe/Berlin"), "2 runs a month"),
        (Cron("0 0 1 */3 *", "UTC"), "4 runs a year"),
        (Cron("0 0 29 2 *", "UTC"), "less than one run a year"),
        (Cron("0 0 31 12 *", "UTC"), "1 run a year"),
        (Cron("0 4 * 10,11 *", "UTC"), "61 runs a year"),
        (Cron("*/10 * * 10,11 *", "UTC"), "8,784 runs a year"),
    ],
)
def test_how_often_in_sensible_words(trigger, words):
    assert frequency(trigger, NOON).words == words


@pytest.mark.parametrize(
    "fields", [{"cron": "* * * * *"}, {"interval_seconds": 1}, {"cron": "0 0 29 2 1#1"}]
)
def test_any_schedule_is_cheap_to_foretell(fields):
    begun = time.perf_counter()
    told(stored(), stored(**fields))
    assert time.perf_counter() - begun < 0.1
    paused = stored(**fields, paused=True, paused_until=NOON + timedelta(days=300))
    told(stored(), paused, next_run=NOON)
    assert time.perf_counter() - begun < 0.2


@pytest.mark.parametrize(
    ("minutes", "fields"),
    [
        (3, {"interval_seconds": 120}),
        (7, {"interval_seconds": 86_400}),
        (25, {"interval_seconds": 3_600}),
        (5, {"cron": "30 4 * * *", "timezone": "Asia/Kolkata"}),
        (5, {"interval_seconds": 600, "paused": True}),
    ],
)
def test_the_worker_then_does_what_was_told(db, cast, minutes, fields):
    leader = Leader(Clock(NOON))
    schedule("noop", interval_seconds=600)
    leader.look()
    leader.clock.forward(minutes=minutes)
    if minutes < 20:
        # Else nobody was there when slots came.
        leader.turn()
        leader.end_runs()
    found = foretold(fields, leader.clock.now)
    schedule("noop", **fields)
    leader.look()
    assert found.slots[0].at == planned()


def foretold(fields, now):
    """By what the page reads of the worker."""
    row = with_what_was_applied().get(name="noop")
    wanted = copy(row)
    for name, value in fields.items():
        setattr(wanted, name, value)
    return preview(row, wanted, applied_of(row), now)


def planned():
    after = annotated(JobSchedule.objects.select_related("state")).get(name="noop")
    return outlook(after).next_run_time or after.state.paused_slot_at


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({}, 8),
        ({}, 49),
        ({"interval_seconds": 300}, 8),
        ({"interval_seconds": 300}, 45),
        ({"interval_seconds": 420}, 45),
        ({"interval_seconds": 86_400}, 8),
        ({"cron": "*/7 * * * *"}, 45),
        ({"cron": "0 * * * *"}, 8),
    ],
)
def test_the_worker_then_begins_after_the_pause_as_it_was_told(db, cast, fields, minutes):
    ends = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=1)
    leader = Leader(Clock(ends - timedelta(minutes=55)))
    schedule("noop", interval_seconds=600)
    leader.look()
    leader.clock.forward(minutes=3)
    schedule("noop", paused=True, paused_until=ends)
    leader.look()
    leader.clock.forward(minutes=minutes)
    found = foretold(fields, leader.clock.now)
    schedule("noop", **fields)
    leader.look()
    leader.clock.now = ends + timedelta(milliseconds=1)
    leader.look()
    assert found.slots[0].at == planned() > ends
