"""System checks: what would fail later is told at the start."""

import sqlite3

import pytest
from django.db import connection

from scheduling import checks

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")


def test_a_sqlite_that_is_too_old_is_refused(monkeypatch):
    assert checks.check_sqlite_version() == []
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    [error] = checks.check_sqlite_version()
    assert error.id == "scheduling.E003"
    assert "3.35" in error.msg


def test_options_under_which_threads_lock_each_other_out_are_refused(settings, monkeypatch):
    assert checks.check_sqlite_options() == []
    as_it_comes = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {}}
    monkeypatch.setitem(settings.DATABASES, "default", as_it_comes)
    [error] = checks.check_sqlite_options()
    assert error.id == "scheduling.E001"


def test_pages_without_the_middleware_that_they_lean_on_are_refused(settings):
    assert checks.check_middleware() == []
    settings.MIDDLEWARE = []
    [error] = checks.check_middleware()
    assert error.id == "scheduling.E007"
    assert "HtmxMiddleware" in error.hint
