"""Migrations one process at a time, each of them done and noted in one transaction."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from scheduling.leadership import session_parameters

# Any number that nothing else on this database uses: "vsmg" in ASCII.
_KEY = 0x76736D67


class Executor(MigrationExecutor):
    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """As Django does it, but noted in the transaction that does it.

        Django notes it in another where constraints or indexes come at the end: whoever is killed
        in between has a database that no ``migrate`` can help any more.
        """
        if fake or fake_initial or migration.replaces or not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        if self.progress_callback:
            self.progress_callback("apply_start", migration, fake)
        with self.connection.schema_editor(atomic=True) as editor:
            state = migration.apply(state, editor)
            for statement in editor.deferred_sql:
                editor.execute(statement, None)
            editor.deferred_sql.clear()
            self.recorder.record_applied(migration.app_label, migration.name)
        if self.progress_callback:
            self.progress_callback("apply_success", migration, fake)
        return state


@contextmanager
def alone(alias: str, say: Callable[[str], Any]) -> Iterator[None]:
    """Keep other processes from migrating this database; waits for one that does."""
    connection = connections[alias]
    lock = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    with lock(connection, lambda: say("Another process migrates this database. Waiting for it.")):
        yield


@contextmanager
def _on_sqlite(connection: BaseDatabaseWrapper, wait: Callable[[], Any]) -> Iterator[None]:
    database = Path(connection.settings_dict["NAME"])
    with database.with_name(f"{database.name}.migrate").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _on_postgresql(connection: BaseDatabaseWrapper, wait: Callable[[], Any]) -> Iterator[None]:
    with connection.wrap_database_errors:
        session = psycopg.connect(**session_parameters(connection), autocommit=True)
    with session:
        taken = session.execute("SELECT pg_try_advisory_lock(%s)", [_KEY]).fetchone()
        if taken == (False,):
            wait()
            session.execute("SELECT pg_advisory_lock(%s)", [_KEY])
        yield
