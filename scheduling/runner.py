"""Runs one claimed row: binds its context, captures its log, hands its outcome on."""

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import close_old_connections, connections

from . import registry, runlog, spans
from .context import RunContext
from .errors import JobFailed, RunCancelled, RunTimedOut, UnknownJob
from .machine import uptime
from .models import Status
from .outcome import Outcome
from .recorder import Finished, Recorder
from .redact import MASK, is_secret, redacted
from .redact import value as value_of
from .runlog import RunLog
from .text import clean

logger = structlog.get_logger(__name__)

MAX_ERROR = 2_000
TRACEBACK_HEAD, TRACEBACK_TAIL = 4_000, 16_000
MAX_RESULT = 65_536
# Deeper than anybody reads, and what some readers choke on.
MAX_DEPTH = 50


@dataclass(slots=True, kw_only=True)
class ClaimedRun:
    """A row that this process has claimed and now owes an outcome.

    ``started_at`` and ``log`` fill while it goes on.
    """

    run_id: int
    job_name: str
    scheduled_for: datetime
    attempt: int = 1
    timeout_seconds: int | None = None
    context: RunContext = field(init=False)
    log: RunLog = field(default_factory=RunLog)
    started_at: datetime | None = None
    # When it was still this process's for sure; see ``uptime()``.
    held_at: float = field(default_factory=uptime)

    def __post_init__(self) -> None:
        self.context = RunContext(
            job=self.job_name,
            run_id=self.run_id,
            attempt=self.attempt,
            scheduled_for=self.scheduled_for,
            timeout_seconds=self.timeout_seconds,
        )

    def closed(self, status: Status, finished_at: datetime, error: str) -> Finished:
        """The end of this run as somebody else than its job sees it."""
        return Finished(
            run_id=self.run_id,
            status=status,
            started_at=self.started_at,
            finished_at=finished_at,
            error=error,
            log=self.log.events(),
            progress=self.progress(),
        )

    def progress(self) -> dict[str, Any] | None:
        """What its job reported last, as it is stored."""
        reached = self.context.reached
        return value_of(reached._asdict()) if reached else None


@spans.each_run
def run(claimed: ClaimedRun, recorder: Recorder, clock: Callable[[], datetime]) -> Status:
    """Run the job in this thread and record how it went. Raises nothing."""
    if claimed.context.cancelled:
        error = claimed.context.stop_reason or "It was cancelled before it started."
        recorder.finished(claimed.closed(Status.CANCELLED, clock(), error))
        return Status.CANCELLED
    claimed.started_at = clock()
    claimed.context.begin()
    recorder.started(claimed.run_id, claimed.started_at)
    bound = structlog.contextvars.bind_contextvars(
        job=claimed.job_name, run_id=claimed.run_id, attempt=claimed.attempt
    )
    try:
        with runlog.capturing(claimed.log):
            outcome = _call(claimed)
    finally:
        structlog.contextvars.reset_contextvars(**bound)
    try:
        finished = _finished(claimed, outcome, clock())
    except BaseException as error:  # noqa: BLE001 - a value of the job's may raise whatever it likes
        text = f"How the run ended can't be stored: {type(error).__name__}."
        finished = claimed.closed(Status.FAILED, clock(), text)
    recorder.finished(finished)
    return finished.status


def _finished(claimed: ClaimedRun, outcome: Outcome, finished_at: datetime) -> Finished:
    return Finished(
        run_id=claimed.run_id,
        status=_status(outcome, claimed.context),
        started_at=claimed.started_at,
        finished_at=finished_at,
        result=storable(_result(outcome)),
        error=clean(redacted(outcome.reason), MAX_ERROR),
        traceback=redacted(_cut_middle(clean(outcome.traceback))),
        log=claimed.log.events(),
        progress=claimed.progress(),
        may_retry=not _is_permanent(outcome),
    )


def by_name(name: str) -> Any:
    """Run a job by its name and return its value: the one function that stored jobs refer to.

    A stored reference to the job's own function would break when that is renamed.
    """
    return registry.get(name).run(RunContext(job=name, run_id=0)).value


def storable(value: Any) -> Any:
    """A job's value as JSON that both databases take, or a note why it is not kept."""
    if value is None:
        return None
    try:
        text = json.dumps(value, allow_nan=False)
        if len(text) > MAX_RESULT:
            return {"note": f"The job's result was too long to keep ({len(text):,} characters)."}
        return _cleaned(json.loads(text))
    except Exception as error:  # noqa: BLE001 - the value's own methods are called
        reason = str(error) if isinstance(error, TypeError | ValueError) else type(error).__name__
        note = f"The job's result can't be stored as JSON: {redacted(reason)}"
        return {"note": clean(note, MAX_ERROR)}


def _call(claimed: ClaimedRun) -> Outcome:
    # Pool threads live on, but a database connection may have died since their last run.
    try:
        close_old_connections()
        return registry.get(claimed.job_name).run(claimed.context)
    except UnknownJob as error:
        return Outcome(error=_Gone(str(error)))
    except BaseException as error:  # noqa: BLE001 - a thread that dies here would leave its run open
        return Outcome(error=error)
    finally:
        _leave_database()


def _leave_database() -> None:
    """Give the next run of this thread a clean start, whatever the job did to its connections."""
    for used in connections.all(initialized_only=True):
        if used.in_atomic_block:
            logger.error("job_left_a_transaction_open", database=used.alias)
            with contextlib.suppress(Exception):
                used.close()
            del connections[used.alias]
        else:
            with contextlib.suppress(Exception):
                used.close_if_unusable_or_obsolete()


def _status(outcome: Outcome, context: RunContext) -> Status:
    if outcome.ok:
        return Status.SUCCEEDED
    if isinstance(outcome.error, RunTimedOut):
        return Status.TIMED_OUT
    if isinstance(outcome.error, KeyboardInterrupt) and _in_foreground():
        return Status.CANCELLED
    if context.cancelled and isinstance(outcome.error, RunCancelled):
        return Status.CANCELLED
    return Status.FAILED


def _is_permanent(outcome: Outcome) -> bool:
    """Whether trying again can't help, as the job itself says."""
    return isinstance(outcome.error, JobFailed) and outcome.error.permanent


def _in_foreground() -> bool:
    """Where Ctrl-C reaches a job; in a pool's thread only the job itself can raise it."""
    return threading.current_thread() is threading.main_thread()


class _Gone(JobFailed):
    permanent = True


def _result(outcome: Outcome) -> Any:
    return outcome.error.result if isinstance(outcome.error, JobFailed) else outcome.value


def _cleaned(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, str):
        return redacted(clean(value))
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            clean(key): MASK if item and is_secret(key) else _cleaned(item, depth + 1)
            for key, item in value.items()
        }
    return value


def _cut_middle(text: str) -> str:
    if len(text) <= TRACEBACK_HEAD + TRACEBACK_TAIL:
        return text
    return f"{text[:TRACEBACK_HEAD]}\n…\n{text[-TRACEBACK_TAIL:]}"
