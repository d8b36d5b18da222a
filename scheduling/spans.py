"""Spans of traces around runs and what they ask of others, where somebody opens them.

``open_with`` tells who does; until then nothing is done, and OpenTelemetry is not imported.
"""

import contextlib
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from . import requestid

if TYPE_CHECKING:
    from .models import Status
    from .recorder import Recorder
    from .runner import ClaimedRun

Value = str | int | float


class Span(Protocol):
    def tell(self, known: dict[str, Value]) -> None: ...

    def fail(self, reason: str) -> None: ...


class _Nothing:
    def tell(self, known: dict[str, Value]) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass


# The name of a span, whether it is a call to somebody else, and what is known of it beforehand.
Opener = Callable[[str, bool, dict[str, Value]], AbstractContextManager[Span]]
_opener: Opener | None = None
_nothing = contextlib.nullcontext(_Nothing())


def open_with(opener: Opener | None) -> None:
    global _opener
    _opener = opener


def span(
    name: str, known: dict[str, Value], *, calls: bool = False
) -> AbstractContextManager[Span]:
    """Around what is done inside; ``calls`` where somebody else does it."""
    return _opener(name, calls, known) if _opener else _nothing


_Run = Callable[["ClaimedRun", "Recorder", Callable[[], datetime]], "Status"]


def each_run(run: _Run) -> _Run:
    """Runs get the id of the request that asked for them, and a span."""

    @functools.wraps(run)
    def around(
        claimed: "ClaimedRun", recorder: "Recorder", clock: Callable[[], datetime]
    ) -> "Status":
        if claimed.context.request_id:
            requestid.bind(claimed.context.request_id)
        try:
            if _opener is None:
                return run(claimed, recorder, clock)
            return _in_span(run, claimed, recorder, clock)
        finally:
            # The thread's next run is another's.
            requestid.unbind()

    return around


def _in_span(
    run: _Run, claimed: "ClaimedRun", recorder: "Recorder", clock: Callable[[], datetime]
) -> "Status":
    known: dict[str, Value] = {
        "job": claimed.job_name,
        "run_id": claimed.run_id,
        "attempt": claimed.attempt,
        "slot": claimed.scheduled_for.isoformat(),
    }
    with span(f"run {claimed.job_name}", known) as opened:
        status = run(claimed, recorder, clock)
        opened.tell({"status": status.value})
        if claimed.started_at and claimed.attempt == 1:
            lag = (claimed.started_at - claimed.scheduled_for).total_seconds()
            opened.tell({"lag_seconds": lag})
        if status.value not in ("succeeded", "cancelled"):
            opened.fail(status.value)
    return status
