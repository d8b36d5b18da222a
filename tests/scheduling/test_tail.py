"""The tail: log and progress of runs are in their rows while they go on."""

import threading
import time
from collections import deque
from itertools import count

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from structlog.testing import capture_logs

from scheduling import tail as tails
from scheduling.models import JobRun, SchedulerProcess, Status
from scheduling.presence import Presence
from scheduling.registry import current_run, safe_job
from scheduling.runlog import FIRST_EVENTS, LAST_EVENTS, RunLog
from scheduling.runner import ClaimedRun
from scheduling.service import SchedulerService
from scheduling.tail import Tail
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Stage:
    """Runs in the hands of this process, and their tail, driven by hand."""

    def __init__(self):
        self.process = Presence(timezone.now).process
        self.runs = {}
        self.tail = Tail(self.process, lambda: dict(self.runs))
        self.now = 1_000.0
        self._numbers = count(1)

    def run(self, age=60.0, status=Status.RUNNING):
        now = timezone.now()
        name = f"job{next(self._numbers)}"
        row = JobRun.objects.create(
            job_name=name, status=status, scheduled_for=now, process=self.process
        )
        claimed = ClaimedRun(run_id=row.pk, job_name=name, scheduled_for=now)
        if age is not None:
            claimed.context.begin()
            claimed.context._begun -= age
        self.runs[row.pk] = claimed
        return claimed

    def turn(self, seconds=0.0):
        self.now += seconds
        return self.tail.write(self.now)


@pytest.fixture
def stage():
    return Stage()


def row(claimed):
    return JobRun.objects.get(pk=claimed.run_id)


def said(claimed):
    return [event["event"] for event in row(claimed).log]


def say(claimed, text="hello", **fields):
    claimed.log.add({"event": text, "level": "info", **fields})


def test_log_and_progress_are_in_the_row_while_it_runs(stage):
    run = stage.run()
    say(run)
    run.context.progress(40, 100, "rows")
    assert stage.turn() == 1
    assert said(run) == ["hello"]
    assert row(run).progress == {"done": 40, "total": 100, "text": "rows"}
    assert row(run).status == Status.RUNNING


def test_only_what_changed_is_written_and_once_a_second(stage):
    run = stage.run()
    say(run)
    stage.turn()
    with CaptureQueriesContext(connection) as queries:
        assert stage.turn(5) == 0
        say(run, "more")
        assert stage.turn(5) == 1
        run.context.progress(1)
        assert stage.turn(0.5) == 0
        assert stage.turn(0.5) == 1
    assert len(queries) == 2


def test_a_run_that_is_young_or_waits_for_a_thread_costs_nothing(stage):
    young, waiting = stage.run(age=0.0), stage.run(age=None)
    say(young)
    say(waiting)
    with CaptureQueriesContext(connection) as queries:
        assert stage.turn() == 0
    assert len(queries) == 0


@pytest.mark.parametrize("status", [Status.LOST, Status.SUCCEEDED, Status.QUEUED])
def test_a_row_that_is_not_running_stays_as_it_is(stage, status):
    run = stage.run(status=status)
    say(run)
    stage.turn()
    assert (row(run).log, row(run).status) == ([], status)


def test_a_row_of_another_process_stays_as_it_is(stage):
    run = stage.run()
    now = timezone.now()
    other = SchedulerProcess.objects.create(host="b", pid=1, started_at=now, heartbeat_at=now)
    JobRun.objects.update(process=other)
    say(run)
    stage.turn()
    assert row(run).log == []


def test_of_many_runs_the_longest_unwritten_come_first(stage, monkeypatch):
    monkeypatch.setattr(tails, "MAX_ROWS", 2)
    runs = [stage.run() for _ in range(5)]
    for run in runs:
        say(run)
    written = []
    for _ in range(3):
        stage.turn(1)
        for run in runs:
            say(run, "more")
        written.append(sum(bool(row(run).log) for run in runs))
    assert written == [2, 4, 5]


def test_a_long_log_is_written_less_often(stage):
    run = stage.run()
    for _ in range(FIRST_EVENTS + LAST_EVENTS):
        say(run, text="x" * 2_000)
    stage.turn()
    say(run)
    assert stage.turn(4) == 0
    assert stage.turn(2) == 1
    say(run)
    assert stage.turn(tails.LONGEST_WAIT) == 1


def test_what_can_not_be_stored_keeps_no_other_waiting(stage):
    bad, good = stage.run(), stage.run()
    say(bad)
    say(good)
    bad.log._first.append({"n": 10**5_000})
    with capture_logs() as logs:
        stage.turn()
        say(bad)
        stage.turn(1)
    assert said(good) == ["hello"]
    assert [log["event"] for log in logs] == ["tail_refused"]


