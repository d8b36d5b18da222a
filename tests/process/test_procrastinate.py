"""The leader hands runs over, and Procrastinate's workers run them: real processes."""

import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.waiting import wait_until

from .databases import SERVER
from .history import broken_ticks, notes, rows
from .nursery import PROJECT
from .play.apps import DEAD
from .test_faults import LEADS, stop_all, ticked

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not SERVER, reason="Procrastinate needs PostgreSQL"),
]

IMPATIENT = {"FAULT_SILENT_AFTER": "2"}


@pytest.fixture
def leader(queue):
    leader = queue.worker(**IMPATIENT)
    wait_until(lambda: LEADS in queue.log(0), 10)
    return leader


def tickets(queue):
    return queue.count("SELECT count(*) FROM procrastinate_jobs")


def set_schedule(queue, job, **fields):
    values = ", ".join(f"{name} = {value}" for name, value in fields.items())
    queue.sql(f"UPDATE scheduling_jobschedule SET {values} WHERE name = '{job}'")


def ask_to_stop(queue, job):
    queue.sql(
        "UPDATE scheduling_jobrun SET cancel_requested_at = now(), cancel_requested_by = 'ann'"
        f" WHERE job_name = '{job}' AND status = 'running'"
    )
    queue.announce()


def test_two_workers_run_every_slot_once_and_the_leader_none(queue, leader):
    some = queue.hands("-q", "default", "-c", "2", **IMPATIENT)
    workers = {queue.hands(**IMPATIENT).pid, some.pid}
    ticked(queue, 4)
    stop_all(queue)
    assert {note.pid for note in notes(queue)} <= workers
    assert broken_ticks(queue) == []
    # While no worker was there the first one waited, and the next ones had to pass.
    ends = {row.status for row in rows(queue, "tick")}
    assert ends <= {"succeeded", "skipped", "missed"}
    assert tickets(queue) == 0
    assert "Traceback" not in "".join(queue.log(number) for number in range(3))


def test_a_worker_that_is_killed_loses_its_run_and_another_tries_again(queue, leader):
    """Guard: ``if reason and _close(run, reason, now):`` in scheduling/sweeps.py."""
    set_schedule(queue, "nap", interval_seconds=3600, max_retries=1)
    worker = queue.hands(NAP="60", **IMPATIENT)
    queue.queue("nap")
    wait_until(lambda: rows(queue, "nap") and rows(queue, "nap")[0].started_at, 10)
    worker.kill()
    wait_until(lambda: queue.runs("nap") == ["lost", "queued"], 10)
    queue.hands(NAP="0", **IMPATIENT)
    queue.sql("UPDATE scheduling_jobrun SET not_before = now() WHERE attempt = 2")
    queue.announce()
    wait_until(lambda: queue.runs("nap") == ["lost", "succeeded"], 10)
    ticked(queue)
    stop_all(queue)
    assert broken_ticks(queue) == []


@pytest.mark.parametrize("step", ["before taking", "taken"])
def test_a_worker_that_dies_with_a_ticket_in_its_hand_leaves_no_run_open(queue, leader, step):
    """Guards: ``cursor.execute(_DROP_OF_THE_DEAD`` in scheduling/procrastinate/strays.py, and
    the sweeps."""
    set_schedule(queue, "tick", interval_seconds=0)
    queue.announce()
    worker = queue.hands(FAULT_DIE=step, **IMPATIENT)
    queue.queue("nap")
    assert worker.wait(10) == DEAD
    queue.hands(NAP="0", **IMPATIENT)
    expected = "succeeded" if step == "before taking" else "lost"
    wait_until(lambda: queue.runs("nap") == [expected], 15)
    wait_until(lambda: tickets(queue) == 0, 10)


def test_a_leader_that_dies_between_claim_and_ticket_has_done_neither(queue):
    """Guard: ``claimed = self._executor.hand_over(claimed, now)`` in scheduling/scheduler.py,
    inside the transaction."""
    dead = queue.start("manage.py", "runscheduler", FAULT_DIE="handing over")
    assert dead.wait(20) == DEAD
    assert queue.count("SELECT count(*) FROM scheduling_jobrun WHERE claimed_at IS NOT NULL") == 0
    assert tickets(queue) == 0
    queue.worker()
    queue.hands()
    ticked(queue)
    stop_all(queue)
    assert broken_ticks(queue) == []


