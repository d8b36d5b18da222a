"""Tells whoever supervises the worker how it is, and that its loops turn.

That is systemd (``NOTIFY_SOCKET``, as in sd_notify(3)) or the health check of a container, which
looks how old ``BEAT_FILE`` is. Without either nothing is told.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

BEAT_EVERY = 5.0


class Pulse:
    """Everything here is called by the worker's main thread, in its turns."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beaten_at = float("-inf")
        self._ready = False
        self._status = ""

    def is_up(self) -> None:
        """Once: from now on beats are expected."""
        if not self._ready:
            self._ready = True
            _notify("READY=1")

    def status(self, words: str) -> None:
        """What ``systemctl status`` shows."""
        if words != self._status:
            self._status = words
            _notify(f"STATUS={words}")

    def beat(self) -> None:
        """A loop has turned; told every few seconds at most."""
        if (now := self._clock()) - self._beaten_at >= BEAT_EVERY:
            self._beaten_at = now
            _notify("WATCHDOG=1")
            if path := os.environ.get("BEAT_FILE"):
                with contextlib.suppress(OSError):
                    Path(path).touch()

    def stopping(self, words: str) -> None:
        _notify("STOPPING=1")
        self.status(words)


def _notify(message: str) -> None:
    """Who does not listen is not waited for: the worker works for nobody's applause."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        # An @ stands for the null that begins an abstract name.
        out.sendto(message.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
