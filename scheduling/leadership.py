"""One leader at a time; the others stand by. It saves work, the claims keep slots single.

The lock also waits for news: what tells of changes at once comes over its connection.
"""

import contextlib
import fcntl
import os
import select
import sqlite3
import threading
import time
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

import psycopg
import structlog
from django.db import DatabaseError, connection
from psycopg.pq import ExecStatus

from .filewatch import FileWatch
from .querysets import CHANNEL

logger = structlog.get_logger(__name__)

ANSWERS_IN = 5.0
# SQLite: how soon what was written is committed, and how often a look at it pays; in seconds.
SETTLED_IN, NEWS_EVERY = 0.005, 0.1

Session: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


class Lock(Protocol):
    """What makes a process the leader.

    ``broken`` says in words why this process can't go on at all; empty as long as it can.
    """

    broken: str

    @property
    def is_woken(self) -> bool:
        """Whether news ends ``wait`` at once."""

    def acquire(self) -> bool:
        """Become the leader, or find that another process is; does not wait."""

    def held(self) -> bool:
        """Whether this process still leads, as far as can be known now."""

    def unquestioned(self) -> bool:
        """Whether nothing has told yet that it leads no more; costs next to nothing."""

    def release(self) -> None: ...

    def take_away(self) -> None:
        """Free the lock from a process that holds it but is not heard from any more."""

    def wait(self, seconds: float) -> bool:
        """Wait for news; False when none came within ``seconds``."""


class FileLock:
    """A lock on a file beside the SQLite database; the system frees it when its process ends.

    SQLite tells nobody of changes, but counts what others commit, and that is cheap to ask: when
    its files were written to, and from time to time.
    """

    def __init__(self, database: Path) -> None:
        self.broken = ""
        self._database = database
        self._path = database.with_name(f"{database.name}.leader")
        self._file: IO[str] | None = None
        self._identity = _identity(database)
        self._version: int | None = None
        # Where the system tells of writes, which comes to an end with the lock.
        self._written: FileWatch | None = None
        self._news_at = 0.0
        # A child that a job leaves behind must not hold on to the lock of its parent.
        os.register_at_fork(after_in_child=self.release)

    def acquire(self) -> bool:
        if self._file:
            return True
        try:
            file = self._path.open("a+")
        except OSError as error:
            logger.warning("leadership_out_of_reach", error=str(error))
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        if not self.held():
            self.release()
            return False
        with contextlib.suppress(OSError):
            folder, name = self._database.parent, self._database.name
            self._written = FileWatch(folder, {name, f"{name}-wal"})
        return True

    def held(self) -> bool:
        file = self._file
        if file is None:
            return False
        if _identity(self._database) != self._identity:
            # What is written now would go to a file that nobody reads any more.
            self.broken = f"the database {self._database} was removed or replaced"
            return False
        try:
            # Who makes the file anew, after it was removed, leads too.
            return _identity(self._path) == _identity(file.fileno())
        except ValueError:
            return False

    def unquestioned(self) -> bool:
        return self.held()

    def take_away(self) -> None:
        self._path.unlink(missing_ok=True)

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
        if self._written:
            self._written.close()
            self._written = None

    @property
    def is_woken(self) -> bool:
        return self._written is not None

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        if self._written is None:
            time.sleep(seconds)
            return self._has_changed()
        # A busy worker itself writes all the time.
        time.sleep(max(0.0, min(seconds, self._news_at + NEWS_EVERY - time.monotonic())))
        while self._written.wait(deadline - time.monotonic()):
            # What is written is committed a moment later.
            time.sleep(SETTLED_IN)
            if self._has_changed():
                self._news_at = time.monotonic()
                return True
        return self._has_changed()

    def _has_changed(self) -> bool:
        before = self._version
        try:
            connection.ensure_connection()
            # Past Django's cursor, which takes twice as long as the question: it is asked always.
            self._version = connection.connection.execute("PRAGMA data_version").fetchone()[0]
        except (DatabaseError, sqlite3.Error):
            return True
        return self._version != before


class AdvisoryLock:
    """PostgreSQL's session lock, on a connection of its own that must not go through a pooler.

    The server frees it when the session ends: at once when the process dies, and after the
    keepalives have gone unanswered when its machine does.
    """

    is_woken = True
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
        self.broken = ""
        self._parameters = {**parameters, **self._KEEPALIVES}
        self._session: Session | None = None
        # The loop and the watch both ask whether it is held.
        self._asking = threading.Lock()
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
        """A session that still answers still has its lock. One that does not in time counts as
        lost: its network may swallow what is sent for minutes before any of its ends notices.
        """
        session = self._session
        if session is None or self._ears is None or not self._asking.acquire(timeout=ANSWERS_IN):
            return False
        try:
            if _answers(session, ANSWERS_IN):
                return True
            # Closed from here: to say goodbye would wait for an answer, too.
            session.pgconn.finish()
        except psycopg.Error:
            pass
        finally:
            self._asking.release()
        return False

    def unquestioned(self) -> bool:
        """The end of the session arrives by itself, when whoever ended it said so."""
        if not self._asking.acquire(blocking=False):
            return True
        try:
            session = self._session
            if session is None or session.closed:
                return False
            poll = select.poll()
            poll.register(session.pgconn.socket, select.POLLIN)
            quiet = not poll.poll(0)
        except (psycopg.Error, OSError):
            return False
        finally:
            self._asking.release()
        return quiet or self.held()

    def release(self) -> None:
        if self._session:
            # Now, and not when the server gets round to ending the session.
            with contextlib.suppress(psycopg.Error):
                self._session.execute("SELECT pg_advisory_unlock_all()")
        for session in (self._session, self._ears):
            if session:
                with contextlib.suppress(psycopg.Error):
                    session.close()
        self._session = self._ears = None

    def take_away(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self._session = self._session or self._connect()
            self._session.execute(_END_HOLDER.encode(), [self._KEY])

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


# The server ends the session that holds the lock, and with it the lock.
_END_HOLDER = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def _answers(session: Session, seconds: float) -> bool:
    """Whether the server answers within ``seconds``. psycopg itself waits without end."""
    pgconn, deadline = session.pgconn, time.monotonic() + seconds
    poll = select.poll()
    poll.register(pgconn.socket, select.POLLIN)
    pgconn.send_query(b"SELECT 1")
    pgconn.flush()
    while pgconn.is_busy():
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1_000):
            return False
        pgconn.consume_input()
    answered = False
    while result := pgconn.get_result():
        answered = result.status == ExecStatus.TUPLES_OK
    return answered


def _identity(file: Path | int) -> tuple[int, int] | None:
    """What stays the same as long as it is the same file; None when there is none."""
    try:
        found = file.stat() if isinstance(file, Path) else os.fstat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _first(session: Session, statement: str, *values: object) -> Any:
    row = session.execute(statement.encode(), values).fetchone()
    return row[0] if row else None


def for_database() -> Lock:
    """The lock that goes with the database this process uses."""
    if connection.vendor == "sqlite":
        return FileLock(Path(connection.settings_dict["NAME"]))
    return AdvisoryLock(session_parameters())


def session_parameters(database: Any = connection) -> dict[str, Any]:
    """With what a session of its own reaches a PostgreSQL database that Django uses."""
    parameters: dict[str, Any] = database.get_connection_params()
    for ours in ("cursor_factory", "context", "autocommit", "prepare_threshold"):
        parameters.pop(ours, None)
    return parameters
