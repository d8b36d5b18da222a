"""The log of one run: what its job logged, bounded, ready to be stored as JSON."""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from structlog.types import EventDict, WrappedLogger

from .redact import redacted
from .text import clean

FIRST_EVENTS = 200
LAST_EVENTS = 300
MAX_TEXT = 2_000
MAX_FIELDS = 30

# Bound by the runner to every event and shown in the run's own columns.
_REDUNDANT = ("job", "run_id", "attempt", "request_id")

_current: ContextVar["RunLog | None"] = ContextVar("run_log", default=None)


class RunLog:
    """Keeps the first and the last events of a run; those between are counted, not kept.

    Threads of the job add to it while another reads it.
    """

    def __init__(self) -> None:
        self._first: list[dict[str, Any]] = []
        # Few runs log so much, and an empty deque is not small.
        self._last: deque[dict[str, Any]] | None = None
        self._seen = 0
        # Held for no longer than it takes to append, or to copy some hundred references.
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """Another number whenever something was added."""
        return self._seen

    def add(self, event: EventDict) -> None:
        kept = _kept(event)
        with self._lock:
            self._seen += 1
            if len(self._first) < FIRST_EVENTS:
                self._first.append(kept)
                return
            if self._last is None:
                self._last = deque(maxlen=LAST_EVENTS)
            self._last.append(kept)

    def begin_with(self, event: dict[str, Any]) -> None:
        """Keep an event that is as it is stored, before any other."""
        with self._lock:
            self._seen += 1
            self._first.insert(0, event)

    def events(self) -> list[dict[str, Any]]:
        """The log as JSON: ``{"at", "level", "event", ...fields}``, oldest first."""
        with self._lock:
            first, last, seen = list(self._first), list(self._last or ()), self._seen
        left_out = seen - len(first) - len(last)
        gap = [{"level": "warning", "event": "log_events_left_out", "count": left_out}]
        return [*first, *(gap if left_out else []), *last]


@contextlib.contextmanager
def capturing(log: RunLog) -> Iterator[None]:
    """Collect what is logged inside this context (and the threads given a copy of it)."""
    token = _current.set(log)
    try:
        yield
    finally:
        _current.reset(token)


def capture(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: keep the event for the run that is going on, and pass it on."""
    log = _current.get()
    if log is not None:
        log.add(event)
    return event


def _kept(event: EventDict) -> dict[str, Any]:
    fields = {
        key: _plain(value)
        for key, value in list(event.items())[:MAX_FIELDS]
        if not key.startswith("_")
        and key not in ("timestamp", "level", "event", "logger", "exc_info", "stack", *_REDUNDANT)
    }
    if event.get("exc_info"):
        fields["exception"] = _plain(redacted(repr(event["exc_info"])))
    return {
        "at": event.get("timestamp"),
        "level": event.get("level", "info"),
        "event": clean(str(event.get("event", "")), MAX_TEXT),
        **fields,
    }


def _plain(value: Any) -> Any:
    """The value as JSON can hold it, and no longer than a reader wants."""
    if isinstance(value, int) and abs(value) >= 1 << 63:
        # Not even str() takes it when it has thousands of digits.
        return f"a number of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float):
        # NaN and infinity are no JSON, and PostgreSQL refuses them.
        return (
            value if value == value and value not in (float("inf"), -float("inf")) else str(value)
        )
    if isinstance(value, str):
        return clean(value, MAX_TEXT)
    try:
        text = json.dumps(value, default=str)
    except Exception:  # noqa: BLE001 - the value's own methods are called
        text = str(type(value))
    return clean(text, MAX_TEXT)