def test_what_waits_belongs_to_nobody_and_is_neither_lost_nor_run_twice(queue, leader):
    queue.queue("nap")
    wait_until(lambda: tickets(queue), 10)
    queue.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
        " SELECT queue_name, task_name, args FROM procrastinate_jobs"
    )
    leader.send_signal(signal.SIGTERM)
    assert leader.wait(20) == 0
    queue.worker(**IMPATIENT)
    wait_until(lambda: LEADS in queue.log(1), 10)
    assert queue.runs("nap") == ["queued"]
    for _ in range(2):
        queue.hands(NAP="0", **IMPATIENT)
    wait_until(lambda: queue.runs("nap") == ["succeeded"], 10)
    ticked(queue)
    stop_all(queue)
    assert broken_ticks(queue) == []


def test_a_run_is_watched_and_cancelled_and_another_timed_out_on_another_machine(queue, leader):
    """Guards: ``self._tending.cancel_asked()`` and ``self._tending.close_overdue()`` in
    scheduling/procrastinate/hands.py."""
    set_schedule(queue, "nap", interval_seconds=3600, timeout_seconds=1)
    queue.hands(NAP="60", FAULT_HOST="elsewhere", **IMPATIENT)
    queue.queue("recite")
    queue.queue("nap")
    so_far = (
        "SELECT 1 FROM scheduling_jobrun WHERE status = 'running'"
        " AND progress ->> 'text' = 'verses' AND log::text LIKE '%verse%'"
    )
    wait_until(lambda: queue.sql(so_far), 10)
    asked = datetime.now(UTC)
    ask_to_stop(queue, "recite")
    wait_until(lambda: queue.runs("recite") == ["cancelled"], 10)
    [run] = rows(queue, "recite")
    assert run.error == "Cancelled by ann."
    assert (run.finished_at - asked).total_seconds() < 2
    wait_until(lambda: queue.runs("nap") == ["timed_out"], 10)


def test_a_worker_that_is_told_to_stop_finishes_what_runs_and_begins_no_more(queue, leader):
    worker = queue.hands(NAP="1.5", **IMPATIENT)
    queue.queue("nap")
    wait_until(queue.napping.exists, 10)
    worker.send_signal(signal.SIGTERM)
    seen = len(notes(queue))
    assert worker.wait(20) == 0
    assert queue.runs("nap") == ["succeeded"]
    assert len(notes(queue)) <= seen + 1


def test_the_second_signal_stops_a_worker_at_once(queue, leader):
    worker = queue.hands(NAP="60", **IMPATIENT)
    queue.queue("nap")
    wait_until(queue.napping.exists, 10)
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "worker_stopping" in queue.log(1), 10)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 1
    assert queue.runs("nap") == ["lost"]
    assert "told to stop at once" in rows(queue, "nap")[0].error


def test_when_the_leader_is_killed_what_runs_elsewhere_goes_on(queue, leader):
    queue.hands(NAP="3", **IMPATIENT)
    queue.queue("nap")
    wait_until(queue.napping.exists, 10)
    stand_by = queue.worker(**IMPATIENT)
    leader.kill()
    wait_until(lambda: LEADS in queue.log(2), 10)
    ticked(queue)
    wait_until(lambda: queue.runs("nap") == ["succeeded"], 10)
    assert stand_by.poll() is None
    stop_all(queue)
    assert broken_ticks(queue) == []


def test_workers_go_on_when_all_sessions_are_cut(queue, leader):
    """Guard: ``except exceptions.ConnectorException`` in scheduling/procrastinate/patience.py."""
    workers = [queue.hands(**IMPATIENT) for _ in range(2)]
    for _ in range(3):
        ticked(queue, 1, 20)
        queue.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    ticked(queue, 2, 20)
    assert [worker.poll() for worker in workers] == [None, None]
    stop_all(queue)
    assert broken_ticks(queue) == []


@pytest.mark.parametrize("command", [["runscheduler"], ["procrastinate", "worker"]])
def test_without_its_tables_neither_begins(queue, command):
    queue.sql("DROP TABLE procrastinate_jobs CASCADE")
    done = queue.manage(*command)
    assert done.returncode == 1
    assert "lacks procrastinate_jobs, " in done.stderr
    assert "Run: python manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_benchmark_tells_how_many_runs_a_second_went_through(queue):
    arguments = [
        "--schedules",
        "3",
        "--seconds",
        "2",
        "--workers",
        "1",
        "--database-url",
        queue.database.url,
    ]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.procrastinate", *arguments],
        cwd=PROJECT,
        env=queue.env | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "| runs a second |" in done.stdout
    assert "| workers that ran something | 1 |" in done.stdout
