"""Backups on SQLite, in this process: what is written, refused, put back and kept aside.

tests/process/test_backup.py has what takes a worker, a shell or PostgreSQL.
"""

import gc
import sqlite3
import stat
from contextlib import closing

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from mods.news.models import NewsChannel
from scheduling import leadership
from scheduling.models import JobSchedule

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="about files")


@pytest.fixture
def database(transactional_db, monkeypatch, tmp_path):
    """A database of the test's own, with a person and two schedules; gives its file."""
    path = tmp_path / "db.sqlite3"
    connection.close()
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"])) as source,
        closing(sqlite3.connect(path)) as own,
    ):
        source.backup(own)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(path))
    User.objects.create_user("ann")
    JobSchedule.objects.all().delete()
    JobSchedule.objects.create(name="tide", interval_seconds=60)
    JobSchedule.objects.create(name="moon", interval_seconds=60, paused=True)
    yield path
    connection.close()


@pytest.fixture
def file(database, capsys):
    """A backup of it."""
    path = database.with_name("backup")
    call_command("backup", str(path))
    assert "checked." in capsys.readouterr().out
    return path


def refused(*arguments, **options):
    with pytest.raises(CommandError) as error:
        call_command(*arguments, **options)
    return str(error.value)


def aside(database):
    return list(database.parent.glob("*.before-*"))


def test_a_backup_is_one_file_that_only_its_owner_reads(database, file):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {path.name for path in database.parent.iterdir() if "backup" in path.name} == {"backup"}
    with closing(sqlite3.connect(file)) as backup:
        assert backup.execute("SELECT username FROM auth_user").fetchall() == [("ann",)]


def test_a_backup_goes_to_standard_output(database, capsysbinary):
    call_command("backup", "-")
    assert capsysbinary.readouterr().out.startswith(b"SQLite format 3\0")


def test_no_file_is_overwritten_unless_told_and_never_the_database(database, file):
    file.write_text("something else")
    assert "add --replace" in refused("backup", str(file))
    assert file.read_text() == "something else"
    call_command("backup", str(file), replace=True)
    assert file.stat().st_size > 10_000
    assert "is there already" in refused("backup", str(database), replace=True)


def test_a_file_that_cannot_be_written_is_named(database):
    assert "/proc/none/backup can't be written" in refused("backup", "/proc/none/backup")


def test_a_database_without_tables_has_nothing_to_back_up(database, monkeypatch, tmp_path):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "empty.sqlite3"))
    told = refused("backup", str(tmp_path / "backup"))
    assert told == "There is nothing to back up yet. Run: python manage.py migrate"


def test_a_database_in_use_is_replaced_only_when_told(database, file):
    assert "Add --replace" in refused("restore", str(file))
    assert aside(database) == []


def test_what_was_there_is_kept_aside_and_can_be_put_back(database, file, capsys):
    User.objects.create_user("bob")
    call_command("restore", str(file), replace=True)
    assert [user.username for user in User.objects.all()] == ["ann"]
    (kept,) = aside(database)
    assert f"What was there before is in {kept}" in capsys.readouterr().out
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with closing(sqlite3.connect(kept)) as former:
        assert former.execute("SELECT count(*) FROM auth_user").fetchone() == (2,)


def test_what_a_restore_paused_goes_on_when_told_and_what_people_paused_stays(database, capsys):
    for name, enabled in (("on", True), ("off", False)):
        NewsChannel.objects.create(name=name, enabled=enabled, service="discord", language="en")
    file = database.with_name("backup")
    call_command("backup", str(file))
    call_command("restore", str(file), replace=True)
    assert "All schedules are paused" in capsys.readouterr().out
    assert set(JobSchedule.objects.values_list("paused", flat=True)) == {True}
    assert not NewsChannel.objects.filter(enabled=True).exists()
    call_command("restore", live=True)
    assert "Schedules that go on: 1. Channels that are on again: 1." in capsys.readouterr().out
    assert [each.name for each in JobSchedule.objects.filter(paused=True)] == ["moon"]
    assert [each.name for each in NewsChannel.objects.filter(enabled=True)] == ["on"]


def test_a_restore_that_is_meant_to_go_on_pauses_nothing(database, file):
    call_command("restore", str(file), replace=True, live=True)
    assert [each.name for each in JobSchedule.objects.filter(paused=True)] == ["moon"]


def test_a_file_must_be_named_and_there(database):
    assert refused("restore") == "Name the file of a backup."
    assert "There is no file" in refused("restore", "/nowhere/backup")


@pytest.mark.parametrize("damage", ["cut", "no backup", "another program's"])
def test_what_is_no_whole_backup_is_refused_and_the_database_stays(database, file, damage):
    if damage == "cut":
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "no backup":
        file.write_text("no backup, " * 100)
    else:
        file.unlink()
        with closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE django_migrations (app TEXT, name TEXT)")
    told = refused("restore", str(file), replace=True)
    assert str(file) in told
    assert User.objects.count() == 1
    assert aside(database) == []


def test_rows_that_point_nowhere_make_a_file_a_damaged_one(database, file):
    with closing(sqlite3.connect(file)) as backup:
        backup.execute("INSERT INTO auth_user_groups (user_id, group_id) VALUES (99, 99)")
        backup.commit()
    assert "is damaged: auth_user_groups: a link" in refused("restore", str(file), replace=True)


@pytest.mark.parametrize(("name", "version"), [("9999_later", "newer"), (None, "older")])
def test_a_backup_of_another_version_is_refused_or_told_to_be_migrated(
    database, file, capsys, name, version
):
    with closing(sqlite3.connect(file)) as backup:
        if name:
            backup.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('mods', ?, 0)", [name]
            )
        else:
            backup.execute("DELETE FROM django_migrations WHERE app = 'csp' OR app = 'axes'")
        backup.commit()
    if version == "newer":
        told = refused("restore", str(file), replace=True)
        assert "was made by a newer version of vsmanager (mods.9999_later" in told
    else:
        call_command("restore", str(file), replace=True)
        assert "It was made by an older version. Run: python manage.py" in capsys.readouterr().out


def test_nothing_is_restored_while_a_worker_leads(database, file):
    lock = leadership.for_database()
    assert lock.acquire()
    try:
        assert "A worker leads" in refused("restore", str(file), replace=True)
    finally:
        lock.release()
    call_command("restore", str(file), replace=True)


# Django leaves a connection open whose first statement failed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_damaged_database_is_kept_aside_whole(database, file):
    connection.close()
    database.write_text("gone bad, " * 1_000)
    database.with_name("db.sqlite3-wal").write_text("what it had beside it")
    call_command("restore", str(file), replace=True)
    assert User.objects.count() == 1
    (damaged,) = [path for path in aside(database) if path.read_bytes().startswith(b"gone bad")]
    # What it had beside it must not be taken for part of the one that was put in its place.
    assert damaged.with_name(f"{damaged.name}-wal") in aside(database)
    gc.collect()


def test_another_process_that_uses_the_database_keeps_it_from_being_replaced(
    database, file, monkeypatch
):
    monkeypatch.setattr("vsmanager.backups.standstill._who", lambda: "")
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "Another process uses" in refused("restore", str(file), replace=True)
    assert aside(database) == []


@pytest.mark.parametrize("to", ["sqlite:////tmp/other.sqlite3", "nonsense"])
def test_only_to_postgresql_a_database_is_moved(database, to):
    assert "--to must" in refused("movedatabase", to=to)
