"""One leader at a time; the others stand by. It saves work, the claims keep slots single."""

import fcntl
import os
from pathlib import Path
from typing import IO

from django.db import connection


class FileLock:
    """A lock on a file beside the SQLite database; the system frees it when its process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """Become the leader, or find that another process is; does not wait."""
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
        """Whether this process still leads: the file may have been removed or replaced."""
        if not self._file:
            return False
        try:
            there = self._path.stat()
        except OSError:
            return False
        mine = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


def for_database() -> FileLock:
    """The lock that goes with the database this process uses."""
    return FileLock(Path(f"{connection.settings_dict['NAME']}.leader"))
