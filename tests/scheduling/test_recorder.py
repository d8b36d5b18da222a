"""The recorder: outcomes reach the database, sooner or later, and once."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import InternalError, OperationalError, ProgrammingError
from django.utils import timezone

from scheduling.models import JobRun, JobSchedule, Status
from scheduling.presence import Presence
from scheduling.recorder import GATHER_FIRST, Finished, Recorder
from scheduling.service import SchedulerService
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def presence():
    return Presence(timezone.now)


def running(presence, number=1):
    return JobRun.objects.create(
        job_name=f"job{number}", status=Status.RUNNING, scheduled_for=NOW, process=presence.process
    )


def finished(run):
    return Finished(
        run_id=run.pk, status=Status.SUCCEEDED, started_at=NOW, finished_at=NOW, result=run.pk
    )


def test_the_start_of_a_run_shows_while_it_goes_on(presence):
    recorder = Recorder(presence.process)
    recorder.start()
    run = running(presence)
    recorder.started(run.pk, NOW)
    wait_until(lambda: JobRun.objects.get().started_at == NOW)
    assert JobRun.objects.get().status == Status.RUNNING
    assert recorder.close(5)


def test_many_outcomes_are_all_written(presence):
    runs = [running(presence, number) for number in range(200)]
    recorder = Recorder(presence.process)
    for run in runs:
        recorder.started(run.pk, NOW)
        recorder.finished(finished(run))
    recorder.start()
    assert recorder.close(10)
    assert JobRun.objects.filter(status=Status.SUCCEEDED).count() == 200


def test_outcomes_that_come_close_to_one_another_are_written_together(presence, monkeypatch):
    """Guard: ``self._changed.wait_for(lambda: self._closing, self._gather)``."""
    recorder = Recorder(presence.process, gather=0.3)
    runs, together = [running(presence, number) for number in range(3)], []
    close = recorder._close
    monkeypatch.setattr(recorder, "_close", lambda ends: together.append(len(ends)) or close(ends))
    recorder.start()
    for run in runs:
        recorder.finished(finished(run))
        time.sleep(0.02)
    wait_until(lambda: JobRun.objects.filter(status=Status.SUCCEEDED).count() == 3)
    assert together == [3]
    assert recorder.close(5)


def test_outcomes_wait_for_a_database_that_is_away(presence, monkeypatch):
    run = running(presence)
    recorder = Recorder(presence.process)
    write, failures = recorder._write, []

    def away(*batch):
        if len(failures) < 2:
            failures.append(batch)
            raise OperationalError("database is locked")
        write(*batch)

    monkeypatch.setattr(recorder, "_write", away)
    recorder.start()
    recorder.finished(finished(run))
    wait_until(lambda: len(failures) > 0)
    assert recorder.unwritten() == {run.pk}
    wait_until(lambda: JobRun.objects.get().status == Status.SUCCEEDED)
    assert recorder.close(5)
    assert recorder.unwritten() == set()


def test_closing_does_not_wait_for_ever(presence, monkeypatch):
    recorder = Recorder(presence.process)
    monkeypatch.setattr(recorder, "_write", _never)
    recorder.start()
    recorder.finished(finished(running(presence)))
    assert not recorder.close(0.1)
    monkeypatch.undo()
    recorder._thread.join(10)


def _never(*_batch):
    raise OperationalError("disk I/O error")


def test_an_outcome_that_cannot_be_stored_keeps_no_other_waiting(presence):
    good, bad, worse = (running(presence, number) for number in range(3))
    recorder = Recorder(presence.process)
    recorder.finished(replace(finished(bad), log=[{"n": 10**5_000}]))
    recorder.finished(replace(finished(worse), status="x" * 50, finished_at="never"))
    recorder.finished(finished(good))
    recorder.start()
    wait_until(lambda: recorder.unwritten() == {worse.pk})
    good.refresh_from_db()
    bad.refresh_from_db()
    assert [good.status, bad.status] == ["succeeded", "succeeded"]
    assert good.error == ""
    assert "could not be stored" in bad.error
    # Dropped, its run would be taken for one that never began.
    assert not recorder.close(0.5)
    assert recorder.unwritten() == {worse.pk}
    # Its thread would try again for as long as the other tests run.
    recorder._forget((), {worse.pk: finished(worse)})
    recorder._thread.join(10)
    assert not recorder.alive


def test_a_start_beside_an_outcome_that_cannot_be_stored_is_written(presence):
    going_on, bad = (running(presence, number) for number in range(2))
    recorder = Recorder(presence.process)
    recorder.started(going_on.pk, NOW)
    recorder.finished(replace(finished(bad), log=[{"n": 10**5_000}]))
    recorder.start()
    wait_until(lambda: not recorder.unwritten())
    assert recorder.close(5)
    going_on.refresh_from_db()
    assert (going_on.status, going_on.started_at) == ("running", NOW)


@pytest.mark.parametrize(
    "refusal", [ProgrammingError("no such column"), InternalError("read-only")]
)
def test_an_outcome_that_the_database_refuses_for_now_is_not_dropped(
    presence, monkeypatch, refusal
):
    """Guard: ``return False  # it stays owed`` in scheduling/recorder.py."""
    run = running(presence)
    recorder = Recorder(presence.process)
    write, failures = recorder._write, []

    def refuse(*batch):
        if len(failures) < 6:
            failures.append(batch)
            raise refusal
        write(*batch)

    monkeypatch.setattr(recorder, "_write", refuse)
    recorder.start()
    recorder.finished(finished(run))
    wait_until(lambda: len(failures) > 3)
    assert recorder.unwritten() == {run.pk}
    wait_until(lambda: JobRun.objects.get().status == Status.SUCCEEDED)
    assert recorder.close(5)


