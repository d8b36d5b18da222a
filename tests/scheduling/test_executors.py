"""What becomes of claimed runs when the process stops."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError

from scheduling import claims, executors
from scheduling.executors import ThreadExecutor
from scheduling.models import JobRun, Status
from scheduling.recorder import Recorder
from scheduling.runner import ClaimedRun

from .leader import schedule

pytestmark = pytest.mark.django_db


def test_a_run_that_waited_for_the_database_does_not_begin_in_a_process_that_stops(
    leader, clock, cast, monkeypatch
):
    """Guard: ``not self._is_withdrawn(run_id)`` in scheduling/executors.py."""
    monkeypatch.setattr(executors, "SURELY_OURS", -1.0)
    monkeypatch.setattr(executors, "RETRY_EVERY", 0.02)
    asked, back = threading.Event(), threading.Event()

    def is_ours(_run_id: int) -> bool:
        asked.set()
        if not back.is_set():
            raise OperationalError("gone")
        return True

    executor = ThreadExecutor(1, Recorder(leader.presence.process), clock, is_ours)
    executor.submit_runs([ClaimedRun(run_id=1, job_name="noop", scheduled_for=clock())])
    assert asked.wait(5)
    executor.drain()
    back.set()
    assert executor.wait(5)
    assert cast.calls == []
    assert executor.withdrawn() == {1}


@pytest.mark.parametrize("lost", [True, False], ids=["lost meanwhile", "still ours"])
def test_a_run_whose_process_froze_between_its_claim_and_its_start_is_looked_up(
    leader, clock, cast, lost
):
    """Guard: ``uptime() - claimed.held_at`` in scheduling/executors.py."""
    schedule("noop", interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    [claimed] = leader.started
    claimed.held_at -= 2
    asked: list[int] = []

    def is_ours(run_id: int) -> bool:
        asked.append(run_id)
        return not lost

    executor = ThreadExecutor(1, Recorder(leader.presence.process), clock, is_ours)
    executor.submit_runs([claimed])
    assert executor.wait(5)
    assert asked == [claimed.run_id]
    assert cast.calls == ([] if lost else ["noop"])


def test_a_claimed_run_is_held_from_before_its_row_was_read(leader, monkeypatch):
    """Guard: ``held_at=held_at`` in scheduling/claims.py. It may freeze anywhere in between."""
    now = [100.0]
    monkeypatch.setattr(claims, "uptime", lambda: now[0])

    def rows():
        now[0] = 200.0
        yield 1, "noop", leader.clock(), 1

    [claimed] = claims._runs(rows())
    assert claimed.held_at == 100.0


def test_a_run_is_owed_until_its_outcome_is_written(leader, clock, cast):
    executor = ThreadExecutor(1, (recorder := Recorder(leader.presence.process)), clock, bool)
    claimed = ClaimedRun(run_id=1, job_name="slow", scheduled_for=clock())
    executor.submit_runs([claimed])
    assert cast.begun.wait(5)
    # A worker that gave up on it, and its thread: both tell.
    recorder.finished(claimed.closed(Status.TIMED_OUT, clock(), "It did not stop."))
    assert executor.owed() == {1}
    cast.let_go.set()
    assert executor.wait(5)
    assert executor.owed() == {1}


def test_what_is_withdrawn_while_others_are_released_is_released_next(leader, clock, monkeypatch):
    """Guard: ``forget_withdrawn(withdrawn)`` in scheduling/service.py."""
    service, now = leader.service, clock()
    del service.executor.submit_runs, service.executor.in_flight
    service.executor._draining = True
    first, second = (
        JobRun.objects.create(
            job_name=name,
            status=Status.RUNNING,
            scheduled_for=now,
            claimed_at=now,
            process=service.process,
        )
        for name in ("noop", "failing")
    )
    release = claims.release

    def meanwhile(run_ids, process):
        hand_over(second)
        release(run_ids, process)

    def hand_over(run: JobRun) -> None:
        claimed = ClaimedRun(run_id=run.pk, job_name=run.job_name, scheduled_for=now)
        service.executor.submit_runs([claimed])

    hand_over(first)
    monkeypatch.setattr(claims, "release", meanwhile)
    service.release()
    monkeypatch.setattr(claims, "release", release)
    service.release()
    assert set(JobRun.objects.values_list("status", flat=True)) == {"queued"}


def test_a_run_that_may_not_start_keeps_no_retry_of_another_job_waiting(leader, clock):
    """Guard: ``later=Min(`` in scheduling/querysets.py."""
    schedule("failing", interval_seconds=3_600, paused=True)
    schedule("noop", interval_seconds=3_600)
    leader.look()
    JobRun.objects.create(
        job_name="failing", trigger="startup", scheduled_for=clock(), queued_at=clock()
    )
    JobRun.objects.create(
        job_name="noop",
        trigger="retry",
        attempt=2,
        scheduled_for=clock(),
        not_before=clock.now + timedelta(seconds=3),
    )
    assert leader.turn() == 3
