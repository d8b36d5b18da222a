"""Nothing may run jobs from a database that is replaced or moved."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection
from django.utils import timezone

from scheduling import leadership
from scheduling.models import SchedulerProcess

from .errors import Refused

_STOP = "Stop every worker first (and the web processes too: what they write now is lost)."


@contextmanager
def nobody_leads() -> Iterator[None]:
    """Keep workers from leading meanwhile. Raises Refused where one does, or stands by."""
    lock = leadership.for_database()
    try:
        if not lock.acquire():
            raise Refused(f"A worker leads{_who()}. {_STOP}")
        if others := _who():
            raise Refused(f"There are workers{others}. {_STOP}")
        yield
    finally:
        lock.release()


def _who() -> str:
    """Those that are heard from; "" when nobody is, or the database can't say."""
    now = timezone.now()
    try:
        # Of columns that versions old and new have.
        alive = SchedulerProcess.objects.alive(now)
        heard = list(alive.values_list("host", "pid", "heartbeat_at"))
    except Error:
        # Not migrated yet, or damaged: that may be why something is restored.
        return ""
    finally:
        connection.close()
    told = ", ".join(
        f"{host}:{pid}, heard from {(now - beat).total_seconds():.0f} s ago"
        for host, pid, beat in heard
    )
    return f" ({told})" if told else ""
