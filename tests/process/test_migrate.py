"""Migrations that are killed, and several processes that migrate at once."""

import signal
import time

import pytest
from django.db import connection, models
from django.db.migrations import CreateModel, Migration
from django.db.migrations.state import ProjectState

from vsmanager import migrating

from .databases import SERVER

pytestmark = pytest.mark.process
DONE = "SELECT count(*) FROM django_migrations"
TABLES = {
    True: "SELECT count(*) FROM information_schema.tables WHERE table_name = 'django_migrations'",
    False: "SELECT count(*) FROM sqlite_master WHERE name = 'django_migrations'",
}


def noted(installation):
    """How many migrations the database has had."""
    there = installation.count(TABLES[bool(SERVER)])
    return installation.count(DONE) if there else 0


def test_killed_again_and_again_it_gets_further_and_is_finished_at_last(empty, migrated):
    seen, kills = [], 0
    while not seen or seen[-1] < migrated.count(DONE):
        before = noted(empty)
        process = empty.start("manage.py", "migrate", "-v0")
        while process.poll() is None and noted(empty) < before + 6:
            time.sleep(0.005)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        assert process.wait(30) in (0, -signal.SIGKILL), empty.log(len(empty.processes) - 1)
        seen.append(noted(empty))
    assert kills >= 4
    assert seen == sorted(seen)
    done = empty.manage("migrate")
    assert done.returncode == 0, done.stderr
    assert "No migrations to apply" in done.stdout
    assert empty.manage("jobs").returncode == 0


def test_of_three_that_start_at_once_one_does_it_and_the_others_wait(empty, migrated):
    processes = [empty.start("manage.py", "migrate") for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    logs = [empty.log(number) for number in range(3)]
    assert sum("Applying mods.0001_initial... OK" in log for log in logs) == 1
    assert sum("No migrations to apply" in log for log in logs) == 2
    assert "Another process migrates this database. Waiting for it." in "".join(logs)
    assert noted(empty) == migrated.count(DONE)
    if not SERVER:
        # Only its owner may read what has password hashes in it.
        assert empty.database.path.stat().st_mode & 0o077 == 0


@pytest.mark.django_db(transaction=True)
def test_a_migration_is_noted_in_the_transaction_that_does_it(monkeypatch):
    """Where it has an index that comes last, Django would note it in a second one."""
    step = Migration("9999_wells", "mods")
    step.operations = [
        CreateModel(
            "Well",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("depth", models.IntegerField(db_index=True)),
            ],
        )
    ]
    executor, within = migrating.Executor(connection), []
    monkeypatch.setattr(
        executor.recorder,
        "record_applied",
        lambda *_name: within.append((connection.in_atomic_block, _tables("mods_well"))),
    )
    state = executor.apply_migration(ProjectState(), step)
    with connection.schema_editor() as editor:
        editor.delete_model(state.apps.get_model("mods", "Well"))
    assert within == [(True, {"mods_well"})]


def _tables(name):
    with connection.cursor() as cursor:
        return {name}.intersection(connection.introspection.table_names(cursor))
