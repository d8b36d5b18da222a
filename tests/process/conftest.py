"""Real processes on a database of their own."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scheduling.test_recorder import wait_until

PROJECT = Path(__file__).resolve().parent.parent.parent


class Installation:
    """A database, and the commands of the project run upon it as real processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "db.sqlite3"
        self.ticks, self.napping = folder / "ticks", folder / "napping"
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
        }
        self.env = {
            **inherited,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "SECRET_KEY": "only for tests, and long enough for them",
            "DJANGO_SETTINGS_MODULE": "tests.process.settings",
            "LOG_FORMAT": "json",
            "TICKS": str(self.ticks),
            "NAPPING": str(self.napping),
            "MODDB_URL": "http://127.0.0.1:9",
            "VERSIONS_URL": "http://127.0.0.1:9",
        }
        self.processes: list[subprocess.Popen[str]] = []

    def manage(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.env | env,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        with (self.folder / f"log{len(self.processes)}").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=self.env | env,
                text=True,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def worker(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """A worker that has begun to lead, or to stand by."""
        before = self.count("SELECT count(*) FROM scheduling_schedulerprocess")
        worker = self.start("manage.py", "runscheduler", *arguments, **env)
        wait_until(
            lambda: self.count("SELECT count(*) FROM scheduling_schedulerprocess") > before, 20
        )
        return worker

    def log(self, number: int = 0) -> str:
        return (self.folder / f"log{number}").read_text()

    def sql(self, statement: str, *values: Any) -> list[Any]:
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            with connection:
                return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def count(self, statement: str, *values: Any) -> int:
        return int(self.sql(statement, *values)[0][0])

    def runs(self, name: str) -> list[str]:
        """The states of the job's runs, oldest first."""
        order = "SELECT status FROM scheduling_jobrun WHERE job_name = ? ORDER BY scheduled_for"
        return [row[0] for row in self.sql(order, name)]

    def queue(self, name: str) -> None:
        """Ask for a run the way a script would, by SQL."""
        self.sql(
            "INSERT INTO scheduling_jobrun (job_name, trigger, status, scheduled_for, queued_at,"
            " attempt, slots, requested_by, worker, error, traceback, log) VALUES (?, 'manual',"
            " 'queued', datetime('now'), datetime('now'), 1, 1, '', '', '', '', '[]')",
            name,
        )
        self.sql("UPDATE scheduling_changecounter SET value = value + 1")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    installation = Installation(tmp_path_factory.mktemp("migrated"))
    done = installation.manage("migrate", "-v0")
    assert done.returncode == 0, done.stderr
    installation.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return installation.database


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Installation]:
    """No database yet."""
    installation = Installation(tmp_path)
    yield installation
    for process in installation.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def installation(empty: Installation, migrated: Path) -> Installation:
    empty.database.write_bytes(migrated.read_bytes())
    # The project's own jobs have their own tests.
    empty.sql(
        "UPDATE scheduling_jobschedule SET interval_seconds = 0 WHERE name NOT IN ('tick', 'nap')"
    )
    return empty
