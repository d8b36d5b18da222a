"""A deadline that holds against an upstream which drips its answer byte by byte.

The timeouts of requests count from one read to the next, so a drip outlives them for ever.
Here a thread shuts the client's sockets when time is up, which ends whatever read is going on.
"""

import contextlib
import socket
import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from scheduling.registry import current_run

from .errors import TooSlow

# How soon a cancelled run lets go of a read that hangs.
_GLANCE_SECONDS = 0.25


class Sockets:
    """The open sockets of one client. Only the client's own thread opens them.

    ``sent`` is called whenever a request has gone out on one of them.
    """

    def __init__(self, sent: Callable[[], None] = lambda: None) -> None:
        self.sent = sent
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()

    def add(self, opened: socket.socket) -> None:
        with self._lock:
            self._open.add(opened)

    def shut(self) -> None:
        """End every read that is going on. The sockets stay to be closed by their owner."""
        with self._lock:
            for opened in self._open:
                with contextlib.suppress(OSError):
                    # Not SSLSocket's own, which pulls the TLS state from under the reader.
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)


class WatchedAdapter(HTTPAdapter):
    """Makes connections as requests does, and lets ``sockets`` know of them."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _watched_pools(self._sockets)


def _watched_pools(sockets: Sockets) -> dict[str, type[HTTPConnectionPool]]:
    class PlainConnection(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

        def request(self, *args: Any, **options: Any) -> None:
            super().request(*args, **options)
            sockets.sent()

    class SecureConnection(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

        def request(self, *args: Any, **options: Any) -> None:
            super().request(*args, **options)
            sockets.sent()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}


class Watch:
    """From ``with`` on, the client has ``seconds`` for all it does, and hears of cancellation."""

    def __init__(self, sockets: Sockets, seconds: float, clock: Callable[[], float]) -> None:
        self._sockets, self._seconds, self._clock = sockets, seconds, clock
        self._ends = clock() + seconds
        self._run = current_run()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="upstream-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    @property
    def left(self) -> float:
        """Seconds that remain."""
        return self._ends - self._clock()

    def check(self, shown_url: str) -> None:
        """Raise RunCancelled or TooSlow when it is time to stop."""
        self._run.check()
        if self.left <= 0:
            raise TooSlow(
                f"{shown_url} did not finish its answer within {self._seconds:g} s. It may be "
                "overloaded; the next run tries again."
            )

    def _look(self) -> None:
        # Goes on after it shut them: another connection may open before the client looks.
        while not self._done.wait(min(_GLANCE_SECONDS, max(self.left, 0.02))):
            if self._run.should_stop or self.left <= 0:
                self._sockets.shut()
