"""The leader's queue and who takes from it: Procrastinate's tables without its worker."""

import json
from datetime import timedelta

import procrastinate.worker
import pytest
from django.db import DatabaseError, connection, transaction
from procrastinate import App
from procrastinate.schema import SchemaManager
from procrastinate.testing import InMemoryConnector

from scheduling import claims
from scheduling.models import Cause, JobRun, Role, SchedulerProcess, Status
from scheduling.presence import Presence
from scheduling.procrastinate import strays, taking
from scheduling.procrastinate.permits import Permits
from scheduling.procrastinate.tickets import TASK, Ticket, enqueue, made_for
from scheduling.prune import prune

from .leader import NOON, Clock, Leader, rows, schedule

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="Procrastinate needs PostgreSQL"
)


@pytest.fixture
def queue(db, settings):
    """Procrastinate's tables, for the time of a test."""
    settings.SCHEDULER_EXECUTOR = "procrastinate"
    with connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())


@pytest.fixture
def leader(queue, cast, clock):
    return Leader(clock)


@pytest.fixture
def worker(queue, clock):
    return Presence(clock, Role.WORKER).process


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def tickets(status="todo"):
    found = sql(
        "SELECT queue_name, priority, args FROM procrastinate_jobs WHERE status = %s ORDER BY id",
        status,
    )
    return [(queue, priority, json.loads(args)) for queue, priority, args in found]


def ticket():
    """The one that waits, as a worker is given it."""
    [(queue, priority, args)] = tickets()
    run = JobRun.objects.get(pk=args["runs"][0])
    return Ticket(
        run_ids=tuple(args["runs"]), claimed_at=run.claimed_at, queue=queue, priority=priority
    )


@pytest.fixture
def handed_over(leader, clock):
    """A run of ``noop`` that waits for a worker."""
    schedule(interval_seconds=60, timeout_seconds=9)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    return JobRun.objects.get()


def take(ticket, worker, clock, most=10):
    return [run.run_id for run in taking.take(ticket, most, worker, clock())]


def test_a_slot_that_has_come_is_claimed_and_waits_for_a_worker(handed_over, leader, clock):
    assert (handed_over.status, handed_over.process, handed_over.worker) == ("queued", None, "")
    assert handed_over.claimed_at == clock.now
    [(queue, priority, args)] = tickets()
    assert (queue, priority) == ("default", 0)
    assert args == {"runs": [handed_over.pk], "claimed_at": clock.now.isoformat()}
    assert leader.started == []


def test_queue_and_priority_are_those_of_the_schedule(leader, clock):
    schedule(interval_seconds=60, queue="slow.lane", priority=-3)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    assert [each[:2] for each in tickets()] == [("slow.lane", -3)]


def test_claim_and_ticket_are_written_together_or_not_at_all(leader, clock, monkeypatch):
    def refuse(*_args):
        raise DatabaseError("the queue is away")

    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    with monkeypatch.context() as away:
        away.setattr("scheduling.procrastinate.executor.enqueue", refuse)
        # It would close the one that this test's own transaction is in.
        away.setattr("scheduling.scheduler.close_old_connections", lambda: None)
        leader.turn()
    assert rows() == []
    leader.turn()
    assert rows() == [("12:01:00", "queued")]
    assert len(tickets()) == 1


def test_a_worker_takes_what_its_ticket_names(handed_over, worker, clock):
    [taken] = taking.take(ticket(), 10, worker, clock())
    assert (taken.run_id, taken.job_name, taken.timeout_seconds) == (handed_over.pk, "noop", 9)
    handed_over.refresh_from_db()
    assert (handed_over.status, handed_over.process) == ("running", worker)
    assert handed_over.worker == str(worker)


def test_a_ticket_that_comes_twice_starts_nothing_twice(handed_over, worker, clock):
    """Guard: ``AND run.status = 'queued'`` in scheduling/procrastinate/taking.py."""
    given = ticket()
    other = Presence(clock, Role.WORKER).process
    assert take(given, worker, clock) == [handed_over.pk]
    assert take(given, other, clock) == []
    claims.release([handed_over.pk], worker)
    assert take(given, other, clock) == []


def test_a_ticket_from_before_a_restore_starts_nothing(handed_over, worker, clock):
    """Guard: ``AND run.claimed_at = %(claimed_at)s`` in scheduling/procrastinate/taking.py."""
    old = Ticket(run_ids=(handed_over.pk,), claimed_at=NOON - timedelta(days=1))
    assert take(old, worker, clock) == []


def test_what_was_cancelled_or_paused_while_it_waited_does_not_start(handed_over, worker, clock):
    given = ticket()
    schedule(paused=True)
    assert take(given, worker, clock) == []
    schedule(paused=False)
    JobRun.objects.update(status=Status.CANCELLED)
    assert take(given, worker, clock) == []


def test_what_a_person_asked_for_starts_though_its_schedule_is_paused(leader, worker, clock):
    schedule(interval_seconds=60, paused=True)
    JobRun.objects.create(job_name="noop", trigger=Cause.MANUAL, scheduled_for=NOON)
    leader.look()
    assert len(take(ticket(), worker, clock)) == 1


def test_what_a_worker_has_no_thread_for_gets_a_new_ticket(leader, worker, clock):
    schedule(interval_seconds=60, max_instances=3, coalesce=False)
    leader.look()
    clock.forward(seconds=180)
    leader.turn()
    runs = list(JobRun.objects.order_by("pk").values_list("pk", flat=True))
    together = Ticket(run_ids=tuple(runs), claimed_at=clock.now, queue="a", priority=7)
    sql("DELETE FROM procrastinate_jobs")
    assert take(together, worker, clock, most=2) == runs[:2]
    [(queue, priority, args)] = tickets()
    assert (queue, priority, args["runs"]) == ("a", 7, runs[2:])


