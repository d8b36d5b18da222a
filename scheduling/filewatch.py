"""Hears at once when a file is written to, where the system tells: Linux does (inotify)."""

import ctypes
import os
import select
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_MODIFIED = 0x2
# Of each event: watch, mask, cookie, and how long the name is that follows.
_EVENT = struct.Struct("iIII")


class FileWatch:
    """Watches files of one folder, whoever writes to them and whether they are there yet."""

    def __init__(self, folder: Path, names: set[str]) -> None:
        """Raises OSError where the system can't tell, or has no watch left."""
        if sys.platform != "linux":
            raise OSError("only Linux tells")
        self._names = {os.fsencode(name) for name in names}
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._handle < 0:
            raise OSError(ctypes.get_errno(), "no watch")
        if libc.inotify_add_watch(self._handle, os.fsencode(folder), _MODIFIED) < 0:
            error = OSError(ctypes.get_errno(), "no watch", str(folder))
            os.close(self._handle)
            raise error
        self._poll = select.poll()
        self._poll.register(self._handle, select.POLLIN)

    def wait(self, seconds: float) -> bool:
        """Wait until one of the files is written to; False when none was within ``seconds``."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._poll.poll(left * 1_000) and not self._names.isdisjoint(self._written()):
                return True
        return False

    def close(self) -> None:
        os.close(self._handle)

    def _written(self) -> Iterator[bytes]:
        """The names of the files that were written to since the last look."""
        try:
            events = os.read(self._handle, 65_536)
        except BlockingIOError:
            return
        at = 0
        while at < len(events):
            *_, length = _EVENT.unpack_from(events, at)
            at += _EVENT.size + length
            yield events[at - length : at].rstrip(b"\0")
