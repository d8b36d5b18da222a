"""A process that runs jobs, made visible to all others by a row that it keeps fresh."""

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import close_old_connections, connection

from . import beats, sessions
from .machine import machine
from .models import HEARTBEAT_EVERY, MISSED_BEATS, Role, SchedulerProcess

logger = structlog.get_logger(__name__)


class Presence:
    """This process's row in SchedulerProcess, beating from a thread of its own."""

    def __init__(
        self, clock: Callable[[], datetime], role: Role = Role.SCHEDULER, queues: str = ""
    ) -> None:
        self._clock = clock
        self._stop = threading.Event()
        # Called after each beat, in the thread that beats.
        self.on_beat: Callable[[], None] = lambda: None
        # Whether it leads, and what its row says of that.
        self._leading_since: datetime | None = None
        self._shown_since: datetime | None = None
        self._beaten_at = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        now = clock()
        self.process = SchedulerProcess.objects.create(
            role=role,
            queues=queues,
            host=socket.gethostname()[:200],
            pid=os.getpid(),
            machine=machine(),
            started_at=now,
            heartbeat_at=now,
        )

    def start(self) -> None:
        self._thread.start()

    def lead(self) -> datetime:
        """Show this process as the leader; returns since when."""
        since = self._clock()
        self._write(leading_since=since)
        self._leading_since = self._shown_since = since
        return since

    def follow(self) -> None:
        """Show that it leads no more; where the database does not listen, the next beat does."""
        self._leading_since = None
        with sessions.Forgiving():
            self._write(leading_since=None)
            self._shown_since = None

    @property
    def in_touch(self) -> bool:
        """Whether its own beats reach the database: else it can't know whether others' do."""
        return time.monotonic() - self._beaten_at <= MISSED_BEATS.total_seconds()

    def stop(self) -> None:
        """Say goodbye, if the database listens: without it the silence will tell."""
        self._stop.set()
        self._thread.join(1)
        # Twice: of a connection that has been cut the first one only tells.
        for _ in range(2):
            with sessions.Forgiving():
                self._write(stopped_at=self._clock(), leading_since=None)
                break

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
                if (since := self._leading_since) != self._shown_since:
                    self._write(leading_since=since)
                    self._shown_since = since
                self._beaten_at = time.monotonic()
                self.on_beat()
                if self._leading_since:
                    beats.tell()
            except Exception as error:  # noqa: BLE001 - a silent process loses its runs
                logger.warning("heartbeat_failed", error=str(error))
                close_old_connections()
        connection.close()
