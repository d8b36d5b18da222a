"""What has ended is counted once, from the rows, and stays counted when they go."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from scheduling import counting, prune
from scheduling.models import CountedUpTo, JobRun, JobSchedule, RunCount, Status, UncountedRun

from .leader import schedule

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def two_jobs(db):
    JobSchedule.objects.all().delete()
    RunCount.objects.all().delete()
    for name in ("tides", "stars"):
        JobSchedule.objects.create(name=name, interval_seconds=60)


def add(name="tides", status=Status.SUCCEEDED, *, minute=0, took=1.0, late=0.2, **fields):
    slot = NOON + timedelta(minutes=minute)
    ended = {"started_at": slot + timedelta(seconds=late)}
    if status not in (Status.QUEUED, Status.RUNNING):
        ended["finished_at"] = slot + timedelta(seconds=late + took)
    return JobRun.objects.create(
        job_name=name, status=status, scheduled_for=slot, **{**ended, **fields}
    )


class Counter:
    """Counts all there is; time passes between two looks."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        for _ in range(50):
            self.now += counting.SETTLED
            if counting.count(self.now) is None:
                return
        raise AssertionError("it never ends")


@pytest.fixture
def count():
    return Counter()


def counted(name="tides"):
    return RunCount.objects.get(pk=name).counts.get("runs", {})


def test_what_has_ended_is_counted_by_job_and_status(count):
    add(minute=1)
    add(minute=2)
    add(status=Status.FAILED, minute=3)
    add("stars")
    count()
    assert counted() == {"succeeded": 2, "failed": 1}
    assert counted("stars") == {"succeeded": 1}


def test_it_is_counted_once_however_often_somebody_looks(count):
    add()
    count()
    count()
    add(minute=1)
    count()
    assert counted() == {"succeeded": 2}


def test_a_run_that_goes_on_is_counted_when_it_has_ended(count):
    run = add(status=Status.RUNNING)
    add(minute=1)
    count()
    assert counted() == {"succeeded": 1}
    JobRun.objects.filter(pk=run.pk).update(
        status=Status.LOST, finished_at=NOON + timedelta(minutes=5)
    )
    count()
    assert counted() == {"succeeded": 1, "lost": 1}
    assert not UncountedRun.objects.exists()


def test_a_run_that_is_gone_before_it_ended_is_waited_for_no_more(count):
    run = add(status=Status.QUEUED, started_at=None)
    count()
    run.delete()
    count()
    assert not UncountedRun.objects.exists()


def test_a_row_for_several_slots_counts_them_all(count):
    add(status=Status.MISSED, slots=40, started_at=None)
    count()
    assert counted() == {"missed": 40}


def test_counts_stay_when_the_history_is_pruned(count):
    for minute in range(5):
        add(minute=minute)
    count()
    assert prune.prune(NOON + timedelta(days=500), days=1, keep=0) == 5
    add(minute=9)
    count()
    assert counted() == {"succeeded": 6}


def test_durations_and_lags_go_into_the_buckets_they_fit_in(count):
    add(took=0.05, late=0.02)
    add(took=3, late=0.7, minute=1)
    # A run that never began has neither.
    add(status=Status.SKIPPED, minute=2, started_at=None)
    count()
    counts = RunCount.objects.get(pk="tides").counts
    assert (counts["took"]["number"], counts["took"]["sum"]) == (2, pytest.approx(3.05, abs=0.01))
    assert [counts["took"][bound] for bound in ("0.01", "0.1", "1", "5")] == [0, 1, 1, 2]
    assert (counts["late"]["number"], counts["late"]["sum"]) == (2, pytest.approx(0.72, abs=0.01))
    assert [counts["late"][bound] for bound in ("0.05", "0.5", "1")] == [1, 1, 2]


def test_a_retry_is_late_from_when_it_may_begin(count):
    add(not_before=NOON + timedelta(seconds=10), late=10.3)
    count()
    assert RunCount.objects.get(pk="tides").counts["late"]["sum"] == pytest.approx(0.3, abs=0.01)


