"""The pass: which slots start, which don't, and that each leaves one row."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django_apscheduler.models import DjangoJob

from scheduling import claims, registry
from scheduling.models import Cause, JobRun, Status
from scheduling.scheduler import LONGEST_WAIT

from .leader import NOON, Leader, rows, schedule


def test_a_due_slot_is_claimed_once_and_the_next_run_moves_on(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    leader.turn()
    assert [run.scheduled_for for run in leader.started] == [clock.now]
    assert rows() == [("12:01:00", "running")]
    assert DjangoJob.objects.get().next_run_time == clock.now + timedelta(seconds=60)


def test_nothing_starts_before_its_time(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=59)
    assert leader.turn() == 1.0
    assert leader.started == []


def test_two_leaders_start_each_slot_once(leader, clock):
    schedule(interval_seconds=10)
    other = Leader(clock)
    for one in (leader, other):
        one.look()
    for _ in range(20):
        clock.forward(seconds=10)
        for one in (leader, other):
            one.turn()
        JobRun.objects.running().update(status=Status.SUCCEEDED)
    slots = [run.scheduled_for for run in leader.started + other.started]
    assert len(slots) == len(set(slots)) == 20


def test_a_slot_that_has_its_row_already_does_not_start_again(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    leader.end_runs()
    DjangoJob.objects.update(next_run_time=clock.now)
    leader.turn()
    assert leader.started == []
    assert rows() == [("12:01:00", "succeeded")]


def test_a_slot_that_comes_while_the_job_runs_is_skipped_and_says_so(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    for _ in range(2):
        clock.forward(seconds=60)
        leader.turn()
    assert rows() == [("12:01:00", "running"), ("12:02:00", "skipped")]
    skipped = JobRun.objects.get(status=Status.SKIPPED)
    assert "still going on, since 2026-11-23 12:01:00 UTC" in skipped.error


def test_max_instances_is_counted_in_the_database(leader, clock):
    schedule(interval_seconds=60, max_instances=2)
    leader.look()
    for _ in range(3):
        clock.forward(seconds=60)
        leader.turn()
        leader = Leader(clock)
        leader.look()
    assert [status for _, status in rows()] == ["running", "running", "skipped"]


def test_an_interval_job_makes_up_for_missed_slots_with_one_run(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(minutes=10, seconds=20)
    leader.turn()
    assert rows() == [("12:01:00", "missed"), ("12:10:00", "running")]
    missed = JobRun.objects.get(status=Status.MISSED)
    assert (missed.slots, missed.until) == (9, NOON + timedelta(minutes=9))
    assert "9 slots could not start in time. One run makes up for them." in missed.error


def test_slots_without_a_worker_say_that_there_was_none(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(minutes=10)
    Leader(clock).look()
    assert "No worker was running" in JobRun.objects.get(status=Status.MISSED).error


def test_a_cron_slot_within_its_grace_still_runs(leader, clock):
    schedule(cron="5 12 * * *")
    leader.look()
    clock.forward(minutes=5, seconds=60)
    leader.turn()
    assert rows() == [("12:05:00", "running")]


def test_a_cron_slot_past_its_grace_is_missed(leader, clock):
    schedule(cron="5 12 * * *")
    leader.look()
    clock.forward(minutes=5, seconds=61)
    leader.turn()
    assert rows() == [("12:05:00", "missed")]
    assert leader.started == []
    assert DjangoJob.objects.get().next_run_time == NOON + timedelta(days=1, minutes=5)


def test_without_coalescing_each_slot_gets_its_run(leader, clock):
    schedule(interval_seconds=60, coalesce=False, max_instances=5)
    leader.look()
    clock.forward(minutes=3)
    leader.turn()
    assert [status for _, status in rows()] == ["running"] * 3


def test_a_month_of_seconds_is_one_row_and_one_run(leader, clock, django_assert_max_num_queries):
    schedule(interval_seconds=1)
    leader.look()
    clock.forward(days=30)
    with django_assert_max_num_queries(15):
        leader.turn()
    assert [status for _, status in rows()] == ["missed", "running"]


@pytest.mark.django_db(transaction=True)
def test_a_failed_pass_claims_nothing_and_is_made_up_for(leader, clock, monkeypatch):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)

    def locked(*_args):
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(leader.service.store, "advance", locked)
        assert leader.turn() == 0.2
        assert leader.turn() == 0.4
    assert rows() == []
    leader.turn()
    assert rows() == [("12:01:00", "running")]
    assert len(leader.started) == 1


@pytest.mark.django_db(transaction=True)
def test_a_claim_whose_commit_was_in_doubt_is_started_once(leader, clock, monkeypatch):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    # The claim is committed, but the answer is lost on the way.
    with monkeypatch.context() as broken:
        broken.setattr(leader.scheduler, "_wait_after", lambda _now: 0.0)
        broken.setattr(leader.service.executor, "submit_runs", _connection_lost)
        leader.turn()
    assert rows() == [("12:01:00", "running")]
    leader.turn()
    leader.turn()
    assert [run.job_name for run in leader.started] == ["noop"]


def _connection_lost(_run):
    raise OperationalError("server closed the connection unexpectedly")


def test_one_schedule_that_cannot_be_read_harms_no_other(leader, clock):
    schedule("noop", interval_seconds=60)
    schedule("failing", interval_seconds=60)
    leader.look()
    DjangoJob.objects.filter(id="failing").update(job_state=b"no pickle")
    leader.service.store.forget("failing")
    clock.forward(seconds=60)
    assert leader.turn() == LONGEST_WAIT
    assert [run.job_name for run in leader.started] == ["noop"]
    leader.look()
    assert {run.job_name for run in leader.started} == {"noop", "failing"}


def test_a_job_that_only_a_newer_release_knows_is_left_alone(leader, clock):
    schedule("noop", interval_seconds=60)
    leader.look()
    row = DjangoJob.objects.get()
    row.id = "of_tomorrow"
    row.save()
    clock.forward(seconds=60)
    leader.turn()
    assert DjangoJob.objects.filter(id="of_tomorrow", next_run_time=clock.now).exists()
    assert rows("of_tomorrow") == []


def queue(name="noop", **fields):
    fields = {"trigger": Cause.MANUAL, "scheduled_for": NOON, "queued_at": NOON, **fields}
    return JobRun.objects.create(job_name=name, **fields)


def test_a_queued_run_starts_even_when_its_job_is_disabled(leader):
    run = queue()
    leader.turn()
    assert [one.run_id for one in leader.started] == [run.pk]
    run.refresh_from_db()
    assert (run.status, run.worker) == ("running", str(leader.presence.process))


def test_a_queued_run_waits_for_the_one_that_runs(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    queue()
    leader.turn()
    assert [status for _, status in rows()] == ["queued", "running"]
    leader.end_runs()
    leader.turn()
    assert len(leader.started) == 1


def test_of_two_queued_runs_of_a_job_one_starts_and_the_other_waits(leader):
    first = queue()
    second = queue(trigger=Cause.RETRY, attempt=2)
    schedule(interval_seconds=60)
    leader.turn()
    assert [one.run_id for one in leader.started] == [first.pk]
    second.refresh_from_db()
    assert second.status == Status.QUEUED


def test_a_queued_run_of_the_future_waits_for_its_time(leader, clock):
    queue(scheduled_for=NOON + timedelta(seconds=5))
    assert leader.turn() == 5.0
    assert leader.started == []
    clock.forward(seconds=5)
    leader.turn()
    assert len(leader.started) == 1


def test_a_run_that_is_given_back_is_started_by_the_next_leader(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    claims.release([leader.started[0].run_id], leader.presence.process)
    other = Leader(clock)
    other.turn()
    assert [run.scheduled_for for run in other.started] == [clock.now]
    assert rows() == [("12:01:00", "running")]


@pytest.mark.django_db(transaction=True)
def test_the_claim_and_the_next_run_are_one_transaction(cast, clock):
    leader = Leader(clock)
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    with transaction.atomic():
        leader.turn()
        transaction.set_rollback(True)
    assert rows() == []
    assert DjangoJob.objects.get().next_run_time == clock.now


def test_it_sleeps_no_longer_than_a_minute(leader):
    schedule(interval_seconds=3_600)
    leader.look()
    assert leader.turn() == 60.0


def test_a_pass_that_was_told_to_stop_claims_nothing(leader, clock, monkeypatch):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    advance = leader.service.store.advance

    def told_meanwhile(next_runs):
        advance(next_runs)
        leader.service.hold()

    monkeypatch.setattr(leader.service.store, "advance", told_meanwhile)
    leader.turn()
    assert rows() == []
    assert leader.started == []
    assert DjangoJob.objects.get().next_run_time == clock.now


def test_who_does_not_lead_passes_nothing(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    leader.scheduler._leads = lambda: False
    assert leader.turn() == 0.2
    assert rows() == []


def test_many_queued_runs_of_a_busy_job_do_not_keep_others_waiting(leader):
    JobRun.objects.create(
        job_name="noop", status=Status.RUNNING, scheduled_for=NOON, process=leader.presence.process
    )
    for number in range(1, claims.MAX_QUEUED_PER_PASS + 2):
        queue(trigger=Cause.RETRY, scheduled_for=NOON - timedelta(seconds=number))
    queue("failing")
    leader.turn()
    assert [run.job_name for run in leader.started] == ["failing"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL takes no text for a number")
def test_a_job_whose_limit_is_no_number_has_one_run_at_a_time(leader):
    schedule("noop", interval_seconds=60)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduling_jobschedule SET max_instances = 'many'")
    queue()
    queue(trigger=Cause.RETRY, attempt=2)
    leader.turn()
    assert [run.job_name for run in leader.started] == ["noop"]


def test_a_queued_run_of_a_job_of_tomorrow_waits(leader):
    queue("of_tomorrow")
    leader.turn()
    assert rows("of_tomorrow") == [("12:00:00", "queued")]


def test_a_given_back_cron_slot_is_missed_when_nobody_comes_in_time(leader, clock):
    schedule("noop", cron="0 13 * * *")
    schedule("failing", interval_seconds=3_600)
    leader.look()
    clock.forward(hours=1)
    leader.turn()
    claims.release([run.run_id for run in leader.started], leader.presence.process)
    clock.forward(seconds=61)
    claims.miss_late(clock.now)
    assert rows("noop") == [("13:00:00", "missed")]
    assert rows("failing") == [("13:00:00", "queued")]


@pytest.mark.parametrize(("seconds", "then"), [(30, "running"), (60, "running"), (61, "missed")])
def test_the_next_pass_misses_a_given_back_cron_slot_past_its_grace(leader, clock, seconds, then):
    schedule("noop", cron="0 13 * * *")
    leader.look()
    clock.forward(hours=1)
    leader.turn()
    assert [run.attempt for run in leader.started] == [1]
    claims.release([run.run_id for run in leader.started], leader.presence.process)
    clock.forward(seconds=seconds)
    leader.turn()
    assert rows("noop") == [("13:00:00", then)]


def test_a_run_that_cannot_go_back_since_another_is_queued_is_cancelled(leader):
    run = queue()
    leader.turn()
    queue(scheduled_for=NOON + timedelta(hours=1))
    claims.release([run.pk], leader.presence.process)
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert "another run of the job is queued" in run.error


def test_only_its_own_running_rows_are_given_back(leader, clock):
    run = queue()
    leader.turn()
    claims.release([run.pk], Leader(clock).presence.process)
    assert rows() == [("12:00:00", "running")]
    leader.end_runs()
    claims.release([run.pk], leader.presence.process)
    assert rows() == [("12:00:00", "succeeded")]


@pytest.mark.django_db(transaction=True)
def test_recovering_starts_nothing_that_is_at_hand(cast, clock):
    """With the real executor: what flies or waits to be recorded is not started again."""
    leader = Leader(clock)
    executor = leader.service.executor
    del executor.submit_runs, executor.in_flight
    queue("slow")
    leader.turn()
    assert cast.begun.wait(5)
    leader.scheduler._recover()
    cast.let_go.set()
    assert executor.wait(5)
    # Ended, but the recorder has not begun to write.
    leader.scheduler._recover()
    assert executor.wait(5)
    assert cast.calls == ["slow"]
    leader.service.recorder.start()
    assert leader.service.recorder.close(5)
    assert rows("slow") == [("12:00:00", "succeeded")]


def test_more_slots_than_a_pass_takes_are_claimed_by_the_next_at_once(leader, clock, monkeypatch):
    monkeypatch.setattr("scheduling.scheduler.MOST_DUE", 2)
    for name in ("noop", "failing", "slow"):
        schedule(name, interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    assert leader.turn() == 0
    assert len(leader.started) == 2
    assert leader.turn() > 0
    assert {run.job_name for run in leader.started} == {"noop", "failing", "slow"}


def test_jobs_that_nobody_here_knows_keep_no_other_from_starting(leader, clock, monkeypatch):
    monkeypatch.setattr("scheduling.scheduler.MOST_DUE", 2)
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    long_ago = clock.now - timedelta(hours=1)
    for name in ("of_tomorrow", "of_next_week", "of_next_year"):
        DjangoJob.objects.create(id=name, next_run_time=long_ago, job_state=b"")
    for _ in range(3):
        leader.turn()
    assert [run.job_name for run in leader.started] == ["noop"]


def test_a_pass_asks_no_more_of_a_hundred_slots_than_of_one(
    leader, clock, django_assert_max_num_queries
):
    """Guard: one statement each for claims and next runs, scheduling/batches.py."""
    names = [f"one_of_many_{number}" for number in range(100)]
    for name in names:
        registry.safe_job(name)(lambda: None)
        schedule(name, interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    with django_assert_max_num_queries(12):
        leader.turn()
    assert {run.job_name for run in leader.started} == set(names)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has processes of its own")
def test_a_pass_leaves_it_to_others_to_move_the_log_into_the_database(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint=1000")
        clock.forward(seconds=60)
        leader.turn()
        assert cursor.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    assert len(leader.started) == 1
