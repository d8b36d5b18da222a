"""Two workers, of which one stops, loses its lock or comes back: each run has one end, and the
other goes on meanwhile."""

import signal
from datetime import UTC, datetime

import psycopg
import pytest

from tests.waiting import wait_until

from .databases import SERVER
from .history import broken_ticks, notes, rows
from .test_database_faults import cut_all_sessions
from .test_faults import LEADS, leader_and_stand_by, lose_leadership, stop_all, ticked

pytestmark = pytest.mark.process
on_postgresql = pytest.mark.skipif(not SERVER, reason="about PostgreSQL")


def ask_to_cancel(installation, job):
    installation.sql(
        "UPDATE scheduling_jobrun SET cancel_requested_at = %s, cancel_requested_by = 'ann'"
        " WHERE job_name = %s",
        datetime.now(UTC),
        job,
    )
    installation.announce()


def test_another_worker_goes_on_while_one_waits_for_its_last_run(installation):
    """Guard: ``lock.release()`` in ``_wind_up``, scheduling/worker.py."""
    leader, _ = leader_and_stand_by(installation, NAP="5")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    leader.send_signal(signal.SIGTERM)
    wait_until(lambda: LEADS in installation.log(1), 5)
    ticked(installation, 1)
    assert installation.runs("nap") == ["running"]
    assert leader.wait(20) == 0
    assert installation.runs("nap") == ["succeeded"]
    stop_all(installation)
    assert broken_ticks(installation) == []


def test_a_thawed_worker_does_not_start_what_was_closed_meanwhile(installation):
    """Guard: ``if self._may_begin(claimed) and`` in scheduling/executors.py."""
    leader, _ = leader_and_stand_by(
        installation, "elsewhere", FAULT_SILENT_AFTER="1.5", NAP="2", SCHEDULER_THREADS="1"
    )
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    wait_until(lambda: rows(installation, "nap")[0].started_at, 10)
    [nap] = rows(installation, "nap")
    # Its one thread naps: the next slot of tick is claimed and waits.
    wait_until(lambda: rows(installation, "tick")[-1].slot > nap.started_at, 10)
    installation.freeze(leader)
    wait_until(lambda: "lost" in installation.runs("tick"), 30)
    leader.send_signal(signal.SIGCONT)
    wait_until(lambda: "run_is_not_ours_any_more" in installation.log(0), 20)
    ticked(installation)
    stop_all(installation)
    lost = {row.slot for row in rows(installation, "tick") if row.status == "lost"}
    assert lost
    assert not lost & {note.slot for note in notes(installation)}


def test_a_run_is_cancelled_though_its_worker_leads_no_more(installation):
    """Guard: ``self._watch.hear_cancellations()`` in ``_stand_by``, scheduling/worker.py."""
    leader_and_stand_by(installation, "elsewhere", FAULT_LEADS_ONCE="yes")
    installation.queue("listen")
    wait_until(installation.napping.exists, 10)
    # On PostgreSQL as a restart of the server does it: none of its connections works any more.
    cut_all_sessions(installation) if SERVER else lose_leadership(installation)
    wait_until(lambda: LEADS in installation.log(1), 10)
    ask_to_cancel(installation, "listen")
    wait_until(lambda: installation.runs("listen") == ["cancelled"], 10)


def test_a_run_is_cancelled_while_its_worker_stops(installation):
    """Guard: ``self._watch.hear_cancellations()`` in ``_wind_up``, scheduling/worker.py."""
    worker = installation.worker()
    installation.queue("listen")
    wait_until(installation.napping.exists, 10)
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "scheduler_stopping" in installation.log(), 10)
    if SERVER:
        cut_all_sessions(installation)
    ask_to_cancel(installation, "listen")
    wait_until(lambda: installation.runs("listen") == ["cancelled"], 10)
    assert worker.wait(10) == 0
    assert installation.count(
        "SELECT count(*) FROM scheduling_schedulerprocess WHERE stopped_at IS NULL"
    ) == 0  # fmt: skip


