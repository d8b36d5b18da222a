"""How long the worker's sessions wait for others before they give up."""

import contextlib
import threading
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from .threads import THREAD_NAME

# A row that somebody keeps locked costs one pass, not the worker; a session whose machine
# was lost in the middle of a transaction does not keep its rows for ever.
_LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
# The worker's own transactions are short; when it freezes in the middle of one, its rows come
# free soon. Those of jobs may take longer.
_OWN_LIMITS = _LIMITS | {"idle_in_transaction_session_timeout": "10s"}


def limit_waiting() -> None:
    """From now on, for every new session of this process."""
    connection_created.connect(_limit, dispatch_uid="scheduling.sessions")


class Forgiving:
    """Around what is tried again anyway: what the database refuses is left, and a connection
    that broke is replaced by the next try."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        refused = isinstance(error, DatabaseError | InterfaceError)
        if refused:
            close_old_connections()
        return refused


def hurry() -> None:
    """Let this thread's session on SQLite wait for a lock no longer than a second."""
    if connection.vendor == "sqlite":
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 1000")


def _limit(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            is_job = threading.current_thread().name.startswith(THREAD_NAME)
            for name, value in (_LIMITS if is_job else _OWN_LIMITS).items():
                cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
