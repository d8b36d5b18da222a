"""The database and the processes of a campaign."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from tests.process.server import PrivateServer

from .faults import Fault

PROJECT = Path(__file__).resolve().parent.parent.parent
GRACE = "8"


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "db.sqlite3"
        self.url = f"sqlite:///{self._path}"

    def harm(self, fault: Fault) -> bool:
        """False when the fault is none of the database's."""
        if fault.kind != "lock the database":
            return False
        self._lock(fault.seconds)
        return True

    def _lock(self, seconds: float) -> None:
        """Keep every writer out for so long."""
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    def close(self) -> None:
        """The folder goes anyway."""


class Postgres:
    def __init__(self, _folder: Path) -> None:
        self._server = PrivateServer()
        self.url = self._server.url

    def harm(self, fault: Fault) -> bool:
        """False when the fault is none of the database's."""
        if fault.kind == "cut all sessions":
            self._cut()
        elif fault.kind == "stop the server":
            self._stop(fault.seconds, fault.how)
        else:
            return False
        return True

    def _cut(self) -> None:
        """End every session but this one."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def _stop(self, seconds: float, mode: str) -> None:
        self._server.stop(immediate=mode == "immediate")
        time.sleep(seconds)
        self._server.start()

    def close(self) -> None:
        self._server.remove()


class Worker:
    """A ``runscheduler`` that is killed, frozen and started again."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self._folder = number, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._may_end = True
        self.starts = 0
        self.codes: list[int] = []

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> None:
        self.starts += 1
        with (self._folder / f"worker{self.number}-{self.starts}.log").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "runscheduler", "--grace", GRACE],
                cwd=PROJECT,
                env=os.environ,
                stdout=log,
                stderr=log,
            )
        self._may_end = False

    def signal(self, number: signal.Signals) -> bool:
        """False when there is nobody to hear it."""
        if not self.running:
            return False
        self._may_end |= number in (signal.SIGKILL, signal.SIGTERM)
        assert self._process
        self._process.send_signal(number)
        return True

    def ended_by_itself(self) -> str:
        """What is wrong, once, when it ended and nobody asked it to."""
        if self._process is None or self._may_end or self.running:
            return ""
        self._may_end = True
        return f"worker {self.number} ended by itself, with code {self._process.returncode}"

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False when it had to be killed."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        return True
