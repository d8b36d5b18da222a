"""A process that runs jobs, made visible to all others by a row that it keeps fresh."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from . import beats
from .models import HEARTBEAT_EVERY, SchedulerProcess

logger = structlog.get_logger(__name__)


class Presence:
    """This process's row in SchedulerProcess, beating from a thread of its own."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._stop = threading.Event()
        # Called after each beat, in the thread that beats.
        self.on_beat: Callable[[], None] = lambda: None
        self._leads = False
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        now = clock()
        self.process = SchedulerProcess.objects.create(
            host=socket.gethostname()[:200], pid=os.getpid(), started_at=now, heartbeat_at=now
        )

    def start(self) -> None:
        self._thread.start()

    def lead(self) -> datetime:
        """Show this process as the leader; returns since when."""
        since = self._clock()
        self._write(leading_since=since)
        self._leads = True
        return since

    def follow(self) -> None:
        self._leads = False
        self._write(leading_since=None)

    def stop(self) -> None:
        """Say goodbye, if the database listens: without it the silence will tell."""
        self._stop.set()
        self._thread.join(1)
        with contextlib.suppress(DatabaseError, InterfaceError):
            self._write(stopped_at=self._clock(), leading_since=None)

    def _write(self, **fields: datetime | None) -> None:
        row = SchedulerProcess.objects.filter(pk=self.process.pk)
        if not row.update(**fields):
            # Somebody tidied the table: be there again, under the same number.
            self.process.save(force_insert=True)
            row.update(**fields)

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_EVERY.total_seconds()):
            try:
                self._write(heartbeat_at=self._clock())
                self.on_beat()
                if self._leads:
                    beats.tell()
            except Exception as error:  # noqa: BLE001 - a silent process loses its runs
                logger.warning("heartbeat_failed", error=str(error))
                close_old_connections()
        connection.close()
