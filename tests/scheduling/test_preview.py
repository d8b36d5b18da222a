"""What a schedule would do, told before it is saved, and exactly as the worker then does it."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.frequency import frequency
from scheduling.models import JobSchedule
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


def test_nothing_changed_keeps_the_next_run():
    found = told(stored(), stored(), next_run=NOON + timedelta(minutes=3))
    assert found.slots[0].at == NOON + timedelta(minutes=3)


def test_a_paused_schedule_says_that_it_waits():
    line = told(stored(paused=True), stored(paused=True, interval_seconds=60)).change
    assert line == "1,440 runs a day instead of 144; runs only when it is resumed"


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
    from scheduling import history
    from scheduling.outlook import annotated, outlook

    leader = Leader(Clock(NOON))
    schedule("noop", interval_seconds=600)
    leader.look()
    leader.clock.forward(minutes=minutes)
    if minutes < 20:
        # Else nobody was there when slots came.
        leader.turn()
        leader.end_runs()
    row = annotated(JobSchedule.objects.all()).get(name="noop")
    wanted = JobSchedule.objects.get(name="noop")
    for name, value in fields.items():
        setattr(wanted, name, value)
    applied = Applied(
        schedule=row.state.applied_spec["schedule"],
        trigger=row.trigger(),
        registered=True,
        next_run=outlook(row).next_run_time,
        last_slot=history.last_slot("noop"),
    )
    now = leader.clock.now if not callable(leader.clock) else leader.clock()
    found = preview(row, wanted, applied, now)
    wanted.save()
    leader.look()
    after = annotated(JobSchedule.objects.select_related("state")).get(name="noop")
    planned = outlook(after).next_run_time or after.state.paused_slot_at
    assert found.slots[0].at == planned
