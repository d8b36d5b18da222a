"""The worker in this process: leads, notices, cancels, stops in two steps."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from scheduling.models import JobRun, JobSchedule, SchedulerProcess, ScheduleState, Status
from scheduling.querysets import count_change
from scheduling.worker import Worker
from tests.waiting import wait_until

from .leader import schedule

pytestmark = pytest.mark.django_db(transaction=True)


class Running:
    """A worker in a thread; ``code`` is what it returned."""

    def __init__(self, **options):
        self.worker = Worker(threads=2, **options)
        self.code = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        self.code = self.worker.run()
        connection.close()

    def stop(self):
        self.worker.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.code


@pytest.fixture
def start(cast):
    JobSchedule.objects.all().delete()
    started = []

    def start(**options):
        started.append(Running(**options))
        return started[-1]

    yield start
    cast.let_go.set()
    for running in started:
        running.worker.stop()
        running.worker.stop()
        running.thread.join(20)


def applied(row):
    state = ScheduleState.objects.filter(schedule=row).first()
    return state is not None and state.applied_revision == row.revision


def queue(name):
    now = timezone.now()
    # Of a job that is scheduled, though not soon: retries of others wait.
    JobSchedule.objects.update_or_create(name=name, defaults={"interval_seconds": 31_536_000})
    trigger = "retry"  # of which several may wait, unlike of a person's
    run = JobRun.objects.create(job_name=name, trigger=trigger, scheduled_for=now, queued_at=now)
    count_change()
    return run


def test_it_leads_and_says_so(start):
    running = start()
    wait_until(lambda: SchedulerProcess.objects.leading(timezone.now()).exists())
    assert running.stop() == 0
    assert not SchedulerProcess.objects.leading(timezone.now()).exists()


def test_every_registered_job_gets_its_schedule(start):
    start()
    wait_until(lambda: JobSchedule.objects.count() == 4)


def test_an_edit_is_applied_while_it_runs(start):
    start()
    row = schedule(interval_seconds=600)
    wait_until(lambda: applied(row))
    JobSchedule.objects.filter(pk=row.pk).update(interval_seconds=1)
    wait_until(lambda: JobRun.objects.filter(job_name="noop", status="succeeded").exists())


def test_a_queued_run_starts_at_once(start):
    start()
    run = queue("noop")
    wait_until(lambda: JobRun.objects.get(pk=run.pk).status == Status.SUCCEEDED)


def test_a_running_job_can_be_cancelled(start, cast):
    start()
    run = queue("slow")
    assert cast.begun.wait(5)
    JobRun.objects.filter(pk=run.pk).update(cancel_requested_at=timezone.now())
    count_change()
    wait_until(lambda: JobRun.objects.get(pk=run.pk).status == Status.CANCELLED)


def test_the_first_stop_lets_running_jobs_finish(start, cast):
    running = start()
    run = queue("slow")
    assert cast.begun.wait(5)
    running.worker.stop()
    cast.let_go.set()
    running.thread.join(10)
    assert running.code == 0
    assert JobRun.objects.get(pk=run.pk).status == Status.SUCCEEDED


def test_past_its_grace_a_job_that_listens_is_cancelled(start, cast):
    running = start(grace=0)
    run = queue("slow")
    assert cast.begun.wait(5)
    assert running.stop() == 0
    assert JobRun.objects.get(pk=run.pk).status == Status.CANCELLED


def test_a_deaf_job_is_closed_as_lost_and_the_worker_leaves(start, cast, monkeypatch):
    monkeypatch.setattr("scheduling.worker.LAST_CALL", 0.05)
    monkeypatch.setattr("tests.conftest.current_run", lambda: Deaf())
    running = start(grace=0)
    run = queue("slow")
    assert cast.begun.wait(5)
    assert running.stop() == 1
    row = JobRun.objects.get(pk=run.pk)
    assert row.status == Status.LOST
    assert "did not end within 0 seconds" in row.error


class Deaf:
    def check(self):
        pass


def test_a_run_past_its_deadline_that_listens_is_timed_out(start, cast):
    schedule("slow", timeout_seconds=1)
    start()
    run = queue("slow")
    wait_until(lambda: JobRun.objects.get(pk=run.pk).status == Status.TIMED_OUT)
    row = JobRun.objects.get(pk=run.pk)
    assert row.error == "The run took longer than its 1 seconds."
    assert row.log[-1]["event"] == "slow_failed"


def test_a_deaf_run_is_timed_out_on_time_and_gives_its_thread_back(start, cast, monkeypatch):
    monkeypatch.setattr("scheduling.tending.DEAF_AFTER", 0.05)
    monkeypatch.setattr("tests.conftest.current_run", lambda: Deaf())
    schedule("slow", timeout_seconds=1, max_instances=2)
    running = start()
    runs = [queue("slow"), queue("slow")]
    for run in runs:
        wait_until(lambda run=run: JobRun.objects.get(pk=run.pk).status == Status.TIMED_OUT)
    assert "does not react" in JobRun.objects.get(pk=runs[0].pk).error
    # Both threads are deaf, and yet another job runs.
    other = queue("noop")
    wait_until(lambda: JobRun.objects.get(pk=other.pk).status == Status.SUCCEEDED)
    cast.let_go.set()
    wait_until(lambda: "too late to count" in JobRun.objects.get(pk=runs[0].pk).error)
    assert JobRun.objects.get(pk=runs[0].pk).status == Status.TIMED_OUT
    assert running.stop() == 0


def test_runs_of_a_worker_that_died_are_closed_when_the_next_one_leads(start, monkeypatch):
    monkeypatch.setattr("scheduling.watch.SWEEP_EVERY", 0.1)
    monkeypatch.setattr("scheduling.hearing.MISSED_BEATS", timedelta(seconds=0.8))
    gone = SchedulerProcess.objects.create(
        host="elsewhere", pid=1, heartbeat_at=timezone.now() - timedelta(minutes=1)
    )
    run = JobRun.objects.create(
        job_name="noop", status=Status.RUNNING, scheduled_for=timezone.now(), process=gone
    )
    start()
    wait_until(lambda: JobRun.objects.get(pk=run.pk).status == Status.LOST)


def test_the_second_worker_stands_by_and_takes_over(start):
    first = start()
    wait_until(lambda: SchedulerProcess.objects.leading(timezone.now()).exists())
    second = start()
    wait_until(lambda: SchedulerProcess.objects.filter(stopped_at=None).count() == 2)
    assert SchedulerProcess.objects.leading(timezone.now()).count() == 1
    first.stop()
    wait_until(lambda: SchedulerProcess.objects.leading(timezone.now()).count() == 1)
    assert second.stop() == 0


def test_an_outage_of_the_database_is_waited_for(start, monkeypatch):
    """The look fails as it does when SQLite is locked or PostgreSQL is away."""
    from django.db import OperationalError

    from scheduling.models import ChangeCounter

    monkeypatch.setattr("scheduling.watch.DATABASE_PAUSE", 0.01)
    start()
    read, failures = ChangeCounter.read_with, []

    def away(condition):
        if len(failures) < 3:
            failures.append(1)
            raise OperationalError("database is locked")
        return read(condition)

    monkeypatch.setattr(ChangeCounter, "read_with", away)
    # Sooner than the look that comes by itself.
    schedule(interval_seconds=60)
    wait_until(lambda: len(failures) == 3)
    row = schedule(interval_seconds=600)
    wait_until(lambda: applied(row))
    assert DjangoJob.objects.filter(id="noop").exists()


def test_a_run_that_waits_for_another_starts_as_soon_as_that_one_is_written(start, cast):
    start()
    first, second = queue("slow"), queue("slow")
    assert cast.begun.wait(5)
    cast.let_go.set()
    # Not after the ten seconds that the scheduler sleeps at most.
    wait_until(lambda: JobRun.objects.get(pk=second.pk).status == Status.SUCCEEDED)
    assert JobRun.objects.get(pk=first.pk).status == Status.SUCCEEDED


def test_a_leader_that_loses_its_lock_goes_on_when_it_has_it_again(start, monkeypatch):
    running = start()
    wait_until(lambda: SchedulerProcess.objects.leading(timezone.now()).exists())
    lock = running.worker._watch._lock
    with monkeypatch.context() as lost:
        for question in ("held", "unquestioned"):
            lost.setattr(lock, question, lambda: False)
        wait_until(lambda: not SchedulerProcess.objects.leading(timezone.now()).exists())
    run = queue("noop")
    wait_until(lambda: JobRun.objects.get(pk=run.pk).status == Status.SUCCEEDED)
    assert running.stop() == 0


def test_a_leader_that_hangs_is_replaced(start, monkeypatch):
    monkeypatch.setattr("scheduling.worker.SILENT_AFTER", timedelta(seconds=1))
    monkeypatch.setattr("scheduling.worker.HEARTBEAT_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr("scheduling.hearing.MISSED_BEATS", timedelta(seconds=0.8))
    first = start()
    wait_until(lambda: SchedulerProcess.objects.leading(timezone.now()).exists())
    SchedulerProcess.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    monkeypatch.setattr("scheduling.presence.HEARTBEAT_EVERY", timedelta(hours=1))
    second = start()
    wait_until(lambda: SchedulerProcess.objects.leading(timezone.now()).exclude(pk=1).count() == 1)
    run = queue("noop")
    wait_until(lambda: JobRun.objects.get(pk=run.pk).status == Status.SUCCEEDED)
    assert [second.stop(), first.stop()] == [0, 0]


def test_taking_over_waits_for_a_database_that_is_away(start, monkeypatch):
    from django.db import OperationalError

    from scheduling.presence import Presence

    monkeypatch.setattr("scheduling.watch.DATABASE_PAUSE", 0.01)
    lead, failures = Presence.lead, []

    def away(presence):
        if len(failures) < 2:
            failures.append(1)
            raise OperationalError("database is locked")
        return lead(presence)

    monkeypatch.setattr(Presence, "lead", away)
    running = start()
    run = queue("noop")
    wait_until(lambda: JobRun.objects.get(pk=run.pk).status == Status.SUCCEEDED)
    assert len(failures) == 2
    assert running.stop() == 0


def test_an_edit_that_was_put_off_is_tried_again_soon(start):
    """Guard: ``self._retry_at = now + PUT_OFF_FOR`` in scheduling/watch.py."""
    running = start()
    row = schedule(interval_seconds=600)
    wait_until(lambda: applied(row))
    reconciler = running.worker._watch._reconciler
    reconciler._put_off = {"noop"}
    wait_until(lambda: not reconciler.put_off)
    assert running.stop() == 0
