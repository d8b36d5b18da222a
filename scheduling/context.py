"""What a job may know of the run it is in. No Django, no APScheduler."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from . import reasons
from .errors import RunCancelled, RunTimedOut
from .progress import Progress, reported


@dataclass(slots=True, kw_only=True)
class RunContext:
    """What a job may know of the run it is in, and how it hears that it should stop.

    ``timeout_seconds`` counts from ``begin()``. ``stop_reason`` says who asked it to stop,
    ``reached`` what it reported last. ``request_id`` is that of the request that asked for it.
    """

    job: str
    run_id: int
    attempt: int = 1
    scheduled_for: datetime | None = None
    timeout_seconds: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    stop_reason: str = ""
    request_id: str = ""
    reached: Progress | None = None
    _begun: float | None = None
    _ends: float | None = None

    def begin(self) -> None:
        self._begun = time.monotonic()
        if self.timeout_seconds is not None:
            self._ends = self._begun + self.timeout_seconds

    @property
    def seconds(self) -> float | None:
        """For how long it has been going on; None before ``begin()``."""
        return None if self._begun is None else time.monotonic() - self._begun

    @property
    def cancelled(self) -> bool:
        """Whether a person, or the worker that stops, asked this run to stop."""
        return self.stop.is_set()

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline, below 0 when it has passed; None without one."""
        return None if self._ends is None else self._ends - time.monotonic()

    @property
    def should_stop(self) -> bool:
        return self.cancelled or (self._ends is not None and time.monotonic() >= self._ends)

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Say how far the run has come: ``done`` of ``total`` (None: nobody knows) of ``text``.

        Quick, from any thread, and never an exception: the worker writes what was said last,
        about once a second. Numbers below 0 and what is no number count for nothing.
        """
        self.reached = reported(done, total, text) or self.reached

    def check(self) -> None:
        """Raise RunCancelled or RunTimedOut when it is time to stop."""
        if self.cancelled:
            raise RunCancelled(self.stop_reason)
        if self.should_stop:
            raise RunTimedOut(reasons.TIMED_OUT % {"seconds": f"{self.timeout_seconds:g}"})

    def sleep(self, seconds: float) -> None:
        """Wait, but not past a cancellation or the deadline: then raise."""
        left = self.remaining
        self.stop.wait(seconds if left is None else max(0.0, min(seconds, left)))
        self.check()


_context: ContextVar[RunContext | None] = ContextVar("run_context", default=None)


def current_run() -> RunContext:
    """The context of the run that calls; outside a run, one that is never cancelled."""
    return _context.get() or RunContext(job="", run_id=0)


@contextlib.contextmanager
def entered(context: RunContext) -> Iterator[None]:
    """Make this the current run while its job is called."""
    token = _context.set(context)
    try:
        yield
    finally:
        _context.reset(token)
