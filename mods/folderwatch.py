"""Looks at a folder again and again, and tells when something in it has changed."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

from . import modfolder
from .modinfo import UnreadableMod

logger = structlog.get_logger(__name__)

# A folder that changes at so many glances in a row is looked at all the same.
RESTLESS = 10


class FolderWatch:
    """Calls ``look`` at first and after each change, until ``stop`` is set.

    A change is over when the next glance finds no other: until then files are only half there.
    What keeps it from looking (the folder is away, or the database) is told once, and then it
    waits and tries again.
    """

    def __init__(
        self, path: Path, look: Callable[[], None], stop: threading.Event, *, every: float
    ) -> None:
        self._path, self._look, self._stop, self._every = path, look, stop, every
        self._looked_at = ""
        # What the glance before found, None before the first.
        self._before: str | None = None
        self._restless = 0
        self._told = ""

    def run(self) -> None:
        while not self._stop.is_set():
            self._glance()
            self._stop.wait(self._every)

    def _glance(self) -> None:
        try:
            # Taken before the look: what is written meanwhile is seen at the next one.
            current = modfolder.fingerprint(self._path)
            if current == self._looked_at or not self._is_settled(current):
                return
            self._look()
            self._looked_at, self._told = current, ""
        except UnreadableMod as error:
            self._looked_at = self._before = ""
            self._tell("folder_unavailable", str(error))
        except (DatabaseError, InterfaceError) as error:
            self._tell("database_unavailable", str(error)[:500])
            close_old_connections()

    def _is_settled(self, current: str) -> bool:
        settled = self._before in (None, current) or self._restless >= RESTLESS
        self._restless = 0 if settled else self._restless + 1
        self._before = current
        return settled

    def _tell(self, event: str, error: str) -> None:
        if self._told != event:
            logger.warning(event, error=error, retry_in=self._every)
        self._told = event
