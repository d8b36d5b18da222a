"""The database goes away, is locked or full, and comes back: the worker goes on by itself."""

import signal
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager, suppress

import psycopg
import pytest

from tests.waiting import wait_until

from .conftest import Installation
from .databases import SERVER, Postgres
from .history import broken_ticks, rows
from .server import PrivateServer
from .test_faults import LEADS, lose_leadership, stop_all, ticked

pytestmark = pytest.mark.process
on_sqlite = pytest.mark.skipif(bool(SERVER), reason="about SQLite")
on_postgresql = pytest.mark.skipif(not SERVER, reason="about PostgreSQL")


@contextmanager
def locked(installation):
    with closing(sqlite3.connect(installation.database.path, isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 10000")
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@on_sqlite
def test_sqlite_locked_longer_than_its_timeout(installation):
    """Guards: ``except Exception as error:`` in ``_process_jobs`` (scheduling/scheduler.py) keeps
    the loop, ``except Exception as error:`` in ``_work`` (scheduling/recorder.py)
    the outcome."""
    installation.worker(FAULT_BUSY_TIMEOUT="500", NAP="0.3")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    with locked(installation):
        wait_until(lambda: "outcomes_wait_for_database" in installation.log(), 10)
        wait_until(lambda: "pass_failed" in installation.log(), 10)
    wait_until(lambda: installation.runs("nap") == ["succeeded"], 10)
    ticked(installation)
    stop_all(installation)
    assert broken_ticks(installation) == []


@on_sqlite
def test_sqlite_locked_while_a_worker_starts(installation):
    """Guard: ``patiently`` in scheduling/worker.py."""
    with locked(installation):
        installation.start("manage.py", "runscheduler", FAULT_BUSY_TIMEOUT="500")
        wait_until(lambda: "database_unavailable" in installation.log(), 15)
    ticked(installation)


def test_a_take_over_that_the_database_interrupts_is_tried_again(installation):
    """Guard: ``patiently`` around ``_take_over``, scheduling/worker.py."""
    installation.worker(FAULT_TAKE_OVER_FAILS="2")
    ticked(installation)
    assert installation.log().count("database_unavailable") == 2


@pytest.fixture
def tiny(installation, tmp_path):
    """The database on a disk of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no tmpfs can be mounted here")
    installation.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = disk / "db.sqlite3"
    path.write_bytes(installation.database.path.read_bytes())
    installation.database.path = path
    installation.env["DATABASE_URL"] = f"sqlite:///{path}"
    yield installation
    for process in installation.processes:
        process.kill()
        process.wait()
    subprocess.run(["/bin/umount", "--lazy", str(disk)], check=False)


def fill(path):
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


@on_sqlite
def test_a_full_disk(tiny):
    """Guards: those of a locked database."""
    tiny.worker(NAP="0.5")
    ticked(tiny, 1)
    tiny.queue("nap")
    wait_until(tiny.napping.exists, 10)
    stuffing = tiny.database.path.parent / "stuffing"
    fill(stuffing)
    wait_until(lambda: "outcomes_wait_for_database" in tiny.log(), 10)
    wait_until(lambda: "pass_failed" in tiny.log(), 10)
    assert "disk is full" in tiny.log()
    stuffing.unlink()
    wait_until(lambda: tiny.runs("nap") == ["succeeded"], 10)
    ticked(tiny)
    stop_all(tiny)
    assert broken_ticks(tiny) == []
    assert tiny.sql("PRAGMA integrity_check") == [("ok",)]


def cut_all_sessions(installation):
    installation.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@on_postgresql
def test_all_sessions_cut_again_and_again(installation):
    """Guard: ``except Exception as error:`` in ``_work``, scheduling/recorder.py."""
    installation.worker(NAP="1")
    installation.worker(FAULT_HOST="elsewhere")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    for _ in range(5):
        cut_all_sessions(installation)
        time.sleep(0.4)
    wait_until(lambda: installation.runs("nap") == ["succeeded"], 10)
    ticked(installation)
    assert [process.poll() for process in installation.processes] == [None, None]
    stop_all(installation)
    assert {row.status for row in rows(installation, "tick")} <= {"succeeded", "missed", "skipped"}
    assert broken_ticks(installation) == []


@on_postgresql
def test_a_leader_that_has_lost_its_lock_notices_and_the_other_takes_over(installation):
    """Guard: ``lock.held()`` in ``keep``, scheduling/watch.py."""
    installation.worker()
    wait_until(lambda: LEADS in installation.log(0), 10)
    installation.worker(FAULT_HOST="elsewhere")
    wait_until(lambda: "standing_by" in installation.log(1), 10)
    ticked(installation, 1)
    lose_leadership(installation)
    wait_until(lambda: "leadership_lost" in installation.log(0), 2)
    wait_until(lambda: LEADS in installation.log(0).partition("leadership_lost")[2]
               or LEADS in installation.log(1), 3)  # fmt: skip
    ticked(installation)
    stop_all(installation)
    assert broken_ticks(installation) == []


@contextmanager
def held_row(installation, table, job):
    """Another session that keeps a row to itself."""
    column = "id" if "djangojob" in table else "name"
    with psycopg.connect(installation.database.url) as other:
        other.execute(f"SELECT * FROM {table} WHERE {column} = %s FOR UPDATE", [job])
        yield
        other.rollback()


@on_postgresql
def test_a_row_that_another_session_holds_stops_no_other_job(installation):
    """Guard: ``skip_locked=True`` in ``due``, scheduling/jobstore.py."""
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 1 WHERE name = 'nap'")
    installation.worker(NAP="0")
    wait_until(lambda: "succeeded" in installation.runs("nap"), 10)
    with held_row(installation, "django_apscheduler_djangojob", "nap"):
        ticked(installation, 3, 6)
    wait_until(lambda: rows(installation, "nap")[-1].slot > rows(installation, "tick")[-3].slot, 10)
    stop_all(installation)
    assert broken_ticks(installation) == []


@on_postgresql
def test_an_edit_of_a_job_whose_row_is_held_stops_no_other_job(installation):
    """Guard: ``if not _is_held(error):`` in scheduling/applier.py."""
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 100 WHERE name = 'nap'")
    installation.worker(NAP="0", FAULT_LOCK_TIMEOUT="200")
    ticked(installation, 1)
    with held_row(installation, "django_apscheduler_djangojob", "nap"):
        edit = "UPDATE scheduling_jobschedule SET interval_seconds = 200 WHERE name = 'nap'"
        installation.sql(edit)
        installation.announce()
        ticked(installation, 4, 8)
    applied = (
        "SELECT count(*) FROM scheduling_schedulestate s JOIN scheduling_jobschedule j"
        " ON j.id = s.schedule_id WHERE j.name = 'nap' AND s.applied_spec->>'schedule' = '200'"
    )
    wait_until(lambda: installation.count(applied) == 1, 10)
    stop_all(installation)
    assert broken_ticks(installation) == []


@pytest.fixture
def private(tmp_path):
    """An installation on a server of its own, which can be stopped."""
    server = PrivateServer()
    installation = Installation(tmp_path)
    installation.database.drop()
    database = Postgres.__new__(Postgres)
    database.url = server.url
    installation.database, installation.sql = database, database.sql
    installation.env["DATABASE_URL"] = server.url
    done = installation.manage("migrate", "-v0")
    assert done.returncode == 0, done.stderr
    installation.sql(
        "UPDATE scheduling_jobschedule SET interval_seconds = 0 WHERE name NOT IN ('tick', 'nap')"
    )
    yield installation, server
    for process in installation.processes:
        process.send_signal(signal.SIGKILL)
        process.wait()
    server.remove()


@on_postgresql
@pytest.mark.parametrize("immediate", [False, True], ids=["fast", "immediate"])
def test_a_server_that_is_away_longer_than_the_silence(private, immediate):
    """Guard: ``except Exception as error:`` in ``_work``, scheduling/recorder.py."""
    installation, server = private
    for host in ("here", "elsewhere"):
        installation.worker(FAULT_SILENT_AFTER="1", FAULT_HOST=host, NAP="0.5")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    server.stop(immediate=immediate)
    time.sleep(1.5)
    server.start()
    wait_until(lambda: installation.runs("nap") == ["succeeded"], 10)
    ticked(installation)
    stop_all(installation)
    assert broken_ticks(installation) == []


def test_a_long_job_does_not_hold_up_the_others_when_leadership_is_lost(installation):
    """Guard: ``_step_down`` in scheduling/worker.py, which waits for no run."""
    installation.worker(NAP="20")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    lose_leadership(installation)
    wait_until(lambda: "leadership_lost" in installation.log(), 10)
    ticked(installation, 2, 6)
    assert installation.runs("nap") == ["running"]


@on_postgresql
def test_a_commit_whose_answer_never_came_leaves_no_run_open(installation):
    """Guard: ``self._recover()`` in scheduling/scheduler.py."""
    installation.worker(FAULT_COMMIT_UNKNOWN="tick")
    ticked(installation, 3)
    assert "pass_failed" in installation.log()
    wait_until(lambda: installation.runs("tick").count("running") <= 1, 10)
    stop_all(installation)
    assert {row.status for row in rows(installation, "tick")} <= {"succeeded", "missed", "skipped"}
    assert broken_ticks(installation) == []


@on_postgresql
def test_a_worker_that_starts_before_its_database_waits_for_it(private):
    """Guard: ``worker.patiently(self._check)`` in the command ``runscheduler``."""
    installation, server = private
    server.stop()
    installation.start("manage.py", "runscheduler")
    wait_until(lambda: "database_unavailable" in installation.log(), 10)
    server.start()
    ticked(installation)
