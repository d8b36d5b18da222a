"""The checks themselves: each finds the row that breaks its promise, and nothing in good rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from .checks import Note, Row, violations

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(second, millisecond=0):
    return NOON + timedelta(seconds=second, milliseconds=millisecond)


def ran(second, job="tick", **fields):
    """A run as it should be."""
    times = {
        "queued_at": at(second, 3),
        "claimed_at": at(second, 3),
        "started_at": at(second, 4),
        "finished_at": at(second, 5),
    }
    return Row(**{"job": job, "slot": at(second), "status": "succeeded", **times, **fields})


def missed(first, last):
    return Row(
        job="tick", slot=at(first), status="missed", slots=last - first + 1,
        until=at(last) if last > first else None, finished_at=at(last, 9), error="No worker",
    )  # fmt: skip


def note(row, pid=1):
    return Note(job=row.job, slot=row.slot, attempt=row.attempt, pid=pid)


def broken(rows, notes=None):
    """What is wrong; every row that ran has its note, unless said otherwise."""
    started = [note(row) for row in rows if row.started_at] if notes is None else notes
    return violations(rows, started, "tick")


def failed(second, **fields):
    return ran(second, "flaky", status="failed", error="not this time", **fields)


def again(row, **fields):
    later = {
        name: getattr(row, name) + timedelta(seconds=10)
        for name in ("queued_at", "claimed_at", "started_at", "finished_at")
    }
    return replace(row, attempt=row.attempt + 1, trigger="retry", **later | fields)


def test_it_finds_nothing_in_a_good_history():
    first = failed(3)
    skipped = Row(
        job="slow", slot=at(3), status="skipped", finished_at=at(3), error="still going on"
    )
    history = [ran(0), ran(1), missed(2, 4), missed(5, 5), ran(6), skipped, first, again(first)]
    assert broken(history) == []


def test_a_second_start():
    rows = [ran(0)]
    [problem] = broken(rows, [note(rows[0], pid=1), note(rows[0], pid=2)])
    assert "started 2 times: tick 12:00:00" in problem


def test_a_start_without_a_row():
    [problem] = broken([ran(0)], [note(ran(0)), note(ran(1))])
    assert "started without a row: tick 12:00:01" in problem


def test_a_start_whose_row_says_that_there_was_none():
    [problem] = broken([missed(0, 0)], [note(ran(0))])
    assert "its row says that it did not" in problem


@pytest.mark.parametrize("status", ["succeeded", "failed", "timed_out"])
def test_an_outcome_without_a_start(status):
    [problem] = broken([ran(0, status=status, error="so")], [])
    assert "ended without having started" in problem


def test_a_run_lost_before_it_started_is_none():
    assert broken([ran(0, status="lost", error="gone", started_at=None)]) == []


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_run_that_stays_open(status):
    [problem] = broken([ran(0, status=status, finished_at=None)])
    assert "still open" in problem


def test_a_gap():
    [problem] = broken([ran(0), ran(3)])
    assert "2 slots without a row" in problem


def test_a_gap_after_slots_that_were_missed():
    [problem] = broken([missed(0, 4), ran(6)])
    assert "1 slots without a row" in problem


def test_a_slot_with_two_rows():
    [problem] = broken([missed(0, 4), ran(4)])
    assert "slots with two rows" in problem


def test_other_jobs_may_have_gaps():
    assert broken([ran(0, "slow"), ran(9, "slow")]) == []


def test_slots_that_are_counted_wrong():
    problems = broken([replace(missed(0, 4), slots=4)])
    assert len(problems) == 1
    assert "stands for 4 slots" in problems[0]


def test_a_last_slot_that_is_not_told():
    assert any("without a last one" in one for one in broken([replace(missed(0, 4), until=None)]))


def test_a_run_that_stands_for_several_slots():
    problems = broken([ran(0, slots=3, until=at(2))])
    assert any("one run for several slots" in one for one in problems)


@pytest.mark.parametrize(
    "times",
    [
        {"started_at": at(0, 1)},
        {"finished_at": at(0, 1)},
        {"claimed_at": at(0, 1)},
    ],
)
def test_times_out_of_order(times):
    assert any("not in order" in problem for problem in broken([ran(0, **times)]))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ran(0, finished_at=None), "ended at no time"),
        (ran(0, claimed_at=None), "claimed by nobody"),
        (ran(0, status="lost", claimed_at=None, error="gone"), "claimed by nobody"),
        (replace(missed(0, 0), claimed_at=at(0)), "claimed or started, and then not"),
    ],
)
def test_times_that_do_not_fit_the_status(row, words):
    assert any(words in problem for problem in broken([row]))


def test_a_success_that_started_at_no_time():
    row = ran(0, started_at=None)
    [problem] = broken([row], [note(row)])
    assert "started at no time" in problem


def test_an_attempt_that_is_missing():
    first = failed(0)
    third = replace(again(first), attempt=3)
    assert any("attempts are missing" in problem for problem in broken([first, third]))


def test_another_attempt_after_a_success():
    first = ran(0, "flaky")
    [problem] = broken([first, again(first)])
    assert "tried again without need" in problem


def test_another_attempt_before_the_last_one_had_ended():
    first = replace(failed(0), finished_at=at(20))
    assert any("before the last attempt had ended" in one for one in broken([first, again(first)]))


def test_two_runs_of_a_job_at_the_same_time():
    first, second = ran(0, "slow", finished_at=at(2)), ran(1, "slow")
    [problem] = broken([first, second])
    assert "at the same time" in problem


def test_a_claim_in_the_pass_that_saw_the_run_before_it_end_is_no_overlap():
    first = ran(0, "slow", finished_at=at(1, 5))
    second = ran(1, "slow", claimed_at=at(1, 3), started_at=at(1, 6), finished_at=at(2))
    assert broken([first, second]) == []


@pytest.mark.parametrize("status", ["failed", "lost", "timed_out", "cancelled"])
def test_an_end_without_a_reason(status):
    assert any("does not say why" in one for one in broken([ran(0, status=status)]))
