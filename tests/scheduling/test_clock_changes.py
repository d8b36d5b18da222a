"""New York changes its clocks, and somebody sets the machine's: no double, no gap, no storm."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduling.models import JobRun

from .leader import Clock, Leader, schedule

NEW_YORK = ZoneInfo("America/New_York")
SPRING, AUTUMN = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def live(leader: Leader, hours: float, minutes: int = 10) -> None:
    """Let time pass, with a pass every so many minutes and each run over before the next."""
    for _ in range(int(hours * 60 / minutes)):
        leader.clock.forward(minutes=minutes)
        leader.turn()
        leader.end_runs()


def slots(name: str) -> list[datetime]:
    runs = JobRun.objects.filter(job_name=name).order_by("scheduled_for")
    assert {run.status for run in runs} <= {"succeeded"}
    return [run.scheduled_for for run in runs]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_an_interval_goes_on_through_a_clock_change(db, cast, change):
    leader = Leader(Clock(change))
    schedule("noop", interval_seconds=1_800, timezone="America/New_York")
    leader.look()
    live(leader, 12)
    times = slots("noop")
    assert len(times) == 24
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert gaps == {timedelta(minutes=30)}


@pytest.mark.parametrize(
    ("change", "expression", "local"),
    [
        (SPRING, "30 1 * * *", ["08 01:30", "09 01:30"]),
        # 02:30 does not exist on the 8th: it is made up for right after the gap.
        (SPRING, "30 2 * * *", ["08 03:00", "09 02:30"]),
        (SPRING, "0 * * * *", None),
        (AUTUMN, "30 1 * * *", ["01 01:30", "02 01:30"]),
        (AUTUMN, "30 2 * * *", ["01 02:30", "02 02:30"]),
        (AUTUMN, "0 * * * *", None),
    ],
)
def test_a_cron_comes_once_a_day_or_once_an_hour(db, cast, change, expression, local):
    leader = Leader(Clock(change + timedelta(hours=5)))
    schedule("noop", cron=expression, timezone="America/New_York")
    leader.look()
    live(leader, 40)
    times = slots("noop")
    if local:
        assert [f"{slot.astimezone(NEW_YORK):%d %H:%M}" for slot in times] == local
    else:
        # One each hour that passes, the repeated one included and the skipped one not.
        assert len(times) == 40


def test_an_hour_forward_is_made_up_for_by_one_run(leader, clock):
    schedule(interval_seconds=600)
    leader.look()
    live(leader, 1)
    clock.forward(hours=1)
    leader.look()
    leader.end_runs()
    live(leader, 1)
    runs = JobRun.objects.order_by("scheduled_for")
    assert [run.status for run in runs].count("missed") == 1
    assert sum(run.slots for run in runs) == 18
    assert [run.status for run in runs].count("succeeded") == 13


def test_an_hour_back_runs_on_and_nothing_twice(leader, clock):
    schedule("noop", interval_seconds=600)
    schedule("failing", cron="*/10 * * * *")
    leader.look()
    live(leader, 2)
    clock.forward(hours=-1, milliseconds=1)
    leader.look()
    live(leader, 2)
    # The interval goes on from now. Of the cron, the hour that comes again has run already.
    assert JobRun.objects.filter(job_name="noop", status="succeeded").count() == 24
    times = slots("failing")
    assert len(times) == len(set(times)) == 18


def test_slots_that_are_missed_after_the_clock_was_set_back_have_their_row(leader, clock):
    """Guard: ``if (left := _left(name, one))`` in scheduling/claims.py."""
    schedule("noop", cron="* * * * *", timezone="UTC")
    leader.look()
    live(leader, 1, minutes=1)
    clock.forward(hours=-1)
    leader.look()
    live(leader, 0.5, minutes=1)
    # No worker for an hour: the first half of it has its rows already.
    clock.forward(hours=1)
    Leader(clock).look()
    covered = set()
    for run in JobRun.objects.filter(job_name="noop"):
        slot = run.scheduled_for
        while slot <= (run.until or run.scheduled_for):
            covered.add(slot)
            slot += timedelta(minutes=1)
    assert len(covered) == 90
    summary = JobRun.objects.get(slots__gt=1)
    assert (summary.slots, summary.status) == (29, "missed")
    assert "29 slots could not start in time." in summary.error


def test_slots_that_are_all_missed_after_the_clock_was_set_back_have_their_row(leader, clock):
    """None of them starts, since the newest is past its grace too."""
    schedule("noop", cron="0 * * * *", timezone="UTC")
    leader.look()
    live(leader, 2, minutes=60)
    clock.forward(hours=-1)
    leader.look()
    # Of 14:00, which has its row, and 15:00.
    clock.forward(hours=2, minutes=30)
    Leader(clock).look()
    missed = JobRun.objects.filter(job_name="noop", status="missed")
    assert [(run.scheduled_for.hour, run.slots) for run in missed] == [(15, 1)]
