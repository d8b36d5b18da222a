"""The databases and the broker that contestants use, and what was asked of them."""

import itertools
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from .errors import Unavailable
from .processes import Group

_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (\w+)")
_NO_QUERY = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}
_numbers = itertools.count(1)


def count_statements(log: str) -> int:
    """How many queries a log of PostgreSQL shows, without what only frames transactions."""
    return sum(verb.upper() not in _NO_QUERY for verb in _STATEMENT.findall(log))


class Database(Protocol):
    kind: str

    def new(self, folder: Path) -> dict[str, str]:
        """Make an empty database; returns the environment that names it."""

    def pids(self) -> list[int]: ...

    def count(self, on: bool) -> None:
        """Begin or end to count queries."""

    def counted(self) -> int | None:
        """Queries so far; None where nobody counts."""


class NoDatabase:
    kind = ""

    def new(self, _folder: Path) -> dict[str, str]:
        return {}

    def pids(self) -> list[int]:
        return []

    def count(self, on: bool) -> None: ...

    def counted(self) -> int | None:
        return None


class Sqlite(NoDatabase):
    kind = "SQLite"

    def new(self, folder: Path) -> dict[str, str]:
        path = folder / "db.sqlite3"
        return {"DATABASE_URL": f"sqlite:///{path}", "PEER_DATABASE": str(path)}


class Postgres:
    """``url`` names a server of somebody; without it one of our own is started."""

    kind = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self._own = None
        if not url:
            try:
                from tests.process.server import PrivateServer

                self._own = PrivateServer()
            except Exception as error:  # its reasons are many, and each is for the row
                raise Unavailable(f"PostgreSQL did not start: {error}") from error
        self._url = self._own.url if self._own else url
        self._made: list[str] = []
        self._ask("SELECT 1")
        self._folder = Path("/nowhere")
        # Only who may do anything is told.
        with suppress(Unavailable):
            self._folder = Path(*self._ask("SHOW data_directory"))

    def new(self, _folder: Path) -> dict[str, str]:
        name = f"bench_{os.getpid()}_{next(_numbers)}"
        self._ask(f"CREATE DATABASE {name}")
        self._made.append(name)
        url = urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value}
        named = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
        libpq = {named[key]: value for key, value in parts.items() if key in named}
        return {"DATABASE_URL": url, "PEER_DATABASE": name, "PGDATABASE": name, **libpq}

    def pids(self) -> list[int]:
        """The server's own process where it runs on this machine."""
        with suppress(OSError):
            return [int((self._folder / "postmaster.pid").read_text().split("\n")[0])]
        return []

    def count(self, on: bool) -> None:
        if self._own:
            self._ask(f"ALTER SYSTEM SET log_statement = '{'all' if on else 'none'}'")
            self._ask("SELECT pg_reload_conf()")

    def counted(self) -> int | None:
        log = self._folder / "log"
        return count_statements(log.read_text(errors="replace")) if self._own else None

    def drop(self) -> None:
        while self._made:
            self._ask(f"DROP DATABASE IF EXISTS {self._made.pop()} WITH (FORCE)")

    def close(self) -> None:
        with suppress(Unavailable):
            self.drop()
        if self._own:
            self._own.remove()

    def version(self) -> str:
        (version,) = self._ask("SHOW server_version")
        return version if self.pids() else f"{version} (not here: its CPU is in no figure)"

    def _ask(self, statement: str) -> tuple[str, ...]:
        try:
            with psycopg.connect(self._url, autocommit=True, connect_timeout=10) as session:
                cursor = session.execute(statement.encode())
                return cursor.fetchone() or () if cursor.description else ()
        except psycopg.Error as error:
            raise Unavailable(f"PostgreSQL: {error}") from error


class Redis:
    """A ``redis-server`` of our own that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if not program:
            raise Unavailable("There is no redis-server on the PATH.")
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        command = [program, *options, str(folder), "--appendonly", "no"]
        self._group = Group(command, env=dict(os.environ), log=folder / "redis.log", cwd=folder)
        self.pid = self._group.pid
        self._wait()

    def _wait(self) -> None:
        for _ in range(100):
            with suppress(OSError):
                self.commands()
                return
            time.sleep(0.05)
        self.close()
        raise Unavailable(f"Redis did not start: {self._group.last_words}")

    def commands(self) -> int:
        """How many it has carried out."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"INFO stats\r\n")
            file = connection.makefile("rb")
            answer = file.read(int(file.readline()[1:])).decode()
        found = re.search(r"total_commands_processed:(\d+)", answer)
        return int(found[1]) if found else 0

    def close(self) -> None:
        self._group.stop()


def redis_version() -> str:
    program = shutil.which("redis-server")
    if not program:
        return "none"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"v=([\d.]+)", said.stdout)
    return found[1] if found else "unknown"


def sqlite_version() -> str:
    return sqlite3.sqlite_version


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
