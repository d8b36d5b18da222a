"""Writes what became of runs: at once when they are few, together when they are many."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import Value
from django.db.models.functions import Concat

from . import batches, reasons, retries
from .models import JobRun, SchedulerProcess, Status
from .text import clean

logger = structlog.get_logger(__name__)

# A quick run's start and end are written together; a slow one's start is not kept waiting.
START_MAY_WAIT = 0.1
# Where outcomes come in numbers they are written together: a worker's first waits so long for
# others, and meanwhile the threads of jobs have the process for themselves; then there is so much
# between two writes.
GATHER_FIRST, GATHER = 0.025, 0.03
RETRY_FIRST, RETRY_LAST = 0.2, 5.0
# The columns that an end fills.
_OUTCOME = (
    "status",
    "started_at",
    "finished_at",
    "result",
    "error",
    "traceback",
    "log",
    "progress",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of a run, fit to be stored."""

    run_id: int
    status: Status
    started_at: datetime | None
    finished_at: datetime
    result: Any = None
    error: str = ""
    traceback: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)
    progress: dict[str, Any] | None = None
    may_retry: bool = True

    def bare(self) -> "Finished":
        """The same end without all that a database might refuse."""
        error = f"{clean(self.error, 500)} {reasons.NOT_STORED}".strip()
        return replace(self, result=None, log=[], traceback="", error=error)


class Recorder:
    """A thread that writes starts and outcomes of this process's runs.

    While the database is away it keeps them and tries again. A row that was closed by
    somebody else meanwhile (as lost, say) stays as it is.
    """

    def __init__(self, process: SchedulerProcess, gather: float = 0.0) -> None:
        """``gather``: for so many seconds a first outcome waits for others to be written with."""
        self._process, self._gather = process, gather
        self._changed = threading.Condition()
        self._started: dict[int, datetime] = {}
        self._finished: dict[int, Finished] = {}
        self._closing = False
        # Set when there is no time left to gather more.
        self._gathered = threading.Event()
        self.on_written: Callable[[], None] = lambda: None
        self.on_retry: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def started(self, run_id: int, at: datetime) -> None:
        with self._changed:
            self._started[run_id] = at
            if len(self._started) == 1:
                self._changed.notify()

    def finished(self, outcome: Finished) -> None:
        """Write this outcome; of several for the same run the first one counts."""
        with self._changed:
            self._started.pop(outcome.run_id, None)
            first = self._finished.setdefault(outcome.run_id, outcome)
            # Not for each: its thread would wake for nothing while it gathers what comes.
            if len(self._finished) == 1:
                self._changed.notify()
        if first is not outcome:
            _tell_late(outcome)

    def unwritten(self) -> set[int]:
        """The runs whose outcome is known here but not yet in the database."""
        with self._changed:
            return set(self._finished)

    def close(self, patience: float) -> bool:
        """Write what is left, for ``patience`` seconds at most; False if some was not written."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._gathered.set()
        self._thread.join(patience)
        return not self._thread.is_alive() and not self.unwritten()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _work(self) -> None:
        pause = RETRY_FIRST
        while batch := self._next_batch():
            try:
                self._settle(*batch)
            except Exception as error:  # noqa: BLE001 - without this thread no run would end
                logger.warning("outcomes_wait_for_database", error=str(error), retry_in=pause)
                close_old_connections()
                time.sleep(pause)
                pause = min(pause * 2, RETRY_LAST)
            else:
                pause = RETRY_FIRST
            self.on_written()
            if len(batch[1]) > 1:
                time.sleep(GATHER)
        connection.close()

    def _settle(self, started: dict[int, datetime], finished: dict[int, Finished]) -> None:
        """Write all together; where that is refused, each by itself, so that one outcome which
        can't be stored keeps no other waiting. Raises while something is still to be written:
        a run whose end was dropped here would stay open, or be taken for one that never began.
        """
        try:
            self._write(started, finished)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is that can't be stored
            logger.error("outcomes_refused", error=repr(error)[:500], runs=list(finished))
        else:
            self._forget(started, finished)
            return
        refused: list[Exception] = []
        for run_id, at in started.items():
            self._try({run_id: at}, {}, refused)
        # The outcome tells it again.
        self._forget(started, {})
        for outcome in finished.values():
            if not self._try({}, {outcome.run_id: outcome}, refused):
                # Perhaps it is what the job left. If this is refused too, it is not.
                self._try({}, {outcome.run_id: outcome.bare()}, refused)
        if not self.unwritten().isdisjoint(finished):
            raise refused[-1]

    def _try(
        self,
        started: dict[int, datetime],
        finished: dict[int, Finished],
        refused: list[Exception],
    ) -> bool:
        try:
            self._write(started, finished)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - told, and tried again
            logger.error("outcome_refused", runs=[*started, *finished], error=repr(error)[:500])
            refused.append(error)
            return False  # it stays owed
        self._forget(started, finished)
        return True

    def _next_batch(self) -> tuple[dict[int, datetime], dict[int, Finished]] | None:
        """What is to be written now; None when closing and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._started or self._finished or self._closing)
            if not self._finished and not self._closing:
                self._changed.wait_for(lambda: self._finished or self._closing, START_MAY_WAIT)
        if self._gather:
            self._gathered.wait(self._gather)
        with self._changed:
            batch = dict(self._started), dict(self._finished)
        return batch if any(batch) else None

    def _forget(self, started: Iterable[int], finished: dict[int, Finished]) -> None:
        with self._changed:
            for run_id in started:
                self._started.pop(run_id, None)
            for run_id in finished:
                self._finished.pop(run_id, None)

    def _write(self, started: dict[int, datetime], finished: dict[int, Finished]) -> None:
        with transaction.atomic():
            if started:
                self._update(["started_at"], [(run_id, [at]) for run_id, at in started.items()])
            written = self._close(finished.values())
            failed = [one for one in written if one.may_retry and one.status in retries.RETRIED]
            queued = retries.queue(failed)
        if queued:
            self.on_retry()

    def _close(self, outcomes: Iterable[Finished]) -> list[Finished]:
        """Write outcomes; returns those whose row was still open, and tells of the others."""
        outcomes = list(outcomes)
        rows = [(one.run_id, [getattr(one, name) for name in _OUTCOME]) for one in outcomes]
        written = self._update(_OUTCOME, rows)
        for one in outcomes:
            if one.run_id not in written:
                self._note_late(one)
        return [one for one in outcomes if one.run_id in written]

    def _update(self, fields: Sequence[str], rows: list[tuple[int, list[Any]]]) -> set[int]:
        return batches.update_running(JobRun, self._process.pk, fields, rows)

    def _note_late(self, outcome: Finished) -> None:
        _tell_late(outcome)
        ended = f"{outcome.finished_at:%Y-%m-%d %H:%M:%S} UTC"
        too_late = reasons.ENDED_TOO_LATE % {"at": ended, "status": outcome.status.label}
        closed = JobRun.objects.finished().filter(pk=outcome.run_id, process=self._process)
        closed.update(error=Concat("error", Value(f" {too_late}")))


def _tell_late(outcome: Finished) -> None:
    logger.warning("late_outcome_ignored", run_id=outcome.run_id, outcome=outcome.status.value)
