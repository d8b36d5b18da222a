"""What becomes of slots that have come, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduling import reasons
from scheduling.models import Status
from scheduling.plan import Busy, Decision, Policy, decide
from scheduling.triggers import MAX_RECENT, Interval

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ONE_BY_ONE = Policy(catch_up=True, grace=timedelta(0), coalesce=False, max_instances=1_000)


def due(slots: int):
    return Interval(1).due(NOON, NOON + (slots - 1) * SECOND)


def decided(slots: int, policy=ONE_BY_ONE, busy=Busy()):  # noqa: B008 - it can't be changed
    return decide(due(slots), policy, busy, NOON + (slots - 1) * SECOND, NOON - SECOND)


def test_without_coalescing_a_hundred_slots_start_and_the_older_ones_are_missed_together():
    missed, *started = decided(MAX_RECENT + 49)
    assert [one.status for one in started] == [Status.RUNNING] * 100
    assert started[-1].slot == NOON + 149 * SECOND
    assert (missed.status, missed.slot, missed.slots) == (Status.MISSED, NOON, 50)
    assert missed.until == NOON + 49 * SECOND


def test_as_many_as_can_start_leave_none_that_is_missed():
    assert [one.status for one in decided(100)] == [Status.RUNNING] * 100
    assert next((one.status, one.slots) for one in decided(101)) == (Status.MISSED, 1)


@pytest.mark.parametrize(
    ("slots", "until", "words"),
    [(1, None, "this slot"), (2, NOON + SECOND, "2 slots"), (3, NOON + 2 * SECOND, "3 slots")],
)
def test_one_missed_row_tells_of_how_many_slots_and_until_when(slots, until, words):
    missed, started = decided(slots + 1, Policy(catch_up=True, grace=timedelta(0)))
    assert (missed.slots, missed.until, started.slots) == (slots, until, 1)
    assert words in missed.reason
    assert (reasons.MADE_UP_FOR in missed.reason) == (slots > 1)


@pytest.mark.parametrize(
    ("leading_since", "why"),
    [
        (NOON + 3 * SECOND, reasons.NO_WORKER),
        (NOON + 2 * SECOND, reasons.NO_WORKER_AT_FIRST),
        (NOON + SECOND, reasons.NO_WORKER_AT_FIRST),
        (NOON, reasons.TOO_BUSY),
    ],
)
def test_missed_slots_say_whether_there_was_a_worker(leading_since, why):
    """Those of three seconds, and the fourth starts."""
    policy = Policy(catch_up=True, grace=timedelta(0))
    missed, _started = decide(due(4), policy, Busy(), NOON + 3 * SECOND, leading_since)
    assert missed.slots == 3
    assert missed.reason.startswith(why)


def missed(slots: int) -> Decision:
    times = tuple(NOON + number * SECOND for number in range(slots))
    return Decision(
        status=Status.MISSED, slot=NOON, slots=slots, until=times[-1], recent=times, why="Why"
    )


@pytest.mark.parametrize(("taken", "left"), [(1, 4), (2, 3), (3, 2), (4, 1)])
def test_slots_that_have_their_rows_are_taken_off_a_missed_row(taken, left):
    rest = missed(5).without({NOON + number * SECOND for number in range(taken)})
    assert (rest.slot, rest.slots) == (NOON + taken * SECOND, left)
    assert rest.until == (NOON + 4 * SECOND if left > 1 else None)
    assert rest.reason == (
        f"Why: {left} slots could not start in time."
        if left > 1
        else "Why: this slot could not start in time."
    )


def test_nothing_is_left_of_a_missed_row_whose_slots_all_have_theirs():
    assert missed(2).without({NOON, NOON + SECOND}) is None
    assert missed(2).without({NOON + SECOND}) == missed(2)


@pytest.mark.parametrize(
    ("busy", "most", "reason"),
    [
        (Busy(count=1, since=NOON), 1, reasons.STILL_RUNNING),
        (Busy(count=1, since=NOON, waiting=1), 1, reasons.STILL_WAITING),
        (Busy(count=2, since=NOON), 2, reasons.SEVERAL_RUNNING),
    ],
)
def test_a_skipped_slot_says_what_was_in_its_way(busy, most, reason):
    policy = Policy(catch_up=True, grace=timedelta(0), max_instances=most)
    [skipped] = decided(1, policy, busy)
    assert (skipped.status, skipped.slots) == (Status.SKIPPED, 1)
    assert skipped.reason == reason % {"since": "2026-11-23 12:00:00 UTC", "count": busy.count}


@pytest.mark.parametrize(("going_on", "start"), [(0, 3), (1, 2), (2, 1), (3, 0), (4, 0)])
def test_as_many_start_as_max_instances_leaves(going_on, start):
    policy = Policy(catch_up=True, grace=timedelta(0), coalesce=False, max_instances=3)
    made = decided(5, policy, Busy(count=going_on, since=NOON))
    statuses = [Status.RUNNING] * start + [Status.SKIPPED] * (5 - start)
    assert [one.status for one in made] == statuses


def test_a_slot_beside_too_many_of_its_own_says_how_many_may_run():
    policy = Policy(catch_up=True, grace=timedelta(0), coalesce=False, max_instances=2)
    *_started, skipped = decided(3, policy)
    assert skipped.reason == reasons.TOO_MANY % {"count": 2}