def test_what_was_not_written_is_owned_up_to(presence, monkeypatch):
    recorder = Recorder(presence.process)
    monkeypatch.setattr(recorder, "_next_batch", lambda: None)
    recorder.start()
    recorder.finished(finished(running(presence)))
    assert not recorder.close(5)
    assert not recorder.alive


def test_an_outcome_that_comes_too_late_is_noted_on_the_row_that_was_closed(presence):
    run = running(presence)
    JobRun.objects.update(status=Status.LOST, error="Its worker fell silent.", finished_at=NOW)
    recorder = Recorder(presence.process)
    recorder.start()
    recorder.finished(finished(run))
    assert recorder.close(5)
    run.refresh_from_db()
    assert run.status == Status.LOST
    assert run.error.startswith("Its worker fell silent. ")
    assert "2026-11-23 12:00:00 UTC" in run.error


@pytest.mark.parametrize(("may_retry", "attempts"), [(True, 2), (False, 1)])
def test_a_failure_that_is_permanent_is_not_tried_again(presence, may_retry, attempts):
    run = running(presence)
    JobSchedule.objects.create(name=run.job_name, interval_seconds=60, max_retries=1)
    woken = []
    recorder = Recorder(presence.process)
    recorder.on_retry = lambda: woken.append(1)
    recorder.start()
    recorder.finished(replace(finished(run), status=Status.FAILED, may_retry=may_retry))
    assert recorder.close(5)
    assert JobRun.objects.count() == attempts
    assert len(woken) == attempts - 1


def test_a_worker_gathers_its_first_outcomes(presence, monkeypatch):
    """While its jobs begin, its recorder would only take turns with them."""
    service = SchedulerService(presence=presence)
    runs, together = [running(presence, number) for number in range(2)], []
    recorder = service.recorder
    close = recorder._close
    monkeypatch.setattr(recorder, "_close", lambda ends: together.append(len(ends)) or close(ends))
    waits, late = [], [finished(runs[1])]

    def wait(seconds):
        waits.append(seconds)
        while late:
            recorder.finished(late.pop())

    monkeypatch.setattr(recorder._gathered, "wait", wait)
    recorder.start()
    recorder.finished(finished(runs[0]))
    wait_until(lambda: JobRun.objects.filter(status=Status.SUCCEEDED).count() == 2)
    assert (together, waits[0]) == ([2], GATHER_FIRST)
    assert recorder.close(5)