def test_runs_that_ended_are_forgotten(stage):
    say(stage.run())
    stage.turn()
    stage.runs.clear()
    stage.turn()
    assert stage.tail._written == {}


def test_an_outage_is_told_once_and_outlived(stage, monkeypatch):
    monkeypatch.setattr(tails, "PAUSE", 0.01)
    monkeypatch.setattr(tails, "LOOK_EVERY", 0.01)
    write, failed = stage.tail._write, []

    def away(*about):
        if len(failed) < 3:
            failed.append(about)
            raise OperationalError("database is locked")
        write(*about)

    monkeypatch.setattr(stage.tail, "_write", away)
    run = stage.run()
    say(run)
    with capture_logs() as logs:
        stage.tail.start()
        wait_until(lambda: said(run) == ["hello"])
    stage.tail.stop()
    stage.tail.join(5)
    assert not stage.tail._thread.is_alive()
    assert len(failed) == 3
    assert [log["event"] for log in logs] == ["tail_waits_for_database"]


def test_a_system_without_threads_costs_the_tail_alone(stage, monkeypatch):
    def none_left():
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(stage.tail._thread, "start", none_left)
    stage.tail.start()
    stage.tail.stop()
    stage.tail.join(5)


class Slow(deque):
    """Gives other threads time to come in between."""

    def __iter__(self):
        for each in super().__iter__():
            time.sleep(0.001)
            yield each


def test_a_log_can_be_read_while_threads_add_to_it():
    log, done = RunLog(), threading.Event()
    log._last = Slow(maxlen=20)

    def chatter():
        while not done.wait(0.001):
            log.add({"event": "said", "level": "info"})

    threads = [threading.Thread(target=chatter) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: log.version > FIRST_EVENTS + 20)
        for _ in range(10):
            # Raises when it changes meanwhile.
            assert len(log.events()) == FIRST_EVENTS + 1 + 20
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert log.events()[FIRST_EVENTS]["count"] + FIRST_EVENTS + 20 == log.version


def test_a_service_tails_its_runs_and_its_outcomes_tell_the_rest(cast, monkeypatch):
    monkeypatch.setattr(tails, "WRITE_EVERY", 0.05)
    monkeypatch.setattr(tails, "LOOK_EVERY", 0.05)

    @safe_job("told")
    def told() -> None:
        current_run().progress(1, 2, "half")
        cast.let_go.wait(10)
        current_run().progress(2, 2, "whole")

    service = SchedulerService(threads=1)
    service.start()
    service.add_interval_job(told, seconds=1, job_id="told")
    runs = JobRun.objects.filter(job_name="told", status=Status.RUNNING)
    wait_until(lambda: runs.filter(progress__isnull=False).exists())
    going_on = runs.get()
    assert [event["event"] for event in going_on.log] == ["told_started"]
    assert going_on.progress == {"done": 1, "total": 2, "text": "half"}
    cast.let_go.set()
    wait_until(lambda: JobRun.objects.get(pk=going_on.pk).status == Status.SUCCEEDED)
    service.shutdown()
    ended = JobRun.objects.get(pk=going_on.pk)
    assert [event["event"] for event in ended.log] == ["told_started", "told_completed"]
    assert ended.progress == {"done": 2, "total": 2, "text": "whole"}
    assert not service._tail._thread.is_alive()


def test_stopping_does_not_wait_for_a_tail_that_hangs(cast, monkeypatch):
    let_go = threading.Event()
    service = SchedulerService(threads=1)
    monkeypatch.setattr(service._tail, "_in_flight", lambda: let_go.wait(20) and {})
    service.start()
    time.sleep(2 * tails.LOOK_EVERY)
    begun = time.monotonic()
    service.shutdown()
    assert time.monotonic() - begun < 5
    let_go.set()
    service._tail.join(5)


def test_a_run_without_progress_has_none(stage):
    run = stage.run()
    say(run)
    stage.turn()
    assert said(run) == ["hello"]
    assert JobRun.objects.filter(progress__isnull=True).exists()


@pytest.mark.parametrize(
    ("goes_on", "pause"), [(True, tails.LOOK_EVERY), (False, tails.WRITE_EVERY)]
)
def test_while_nothing_goes_on_it_looks_no_more_often_than_there_may_be_something_to_write(
    stage, monkeypatch, goes_on, pause
):
    if goes_on:
        stage.run()
    pauses, ends = [], iter([False, False, True])
    monkeypatch.setattr(
        stage.tail._stop, "wait", lambda seconds: pauses.append(seconds) or next(ends)
    )
    stage.tail._work()
    assert pauses == [tails.LOOK_EVERY, pause, pause]