@on_postgresql
def test_a_stand_by_whose_sessions_were_cut_still_replaces_a_frozen_leader(installation):
    """Guard: ``close_old_connections()`` in ``Forgiving``, scheduling/sessions.py."""
    leader, _ = leader_and_stand_by(installation, "elsewhere", FAULT_SILENT_AFTER="2")
    ticked(installation, 1)
    # All but those that the leader leads by, so that it goes on to lead.
    installation.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND query NOT ILIKE '%LISTEN%'"
        " AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
    )
    ticked(installation, 1)
    installation.freeze(leader)
    wait_until(lambda: LEADS in installation.log(1), 20)
    leader.send_signal(signal.SIGCONT)
    ticked(installation)
    stop_all(installation)
    assert broken_ticks(installation) == []


def test_a_lost_run_of_a_job_whose_row_nothing_can_read_keeps_no_worker_from_leading(
    installation,
):
    """Guards: ``allowed = dict(schedules.values_list(`` and the ``except Exception`` before it in
    scheduling/retries.py; either is enough."""
    worker = installation.worker(NAP="60")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    unreadable = (
        "paused_until = 'infinity', paused = true" if SERVER else "created_at = '2026-13-01'"
    )
    installation.sql(
        f"UPDATE scheduling_jobschedule SET max_retries = 2, {unreadable} WHERE name = 'nap'"
    )
    installation.worker(NAP="0")
    ticked(installation)
    assert installation.runs("nap")[0] == "lost"


def test_runjob_finds_out_that_a_machine_lost_its_power(installation):
    """Guard: ``_listen_for(name, presence)`` in the command ``runjob``."""
    killed = installation.start("manage.py", "runjob", "listen")
    wait_until(installation.napping.exists, 15)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    installation.sql(
        "UPDATE scheduling_schedulerprocess SET machine = 'of another boot', heartbeat_at = %s",
        datetime(2026, 11, 1, 0, 0, 0, 7, tzinfo=UTC),
    )
    installation.napping.unlink()
    installation.start("manage.py", "runjob", "listen")
    wait_until(installation.napping.exists, 25)
    assert installation.runs("listen") == ["lost", "running"]


@on_postgresql
def test_a_claim_whose_commit_was_not_heard_is_run_though_another_leads_then(installation):
    """Guard: ``if self._unsure:`` before ``self._leads()``, scheduling/scheduler.py."""
    installation.worker(FAULT_COMMIT_UNKNOWN="tick", FAULT_LEADS_ONCE="yes")
    wait_until(lambda: LEADS in installation.log(0), 10)
    installation.worker(FAULT_HOST="elsewhere")
    wait_until(lambda: LEADS in installation.log(1), 20)
    ticked(installation, 3, 20)
    stop_all(installation)
    assert "pass_failed" in installation.log(0)
    assert {row.status for row in rows(installation, "tick")} <= {"succeeded", "missed", "skipped"}
    assert broken_ticks(installation) == []


@on_postgresql
def test_no_run_starts_anew_when_the_database_was_read_only(installation):
    """Guard: ``return False  # it stays owed`` in scheduling/recorder.py."""
    worker = installation.worker(NAP="2", LOG_LEVEL="INFO")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    [(name,)] = installation.sql("SELECT current_database()")
    installation.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    cut_all_sessions(installation)
    wait_until(lambda: "read-only" in installation.log(), 15)
    wait_until(lambda: "outcome_refused" in installation.log(), 15)
    writing = "-c default_transaction_read_only=off"
    with psycopg.connect(installation.database.url, autocommit=True, options=writing) as admin:
        admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    cut_all_sessions(installation)
    wait_until(lambda: installation.runs("nap") == ["succeeded"], 15)
    ticked(installation)
    assert worker.poll() is None
    assert installation.log().count('"event": "nap_started"') == 1
    stop_all(installation)
    assert broken_ticks(installation) == []


@on_postgresql
def test_a_row_with_a_time_that_nothing_can_read_harms_no_other_job(installation):
    """Guard: ``self._read_one(pk, name, now)`` in scheduling/reconcile.py."""
    installation.worker()
    ticked(installation, 1)
    installation.sql(
        "UPDATE scheduling_jobschedule SET paused = true, paused_until = 'infinity'"
        " WHERE name = 'nap'"
    )
    installation.announce()
    problem = (
        "SELECT count(*) FROM scheduling_schedulestate s JOIN scheduling_jobschedule j"
        " ON j.id = s.schedule_id WHERE j.name = 'nap' AND s.problem <> ''"
    )
    wait_until(lambda: installation.count(problem), 10)
    ticked(installation)
    stop_all(installation)
    assert broken_ticks(installation) == []
