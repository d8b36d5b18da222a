"""A fresh, migrated database for each test of real processes, on SQLite or PostgreSQL."""

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

SERVER = os.environ.get("TEST_DATABASE_URL", "")
_numbers = itertools.count(1)


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "db.sqlite3"
        self.url = f"sqlite:///{self.path}"

    def copy_of(self, migrated: "Sqlite") -> None:
        migrated.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self.path.write_bytes(migrated.path.read_bytes())

    def sql(self, statement: str, *values: Any) -> list[Any]:
        # As Django stores them.
        kept = [
            f"{v.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if isinstance(v, datetime) else v
            for v in values
        ]
        connection = sqlite3.connect(self.path, timeout=20)
        try:
            with connection:
                return connection.execute(statement.replace("%s", "?"), kept).fetchall()
        finally:
            connection.close()

    @contextmanager
    def nobody_writes(self) -> Iterator[None]:
        """Who is frozen now holds no lock, which would keep everybody else from writing."""
        connection = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
        finally:
            connection.close()

    def drop(self) -> None:
        """The folder goes anyway."""


class Postgres:
    def __init__(self, _folder: Path) -> None:
        self.name = f"process_{os.getpid()}_{next(_numbers)}"
        parts = urlsplit(SERVER)
        self.url = urlunsplit(parts._replace(path=f"/{self.name}"))
        self._admin(f"CREATE DATABASE {self.name}")

    def copy_of(self, migrated: "Postgres") -> None:
        self.drop()
        self._admin(f"CREATE DATABASE {self.name} TEMPLATE {migrated.name}")

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def nobody_writes(self) -> Iterator[None]:
        """Whoever holds a lock here and is frozen is cut off by the server."""
        yield

    def drop(self) -> None:
        self._admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(statement)


Database = Postgres if SERVER else Sqlite
