"""How often one upstream is asked: threads that share a pace take turns."""

import threading
import time
from collections.abc import Callable

from scheduling.registry import current_run


def _sleep(seconds: float) -> None:
    """Not past the cancellation of a run, or its deadline."""
    current_run().sleep(seconds)


class Pace:
    """Lets its callers go on one after the other, at least ``gap`` seconds apart."""

    def __init__(
        self,
        gap: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = _sleep,
    ) -> None:
        self._gap, self._clock, self._sleep = gap, clock, sleep
        self._last: float | None = None
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when it is this caller's turn; raises what ``sleep`` raises."""
        # Held while it sleeps: the gap counts from when the one before really went on.
        with self._lock:
            while (left := self._left()) > 0:
                self._sleep(left)
            self._last = self._clock()

    def sent(self) -> None:
        """Count the gap from now: a caller has only now done what it waited for.

        On a busy machine, or while a connection is made, that is well after its turn came.
        """
        # Without the lock, which whoever is next holds in its sleep.
        self._last = max(self._last or 0.0, self._clock())

    def _left(self) -> float:
        return 0.0 if self._last is None else self._last + self._gap - self._clock()
