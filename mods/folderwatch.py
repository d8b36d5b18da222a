"""Looks at a folder again and again, and tells when something in it has changed."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

from . import modfolder
from .modinfo import UnreadableMod

logger = structlog.get_logger(__name__)


class FolderWatch:
    """Calls ``look`` at first and after each change, until ``stop`` is set.

    What keeps it from looking (the folder is away, or the database) is told once, and then it
    waits and tries again.
    """

    def __init__(
        self, path: Path, look: Callable[[], None], stop: threading.Event, *, every: float
    ) -> None:
        self._path, self._look, self._stop, self._every = path, look, stop, every
        self._seen = ""
        self._told = ""

    def run(self) -> None:
        while not self._stop.is_set():
            self._glance()
            self._stop.wait(self._every)

    def _glance(self) -> None:
        try:
            # Taken before the look: what is written meanwhile is seen at the next one.
            current = modfolder.fingerprint(self._path)
            if current == self._seen:
                return
            self._look()
            self._seen, self._told = current, ""
        except UnreadableMod as error:
            self._seen = ""
            self._tell("folder_unavailable", str(error))
        except (DatabaseError, InterfaceError) as error:
            self._tell("database_unavailable", str(error)[:500])
            close_old_connections()

    def _tell(self, event: str, error: str) -> None:
        if self._told != event:
            logger.warning(event, error=error, retry_in=self._every)
        self._told = event
