"""Backups, and what becomes of a database that is put back, as a shell sees them."""

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.waiting import wait_until

from .clients import path_with, programs
from .databases import SERVER

pytestmark = pytest.mark.process
RUNS = "SELECT count(*) FROM scheduling_jobrun"
on_postgresql = pytest.mark.skipif(not SERVER, reason="about PostgreSQL's own programs")
without_a_process = pytest.mark.skipif(not SERVER, reason="tests/test_backups.py has it")


@pytest.fixture
def file(installation):
    installation.env["PATH"] = path_with(programs())
    return installation.folder / "backup"


def done(installation, *arguments, **env):
    finished = installation.manage(*arguments, **env)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def refused(installation, *arguments, **env):
    finished = installation.manage(*arguments, **env)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    return finished.stderr


def aside(installation):
    found = [path for path in installation.folder.iterdir() if ".before-" in path.name]
    assert len(found) == 1
    return found[0]


def add_person(installation):
    """Somebody who would miss the database."""
    done(installation, "createsuperuser", "--noinput", "--username=ann", "--email=ann@example.com")


def test_a_backup_is_made_while_the_worker_runs_and_holds_all_of_a_moment(installation, file):
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 1 WHERE name = 'tick'")
    installation.worker()
    wait_until(lambda: installation.count(RUNS) > 1, 15)
    before = installation.count(RUNS)
    told = done(installation, "backup", str(file))
    after = installation.count(RUNS)
    assert "checked." in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in installation.folder.iterdir() if ".part" in path.name] == []
    installation.processes[0].terminate()
    assert installation.processes[0].wait(15) == 0
    done(installation, "restore", str(file), "--replace")
    assert before <= installation.count(RUNS) <= after
    assert installation.count(f"{RUNS} WHERE status IN ('running', 'queued')") == 0


@without_a_process
def test_what_was_there_is_kept_aside_and_can_be_put_back(installation, file):
    done(installation, "backup", str(file))
    add_person(installation)
    done(installation, "restore", str(file), "--replace")
    people = "SELECT count(*) FROM auth_user"
    assert installation.count(people) == 0
    kept = aside(installation)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    done(installation, "restore", str(kept), "--replace")
    assert installation.count(people) == 1


@without_a_process
def test_a_database_in_use_is_replaced_only_when_told(installation, file):
    done(installation, "backup", str(file))
    add_person(installation)
    assert "Add --replace" in refused(installation, "restore", str(file))
    assert installation.count("SELECT count(*) FROM auth_user") == 1


def test_nothing_is_restored_while_a_worker_leads_or_stands_by(installation, file):
    done(installation, "backup", str(file))
    leader = installation.worker()
    wait_until(lambda: "leadership_acquired" in installation.log(), 15)
    assert "A worker leads (" in refused(installation, "restore", str(file), "--replace")
    leader.kill()
    leader.wait()
    # It has not said goodbye, so it may only have lost its lock.
    assert "There are workers (" in refused(installation, "restore", str(file), "--replace")


@without_a_process
def test_what_a_restore_paused_goes_on_when_told_and_what_people_paused_stays(installation, file):
    installation.sql("UPDATE scheduling_jobschedule SET paused = true WHERE name = 'nap'")
    past = datetime.now(UTC) - timedelta(hours=1)
    installation.sql(
        "UPDATE scheduling_jobschedule SET paused = true, paused_until = %s WHERE name = 'tick'",
        past,
    )
    installation.sql(
        "INSERT INTO mods_newschannel (name, sealed, service, enabled, language, grouped, timezone,"
        " problem) VALUES ('on', '', '', true, 'en', true, 'UTC', ''),"
        " ('off', '', '', false, 'en', true, 'UTC', '')"
    )
    done(installation, "backup", str(file))
    told = done(installation, "restore", str(file), "--replace")
    assert "All schedules are paused" in told
    live = (
        "SELECT count(*) FROM scheduling_jobschedule WHERE NOT paused OR paused_until IS NOT NULL"
    )
    on = "SELECT name FROM mods_newschannel WHERE enabled"
    assert installation.count(live) == 0
    assert installation.sql(on) == []
    done(installation, "restore", "--live")
    assert installation.sql("SELECT name FROM scheduling_jobschedule WHERE paused") == [("nap",)]
    assert installation.sql(on) == [("on",)]


