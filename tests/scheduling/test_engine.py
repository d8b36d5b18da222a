"""``SCHEDULER_EXECUTOR=procrastinate`` is refused where it can't be, with what to do."""

from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from scheduling import engine


@pytest.fixture
def elsewhere(settings, monkeypatch):
    """With all that it needs, as far as the settings go."""
    settings.SCHEDULER_EXECUTOR = "procrastinate"
    if connection.vendor != "postgresql":
        monkeypatch.setattr(engine, "connection", SimpleNamespace(vendor="postgresql"))
    monkeypatch.setattr(engine.apps, "is_installed", lambda _name: True)
    return settings


def test_with_threads_nothing_is_needed():
    assert engine.problem() == ""
    assert engine.missing_tables() == ""


def test_with_all_of_it_nothing_is_refused(elsewhere):
    assert engine.problem() == ""


def test_sqlite_is_refused_with_what_to_do(elsewhere, monkeypatch):
    monkeypatch.setattr(engine, "connection", SimpleNamespace(vendor="sqlite"))
    assert "needs PostgreSQL, and DATABASE_URL names SQLite" in engine.problem()
    assert "or set SCHEDULER_EXECUTOR=threads" in engine.problem()


def test_without_the_package_it_says_how_to_install_it(elsewhere, monkeypatch):
    monkeypatch.setattr(engine, "find_spec", lambda _name: None)
    assert "pip install -r requirements-procrastinate.txt" in engine.problem()


def test_without_the_app_it_names_it(elsewhere, monkeypatch):
    monkeypatch.setattr(engine.apps, "is_installed", lambda _name: False)
    assert "'procrastinate.contrib.django' to INSTALLED_APPS" in engine.problem()


def test_the_system_check_refuses_it(db, elsewhere, monkeypatch):
    monkeypatch.setattr(engine, "find_spec", lambda _name: None)
    with pytest.raises(SystemCheckError, match=r"scheduling\.E002"):
        call_command("check")


def test_a_worker_is_refused_while_jobs_run_in_threads():
    with pytest.raises(CommandError, match="Set SCHEDULER_EXECUTOR=procrastinate"):
        call_command("procrastinate", "worker")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")
def test_missing_tables_are_named(db, elsewhere):
    assert "lacks procrastinate_jobs, procrastinate_workers" in engine.missing_tables()
    assert "Run: python manage.py migrate" in engine.missing_tables()
