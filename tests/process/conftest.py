"""Real processes on a database of their own."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scheduling.querysets import CHANNEL
from tests.waiting import wait_until

from . import nursery
from .databases import SERVER, Database
from .nursery import Process


class Installation:
    """A database, and the commands of the project run upon it as real processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder)
        self.sql = self.database.sql
        self.ticks, self.napping = folder / "ticks", folder / "napping"
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
        }
        self.env = {
            **inherited,
            "DATABASE_URL": self.database.url,
            "SECRET_KEY": "only for tests, and long enough for them",
            "DJANGO_SETTINGS_MODULE": "tests.process.settings",
            "LOG_FORMAT": "json",
            "TICKS": str(self.ticks),
            "NAPPING": str(self.napping),
            "MODDB_URL": "http://127.0.0.1:9",
            "VERSIONS_URL": "http://127.0.0.1:9",
        }
        self.processes: list[Process] = []

    def manage(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            process = nursery.start(["manage.py", *arguments], self.env | env, out, err)
            try:
                code = process.wait(60)
            finally:
                process.kill()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def start(self, *arguments: str, **env: str) -> Process:
        with (self.folder / f"log{len(self.processes)}").open("w") as log:
            process = nursery.start(arguments, self.env | env, log, log)
        self.processes.append(process)
        return process

    def worker(self, *arguments: str, **env: str) -> Process:
        """A worker that has begun to lead, or to stand by."""
        return self._present("manage.py", "runscheduler", *arguments, **env)

    def hands(self, *arguments: str, **env: str) -> Process:
        """A Procrastinate worker that is there."""
        return self._present("manage.py", "procrastinate", "worker", *arguments, **env)

    def freeze(self, process: Process) -> None:
        with self.database.nobody_writes():
            process.send_signal(signal.SIGSTOP)

    def _present(self, *arguments: str, **env: str) -> Process:
        before = self.count("SELECT count(*) FROM scheduling_schedulerprocess")
        process = self.start(*arguments, **env)
        wait_until(
            lambda: self.count("SELECT count(*) FROM scheduling_schedulerprocess") > before, 20
        )
        return process

    def log(self, number: int = 0) -> str:
        return (self.folder / f"log{number}").read_text()

    def count(self, statement: str, *values: Any) -> int:
        return int(self.sql(statement, *values)[0][0])

    def runs(self, name: str) -> list[str]:
        """The states of the job's runs, oldest first."""
        order = (
            "SELECT status FROM scheduling_jobrun WHERE job_name = %s ORDER BY scheduled_for, id"
        )
        return [row[0] for row in self.sql(order, name)]

    def add_run(self, name: str, status: str, moment: datetime) -> None:
        """Write a row of the history, past everything."""
        claimed_at = None if status == "queued" else moment
        self.sql(
            "INSERT INTO scheduling_jobrun (job_name, trigger, status, scheduled_for, queued_at,"
            " claimed_at, attempt, slots, requested_by, cancel_requested_by, worker, error,"
            " traceback, log)"
            " VALUES (%s, 'manual', %s, %s, %s, %s, 1, 1, '', '', '', '', '', '[]')",
            name, status, moment, moment, claimed_at,
        )  # fmt: skip

    def queue(self, name: str) -> None:
        """Ask for a run the way a script would, by SQL."""
        self.add_run(name, "queued", datetime.now(UTC))
        self.announce()

    def announce(self) -> None:
        """Say that something changed, as whoever writes through Django does."""
        self.sql("UPDATE scheduling_changecounter SET value = value + 1")
        if SERVER:
            self.sql(f"NOTIFY {CHANNEL}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what its processes said last."""
    report = yield
    installation = getattr(item, "funcargs", {}).get("empty")
    if report.failed and isinstance(installation, Installation):
        for number in range(len(installation.processes)):
            said = installation.log(number).splitlines()[-40:]
            report.sections.append((f"log of process {number}", "\n".join(said)))
    return report


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("migrated"))
    done = installation.manage("migrate", "-v0")
    assert done.returncode == 0, done.stderr
    yield installation
    installation.database.drop()


@pytest.fixture(scope="session")
def queue_migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """With Procrastinate's tables."""
    if not SERVER:
        pytest.skip("Procrastinate needs PostgreSQL")
    installation = Installation(tmp_path_factory.mktemp("queue"))
    installation.env["SCHEDULER_EXECUTOR"] = "procrastinate"
    done = installation.manage("migrate", "-v0")
    assert done.returncode == 0, done.stderr
    yield installation
    installation.database.drop()


@pytest.fixture
def queue(empty: Installation, queue_migrated: Installation) -> Installation:
    """Where the leader hands runs over; ``hands`` starts workers."""
    empty.env["SCHEDULER_EXECUTOR"] = "procrastinate"
    empty.database.copy_of(queue_migrated.database)
    empty.sql(
        "UPDATE scheduling_jobschedule SET interval_seconds = 0 WHERE name NOT IN ('tick', 'nap')"
    )
    return empty


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Installation]:
    """No tables yet."""
    installation = Installation(tmp_path)
    yield installation
    for process in installation.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
    installation.database.drop()


@pytest.fixture
def installation(empty: Installation, migrated: Installation) -> Installation:
    empty.database.copy_of(migrated.database)
    # The project's own jobs have their own tests.
    empty.sql(
        "UPDATE scheduling_jobschedule SET interval_seconds = 0 WHERE name NOT IN ('tick', 'nap')"
    )
    return empty