def test_a_clock_that_was_set_back_makes_no_sum_fall(count):
    add(took=-50, late=-3)
    count()
    counts = RunCount.objects.get(pk="tides").counts
    assert (counts["took"]["sum"], counts["late"]["sum"]) == (0, 0)


def test_it_knows_when_a_job_last_succeeded_and_failed(count):
    add(minute=1, took=2, late=0)
    add(minute=0, took=5, late=0)
    add(status=Status.TIMED_OUT, minute=3, took=1, late=0)
    count()
    row = RunCount.objects.get(pk="tides")
    assert row.succeeded_at == NOON + timedelta(minutes=1, seconds=2)
    assert row.failed_at == NOON + timedelta(minutes=3, seconds=1)


def test_jobs_beyond_the_limit_are_counted_together(count, settings):
    settings.METRICS_JOBS = 1
    add("tides")
    add("stars")
    add("gone")
    count()
    assert counted("tides") == {"succeeded": 1}
    assert counted(counting.OTHERS) == {"succeeded": 2}


def test_the_count_of_a_job_that_is_gone_makes_room_for_another(count, settings):
    settings.METRICS_JOBS = 1
    add("tides")
    count()
    JobSchedule.objects.filter(name="tides").delete()
    add("stars")
    count()
    assert not RunCount.objects.filter(pk="tides").exists()
    assert counted("stars") == {"succeeded": 1}


def test_more_rows_than_fit_in_one_statement_are_counted_all(count, monkeypatch):
    add()
    # From here on: ids on PostgreSQL begin where other tests have ended.
    count()
    monkeypatch.setattr(counting, "BATCH", 3)
    for minute in range(1, 11):
        add(minute=minute)
    count()
    assert counted() == {"succeeded": 11}


def test_a_history_that_was_emptied_and_begins_anew_is_counted(count):
    add()
    count()
    CountedUpTo.objects.update(upto=10**9, newest=10**9)
    JobRun.objects.all().delete()
    count()
    add(minute=1)
    count()
    assert counted() == {"succeeded": 2}


def test_who_has_nothing_to_count_asks_one_question(count, django_assert_num_queries):
    add()
    add(status=Status.RUNNING, minute=1)
    count()
    with django_assert_num_queries(1):
        assert counting.count(count.now) is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_on_postgresql_a_row_that_appears_late_under_a_lower_id_is_counted(count):
    late = add(minute=0)
    add(minute=1)
    number, late.pk = late.pk, None
    JobRun.objects.filter(pk=number).delete()
    counting.count(NOON)
    late.pk = number
    late.save(force_insert=True)
    count()
    assert counted() == {"succeeded": 2}


def test_beats_count_in_a_thread_of_their_own_and_rest_while_nothing_comes(monkeypatch):
    looks, time = [], [100.0]
    monkeypatch.setattr(counting, "count", lambda now: looks.append(now))
    counter = counting.Counting(clock=lambda: time[0])

    def beat():
        counter.beat()
        with counter._busy:
            return len(looks)

    assert beat() == 1
    time[0] += counting.EVERY
    assert beat() == 1
    time[0] += counting.IDLE_EVERY
    assert beat() == 2


def test_the_next_beat_counts_when_the_leader_has_written_runs(monkeypatch):
    looks = []
    monkeypatch.setattr(counting, "count", lambda now: looks.append(now))
    counter = counting.Counting(clock=lambda: 100.0)

    def beat():
        counter.beat()
        with counter._busy:
            return len(looks)

    assert (beat(), beat()) == (1, 1)
    counter.expect()
    assert (beat(), beat()) == (2, 2)


@pytest.fixture
def expected(monkeypatch):
    calls = []
    monkeypatch.setattr("scheduling.scheduler.counting.expect", lambda: calls.append(1))
    return calls


def test_a_pass_that_writes_runs_expects_them_to_be_counted(leader, clock, expected):
    schedule(interval_seconds=60)
    leader.look()
    expected.clear()
    leader.turn()
    assert (expected, leader.started) == ([], [])
    clock.forward(seconds=61)
    leader.turn()
    assert (expected, len(leader.started)) == ([1], 1)


def test_an_end_that_is_written_is_expected_to_be_counted(leader, expected):
    leader.service.recorder.on_written()
    assert expected == [1]