def test_after_an_old_backup_no_old_slot_runs_and_none_comes_in_a_flood(installation, file):
    """Its next run is days ago, and some runs went on or waited."""
    then = datetime.now(UTC) - timedelta(days=3)
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 0")
    installation.sql(
        "UPDATE scheduling_jobschedule SET interval_seconds = 60, max_retries = 3"
        " WHERE name = 'tick'"
    )
    worker = installation.worker()
    applied = "SELECT count(*) FROM django_apscheduler_djangojob WHERE id = 'tick'"
    wait_until(lambda: installation.count(applied), 15)
    worker.terminate()
    worker.wait(15)
    installation.sql("DELETE FROM scheduling_jobrun")
    installation.sql("UPDATE django_apscheduler_djangojob SET next_run_time = %s", then)
    installation.add_run("tick", "running", then - timedelta(minutes=1))
    installation.add_run("tick", "queued", then - timedelta(seconds=30))
    done(installation, "backup", str(file))

    done(installation, "restore", str(file), "--replace", "--live")
    worker = installation.worker()
    wait_until(lambda: "succeeded" in installation.runs("tick"), 15)
    worker.terminate()
    worker.wait(15)
    # One run makes up for all the slots that passed; nothing of the backup is tried again.
    assert installation.runs("tick") == ["lost", "cancelled", "missed", "succeeded"]
    missed = installation.sql("SELECT slots FROM scheduling_jobrun WHERE status = 'missed'")
    assert missed[0][0] > 4_000


def test_a_restored_backup_of_somewhere_else_runs_nothing(installation, file):
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 1 WHERE name = 'tick'")
    done(installation, "backup", str(file))
    done(installation, "restore", str(file), "--replace")
    worker = installation.worker()
    applied = (
        "SELECT count(*) FROM scheduling_schedulestate AS state JOIN scheduling_jobschedule AS"
        " schedule ON schedule.id = schedule_id WHERE name = 'tick'"
    )
    wait_until(lambda: installation.count(applied), 15)
    worker.terminate()
    assert worker.wait(15) == 0
    assert installation.count(RUNS) == 0
    assert not installation.ticks.exists()


@without_a_process
def test_a_damaged_file_is_refused_and_the_database_stays(installation, file):
    done(installation, "backup", str(file))
    add_person(installation)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    refused(installation, "restore", str(file), "--replace")
    file.write_text("no backup")
    refused(installation, "restore", str(file), "--replace")
    assert installation.count("SELECT count(*) FROM auth_user") == 1
    assert [path for path in installation.folder.iterdir() if ".before-" in path.name] == []


@without_a_process
def test_a_backup_of_a_newer_version_is_refused(installation, file):
    now = datetime.now(UTC)
    installation.sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('mods', '9999_later', %s)", now
    )
    done(installation, "backup", str(file))
    told = refused(installation, "restore", str(file), "--replace")
    assert "was made by a newer version of vsmanager (mods.9999_later" in told


@without_a_process
def test_no_file_is_overwritten_unless_told(installation, file):
    file.write_text("something else")
    assert "is there already" in refused(installation, "backup", str(file))
    assert file.read_text() == "something else"
    done(installation, "backup", str(file), "--replace")
    assert file.stat().st_size > 10_000


def test_a_backup_goes_to_standard_output_and_an_empty_database_takes_it(installation, file):
    with file.open("wb") as out:
        subprocess.run(
            [sys.executable, "manage.py", "backup", "-"],
            env=installation.env, stdout=out, check=True,
        )  # fmt: skip
    installation.database.drop()
    if SERVER:
        installation.database._admin(f"CREATE DATABASE {installation.database.name}")
    else:
        installation.database.path.unlink()
    assert "Restored" in done(installation, "restore", str(file))
    assert installation.count("SELECT count(*) FROM scheduling_jobschedule") > 3


def test_a_database_without_tables_has_nothing_to_back_up(empty):
    told = refused(empty, "backup", str(empty.folder / "backup"))
    assert "There is nothing to back up yet. Run: python manage.py migrate" in told


@pytest.mark.parametrize(
    "arguments", [["jobs"], ["readiness"], ["importmods", "."], ["pruneruns"], ["runjob", "nap"],
                  ["createtoken", "ann"], ["restore", "--live"]]
)  # fmt: skip
def test_a_command_on_a_database_that_lacks_migrations_says_so_in_one_line(empty, arguments):
    told = refused(empty, *arguments)
    assert told == "The database is not up to date. Run: python manage.py migrate\n"


def test_a_command_without_its_database_says_so_in_one_line(empty):
    away = {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}
    told = refused(empty, "jobs", **away).splitlines()
    assert len(told) == 1
    assert told[0].startswith("The database that DATABASE_URL names can't be used: ")


@on_postgresql
def test_programs_that_are_missing_or_too_old_are_named_with_what_to_do(installation, file):
    told = refused(installation, "backup", str(file), PATH="/nowhere")
    assert "pg_dump is not there. Install PostgreSQL's client programs of version" in told
    old = installation.folder / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    told = refused(installation, "backup", str(file), PATH=path_with(str(installation.folder)))
    assert "pg_dump is of version 9 and the server of version" in told
    assert not file.exists()
