"""What every way of starting does first, and how a start is refused."""

import json

import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection

from vsmanager import start


@pytest.fixture
def command_that(monkeypatch):
    """Runs a command of manage.py whose work ends in this error."""

    def run(error, *arguments):
        def fail(_arguments):
            raise error

        monkeypatch.setattr(start, "read_settings", lambda **_options: None)
        monkeypatch.setattr("django.core.management.execute_from_command_line", fail)
        start.run_command(["manage.py", *arguments])

    return run


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_service_is_refused_in_the_form_of_its_log(monkeypatch, capsys, form):
    monkeypatch.setenv("LOG_FORMAT", form)
    with pytest.raises(SystemExit) as ended:
        start.refuse("It can't start.", 3, service=True, exception="Traceback:\n  here")
    told = capsys.readouterr().err
    assert ended.value.code == 3
    if form == "console":
        assert told == "Traceback:\n  here\nIt can't start.\n"
    else:
        line = json.loads(told)
        assert (line["event"], line["level"]) == ("It can't start.", "critical")
        assert line["exception"] == "Traceback:\n  here"
        assert line["timestamp"].endswith("Z")


def test_a_person_is_refused_in_words_whatever_the_log_is(monkeypatch, capsys):
    monkeypatch.setenv("LOG_FORMAT", "json")
    with pytest.raises(SystemExit):
        start.refuse("It can't start.", service=False)
    assert capsys.readouterr().err == "It can't start.\n"


@pytest.mark.django_db
def test_a_database_that_lacks_migrations_is_told_with_what_to_do(
    command_that, monkeypatch, capsys
):
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr("vsmanager.backups.contents.missing", lambda _applied: ["mods.0099"])
    with pytest.raises(SystemExit):
        command_that(OperationalError("no such column: mods_mod.new"), "jobs")
    assert capsys.readouterr().err == f"{start.MIGRATE_FIRST}\n"


@pytest.mark.django_db
def test_an_error_of_the_database_for_another_reason_is_not_explained_away(
    command_that, monkeypatch
):
    monkeypatch.setattr(connection, "close", lambda: None)
    with pytest.raises(OperationalError, match="no such function"):
        command_that(OperationalError("no such function: SOUNDEX"), "jobs")


def test_a_database_that_does_not_answer_is_told_in_one_line(command_that, monkeypatch, capsys):
    def away(_connection):
        raise OperationalError("connection refused\n\tIs the server running?")

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr("vsmanager.backups.contents.applied", away)
    with pytest.raises(SystemExit):
        command_that(OperationalError("connection refused"), "jobs")
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "The database that DATABASE_URL names can't be used: connection refused" in told


def test_whoever_asks_for_a_traceback_gets_it(command_that):
    with pytest.raises(OperationalError):
        command_that(OperationalError("connection refused"), "jobs", "--traceback")
    with pytest.raises(CommandError):
        command_that(CommandError("no"), "jobs", "--traceback")


def test_a_service_says_why_it_does_not_start_and_ends_with_the_commands_code(
    command_that, monkeypatch, capsys
):
    monkeypatch.setenv("LOG_FORMAT", "json")
    with pytest.raises(SystemExit) as ended:
        command_that(CommandError("There is no such queue.", returncode=2), "runscheduler")
    assert ended.value.code == 2
    assert json.loads(capsys.readouterr().err)["event"] == "CommandError: There is no such queue."