def test_what_only_a_newer_release_knows_is_left_for_a_newer_worker(handed_over, worker, clock):
    given = ticket()
    JobRun.objects.update(job_name="newer")
    schedule("newer", interval_seconds=60)
    sql("DELETE FROM procrastinate_jobs")
    assert take(given, worker, clock) == []
    assert JobRun.objects.get().status == "queued"
    [(later,)] = sql("SELECT scheduled_at FROM procrastinate_jobs")
    assert later == clock.now + taking.ELSEWHERE_IN


def test_runs_don_t_overlap_one_that_waits(handed_over, leader, clock):
    """Guard: ``JobRun.objects.taken()`` in scheduling/claims.py."""
    clock.forward(seconds=60)
    leader.turn()
    assert rows() == [("12:01:00", "queued"), ("12:02:00", "skipped")]
    skipped = JobRun.objects.get(status="skipped")
    assert skipped.error == (
        "The run before it still waited for a Procrastinate worker, since 2026-11-23 12:01:00 UTC."
    )


def test_a_pass_does_not_take_what_waits_for_a_worker(handed_over, leader, clock):
    """Guard: ``queued = self.unclaimed()`` in scheduling/querysets.py."""
    schedule(max_instances=3)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    assert len(tickets()) == 2


def test_what_waits_is_lost_with_nobody(handed_over, leader, clock):
    clock.forward(seconds=600)
    leader.beat()
    assert leader.sweep() == 0
    assert JobRun.objects.get().status == "queued"


def test_a_cron_slot_that_nobody_takes_in_its_grace_is_missed(leader, clock):
    schedule(cron="* * * * *", timezone="UTC", misfire_grace_seconds=90)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    clock.forward(seconds=90)
    strays.tidy(clock())
    assert JobRun.objects.get().status == "queued"
    clock.forward(seconds=1)
    strays.tidy(clock())
    run = JobRun.objects.get()
    assert run.status == "missed"
    assert "none took it in time" in run.error


def test_an_interval_job_waits_however_long(handed_over, clock):
    strays.tidy(clock.forward(days=1))
    assert JobRun.objects.get().status == "queued"


def test_a_ticket_that_vanished_is_written_anew(handed_over, worker, clock):
    """Guard: ``enqueue(made_for(runs, claimed_at))`` in scheduling/procrastinate/strays.py."""
    sql("DELETE FROM procrastinate_jobs")
    strays.tidy(clock.forward(seconds=19))
    assert tickets() == []
    strays.tidy(clock.forward(seconds=2))
    assert take(ticket(), worker, clock) == [handed_over.pk]


def test_a_ticket_that_waits_is_left_alone(handed_over, clock):
    strays.tidy(clock.forward(seconds=600))
    assert len(tickets()) == 1


@pytest.mark.parametrize("silent", [True, False])
def test_a_ticket_in_the_hand_of_a_dead_worker_is_written_anew(handed_over, clock, silent):
    sql("INSERT INTO procrastinate_workers DEFAULT VALUES")
    sql("SELECT procrastinate_fetch_job_v2(NULL, (SELECT max(id) FROM procrastinate_workers))")
    if silent:
        sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '21 s'")
    strays.tidy(clock.forward(seconds=600))
    assert (len(tickets()), len(tickets("doing"))) == ((1, 0) if silent else (0, 1))


def test_finished_tickets_that_were_kept_go_after_a_day(handed_over):
    """Guard: ``event.at > now() - interval '1 day'`` in scheduling/procrastinate/strays.py."""
    sql("UPDATE procrastinate_jobs SET status = 'doing'")
    sql("UPDATE procrastinate_jobs SET status = 'succeeded'")
    prune(NOON, 90, 20)
    assert len(tickets("succeeded")) == 1
    sql("UPDATE procrastinate_events SET at = at - interval '25 hours'")
    prune(NOON, 90, 20)
    assert tickets("succeeded") == []


def test_back_to_threads_takes_back_what_waits(handed_over, worker, clock, settings):
    given = ticket()
    settings.SCHEDULER_EXECUTOR = "threads"
    threads = Leader(Clock(clock.now))
    threads.service.executor.tidy(clock.now)
    assert take(given, worker, clock) == []
    threads.turn()
    assert [run.run_id for run in threads.started] == [handed_over.pk]


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, {1}), (24, {1}), (25, {1, 2}), (240, {10}), (5000, {10})]
)
def test_many_runs_share_tickets_no_larger_than_a_worker_has_threads(queue, count, sizes):
    made = made_for([(number, "noop") for number in range(count)], NOON)
    assert {len(each.run_ids) for each in made} == sizes
    assert [run for each in made for run in each.run_ids] == list(range(count))


def test_many_tickets_are_one_statement(queue, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        enqueue([Ticket(run_ids=(number,), claimed_at=NOON) for number in range(100)])
    assert sql("SELECT count(*), min(task_name) FROM procrastinate_jobs") == [(100, TASK)]


def test_the_names_that_we_lean_on_in_procrastinate_are_there():
    worker = procrastinate.worker.Worker(App(connector=InMemoryConnector()), concurrency=3)
    assert worker._job_semaphore._value == 3
    assert callable(worker.stop)
    assert Permits(worker)


def test_a_worker_is_no_leader(worker):
    assert worker.role == Role.WORKER
    assert SchedulerProcess.objects.workers().get() == worker
