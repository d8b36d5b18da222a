"""Another attempt: when, how often, and only once."""

from datetime import timedelta

import pytest

from scheduling import registry, retries, runner
from scheduling.errors import JobFailed
from scheduling.models import Cause, JobRun, SchedulerProcess, Status
from scheduling.recorder import Finished, Recorder
from scheduling.registry import safe_job

from .leader import NOON, Leader, rows, schedule


@pytest.fixture
def fail(leader, clock):
    """The newest running run fails, as its thread would tell the recorder."""

    def fail(status=Status.FAILED, may_retry=True):
        run = JobRun.objects.running().get()
        leader.service.recorder._write(
            {},
            {
                run.pk: Finished(
                    run_id=run.pk,
                    status=status,
                    started_at=clock.now,
                    finished_at=clock.now,
                    may_retry=may_retry,
                )
            },
        )
        leader.started.clear()

    return fail


@pytest.fixture
def running(leader, clock):
    schedule(interval_seconds=3_600, max_retries=2)
    leader.look()
    clock.forward(hours=1)
    leader.turn()


def retry():
    return JobRun.objects.queued().get()


@pytest.mark.parametrize("status", [Status.FAILED, Status.TIMED_OUT])
def test_a_failed_run_is_queued_again_for_the_same_slot(running, fail, clock, status):
    fail(status)
    again = retry()
    assert (again.trigger, again.attempt) == (Cause.RETRY, 2)
    assert again.scheduled_for == NOON + timedelta(hours=1)
    assert 8 <= (again.not_before - clock.now).total_seconds() <= 12


def test_a_retry_waits_for_its_time(running, fail, leader, clock):
    fail()
    leader.turn()
    assert leader.started == []
    clock.now = retry().not_before
    leader.turn()
    assert [(run.attempt, run.scheduled_for) for run in leader.started] == [
        (2, NOON + timedelta(hours=1))
    ]


def test_a_retry_keeps_who_asked_and_why(running, fail):
    JobRun.objects.update(requested_by="ann", reason="a new mod")
    fail()
    assert (retry().requested_by, retry().reason) == ("ann", "a new mod")


def test_pauses_grow_and_attempts_end(running, fail, leader, clock):
    pauses = []
    for _ in range(2):
        fail()
        pauses.append(retry().not_before - clock.now)
        clock.now = retry().not_before
        leader.turn()
    assert JobRun.objects.running().get().attempt == 3
    fail()
    assert pauses[1] > pauses[0]
    assert [status for _, status in rows()] == ["failed"] * 3


def test_what_can_not_be_helped_is_not_tried_again(running, fail):
    fail(may_retry=False)
    assert not JobRun.objects.queued().exists()


def test_a_success_and_a_cancelled_run_are_not_tried_again(running, fail):
    fail(Status.CANCELLED)
    assert not JobRun.objects.queued().exists()


def test_a_lost_run_is_tried_again_once_however_many_find_it(running, leader, clock):
    SchedulerProcess.objects.update(stopped_at=clock.now)
    finders = [Leader(clock), Leader(clock)]
    assert [finder.sweep() for finder in finders] == [1, 0]
    JobRun.objects.filter(status=Status.LOST).update(status=Status.RUNNING)
    assert finders[1].sweep() == 1
    assert JobRun.objects.queued().count() == 1


def test_a_retry_that_is_there_already_keeps_no_other_from_being_queued(leader, clock):
    for name in ("noop", "failing"):
        schedule(name, interval_seconds=3_600, max_retries=2)
    leader.look()
    clock.forward(hours=1)
    leader.turn()
    lost = list(JobRun.objects.running())
    ended = [
        Finished(run_id=run.pk, status=Status.LOST, started_at=None, finished_at=clock.now)
        for run in lost
    ]
    retries.queue(ended[:1])
    retries.queue(ended)
    assert sorted(JobRun.objects.queued().values_list("job_name", flat=True)) == ["failing", "noop"]


def test_pausing_and_disabling_cancel_the_waiting_attempt(running, fail, leader):
    fail()
    schedule(paused=True)
    leader.look()
    cancelled = JobRun.objects.get(attempt=2)
    assert cancelled.status == Status.CANCELLED
    assert cancelled.error == "The schedule was paused before it was tried again."


