"""One leader at a time; the others stand by. It saves work, the claims keep slots single.

The lock also waits for news: what tells of changes at once comes over its connection.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

import psycopg
import structlog
from django.db import connection

from .querysets import CHANNEL

logger = structlog.get_logger(__name__)

Session: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


class Lock(Protocol):
    """What makes a process the leader."""

    def acquire(self) -> bool:
        """Become the leader, or find that another process is; does not wait."""

    def held(self) -> bool:
        """Whether this process still leads, as far as can be known now."""

    def release(self) -> None: ...

    def wait(self, seconds: float) -> bool:
        """Wait for news; False when none came within ``seconds``."""


class FileLock:
    """A lock on a file beside the SQLite database; the system frees it when its process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        if self._file:
            return True
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def held(self) -> bool:
        if not self._file:
            return False
        try:
            there = self._path.stat()
        except OSError:
            # The file was removed: whoever makes it anew leads too.
            return False
        mine = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def wait(self, seconds: float) -> bool:
        """SQLite tells nobody anything; the caller has to look."""
        time.sleep(seconds)
        return True


class AdvisoryLock:
    """PostgreSQL's session lock, on a connection of its own that must not go through a pooler.

    The server frees it when the session ends: at once when the process dies, and after the
    keepalives have gone unanswered when its machine does.
    """

    # Any number that no other program on this database uses: "vsm" in ASCII.
    _KEY = 0x76736D
    _KEEPALIVES = {
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "connect_timeout": 5,
    }

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._parameters = {**parameters, **self._KEEPALIVES}
        self._session: Session | None = None
        # Listening blocks its connection, so the lock has another.
        self._ears: Session | None = None

    def acquire(self) -> bool:
        try:
            self._session = self._session or self._connect()
            taken = _first(self._session, "SELECT pg_try_advisory_lock(%s)", self._KEY)
            if taken and self._ears is None:
                self._ears = self._connect()
                self._ears.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error as error:
            logger.warning("leadership_out_of_reach", error=str(error))
            self.release()
            return False
        return bool(taken)

    def held(self) -> bool:
        """A session that still answers still has its lock."""
        if self._session is None or self._ears is None:
            return False
        try:
            return bool(_first(self._session, "SELECT 1"))
        except psycopg.Error:
            return False

    def release(self) -> None:
        for session in (self._session, self._ears):
            if session:
                with contextlib.suppress(psycopg.Error):
                    session.close()
        self._session = self._ears = None

    def wait(self, seconds: float) -> bool:
        if self._ears is None:
            time.sleep(seconds)
            return True
        try:
            return any(True for _ in self._ears.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            # Its end is that of the lock's session too, or soon will be.
            time.sleep(seconds)
            return True

    def _connect(self) -> Session:
        return psycopg.connect(**self._parameters, autocommit=True)


def _first(session: Session, statement: str, *values: object) -> Any:
    row = session.execute(statement.encode(), values).fetchone()
    return row[0] if row else None


def for_database() -> Lock:
    """The lock that goes with the database this process uses."""
    if connection.vendor == "sqlite":
        return FileLock(Path(f"{connection.settings_dict['NAME']}.leader"))
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context", "autocommit", "prepare_threshold"):
        parameters.pop(ours, None)
    return AdvisoryLock(parameters)