def test_nothing_is_tried_again_where_the_schedule_does_not_say_so(running, fail):
    schedule(max_retries=0)
    fail()
    assert not JobRun.objects.queued().exists()


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(1, 10), (2, 20), (3, 40), (9, 2_560), (10, 3_600), (100, 3_600), (10**9, 3_600)],
)
@pytest.mark.parametrize("end", [0, 1], ids=["the shortest", "the longest"])
def test_a_pause_is_twice_as_long_as_the_one_before_up_to_an_hour(
    attempt, seconds, end, monkeypatch
):
    monkeypatch.setattr("random.uniform", lambda *ends: ends[end])
    share = (1 - retries.JITTER, 1 + retries.JITTER)[end]
    assert retries.pause_after(attempt) == timedelta(seconds=seconds) * share


def test_how_a_run_ended_is_told_though_its_retry_cannot_be_queued(running, fail, monkeypatch):
    def break_down(_moments):
        raise ValueError("nobody foresaw this")

    monkeypatch.setattr(retries, "_queue", break_down)
    fail()
    assert rows() == [("13:00:00", "failed")]


def test_a_job_says_itself_that_a_failure_is_permanent(leader):
    class Hopeless(JobFailed):
        permanent = True

    @safe_job("hopeless")
    def hopeless() -> None:
        raise Hopeless("never")

    context = registry.RunContext(job="hopeless", run_id=1)
    assert runner._is_permanent(registry.get("hopeless").run(context))


def test_the_recorder_wakes_the_scheduler_for_a_retry(running, clock, leader, monkeypatch):
    woken = []
    recorder = Recorder(leader.presence.process)
    recorder.on_retry = lambda: woken.append(1)
    run = JobRun.objects.running().get()
    recorder._write(
        {},
        {
            run.pk: Finished(
                run_id=run.pk, status=Status.FAILED, started_at=clock.now, finished_at=clock.now
            )
        },
    )
    assert woken == [1]


def test_what_a_person_cancelled_is_not_tried_again(running, fail, clock):
    """Guard: ``cancel_requested_at=None)`` in scheduling/retries.py: deaf, it timed out."""
    JobRun.objects.update(cancel_requested_at=clock(), cancel_requested_by="ann")
    fail(Status.TIMED_OUT)
    assert not JobRun.objects.queued().exists()


def test_a_run_that_fails_after_its_job_was_disabled_is_not_tried_again(running, fail):
    schedule(interval_seconds=0, max_retries=2)
    fail()
    assert not JobRun.objects.queued().exists()


@pytest.mark.parametrize("trigger", [Cause.RETRY, Cause.SCHEDULE, Cause.STARTUP])
@pytest.mark.parametrize(
    "change", [{"paused": True}, {"interval_seconds": 0}, None], ids=["paused", "disabled", "gone"]
)
def test_what_waits_of_a_job_that_may_not_run_does_not_start(leader, clock, trigger, change):
    """Guard: ``due = due.filter(Q(trigger=Cause.MANUAL)`` in scheduling/claims.py."""
    row = schedule(interval_seconds=3_600, max_retries=2)
    leader.look()
    if change is None:
        row.delete()
    else:
        schedule(**change)
    # Queued by somebody who had not heard of it.
    waiting = JobRun.objects.create(
        job_name="noop", trigger=trigger, scheduled_for=clock(), queued_at=clock()
    )
    leader.turn()
    assert leader.started == []
    leader.look()
    waiting.refresh_from_db()
    expected = Status.QUEUED if trigger == Cause.STARTUP else Status.CANCELLED
    assert waiting.status == expected
    leader.turn()
    assert leader.started == []


def test_what_a_person_asks_for_runs_though_the_job_is_paused(leader, clock):
    schedule(interval_seconds=3_600, paused=True)
    leader.look()
    JobRun.objects.create(
        job_name="noop", trigger=Cause.MANUAL, scheduled_for=clock(), queued_at=clock()
    )
    leader.turn()
    assert len(leader.started) == 1
