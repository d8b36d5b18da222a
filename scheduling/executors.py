"""Where claimed runs go: a pool of threads."""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from apscheduler.executors.base import BaseExecutor
from django.db import DatabaseError, InterfaceError, close_old_connections

from . import runner
from .machine import uptime
from .models import JobRun
from .querysets import count_change
from .recorder import Recorder
from .runner import ClaimedRun
from .threads import Threads

logger = structlog.get_logger(__name__)

# Sooner nobody takes the process of a claim for dead.
SURELY_OURS = 1.0
RETRY_EVERY = 1.0


class ThreadExecutor(BaseExecutor):
    """Runs claimed rows in threads and knows at any time which it still owes an outcome."""

    # So often a pass looks whether what waits for another run of its job may start; in seconds.
    looks_every = float("inf")
    # So often ``tidy()`` is called while this process leads.
    tidy_every = 60.0
    # Whether what is claimed is nobody's until a worker elsewhere takes it.
    hands_over = False

    def __init__(
        self,
        threads: int,
        recorder: Recorder,
        clock: Callable[[], datetime],
        is_ours: Callable[[int], bool],
    ) -> None:
        super().__init__()
        self._is_ours = is_ours
        self._recorder, self._clock = recorder, clock
        self._threads = Threads(threads, self._run)
        self._claimed: dict[int, ClaimedRun] = {}
        self._claimed_lock = threading.Lock()
        self._withdrawn: set[int] = set()
        self._draining = False

    def hand_over(self, claimed: list[ClaimedRun], _now: datetime) -> list[ClaimedRun]:
        """In the transaction that claims them: those that are to be submitted after it."""
        return claimed

    def tidy(self, now: datetime) -> None:
        """Look after what waits in the queue."""
        # From when the runs were handed over, before the setting was changed.
        if JobRun.objects.handed_over().update(claimed_at=None):
            logger.info("runs_taken_back", at=now.isoformat())
            count_change()

    def submit_runs(self, claimed: Iterable[ClaimedRun]) -> None:
        runs = {run.run_id: run for run in claimed}
        with self._claimed_lock:
            if self._draining:
                self._withdrawn.update(runs)
                return
            for run_id, run in runs.items():
                self._claimed.setdefault(run_id, run)
            self._threads.submit(runs)

    def in_flight(self) -> dict[int, ClaimedRun]:
        """The runs that wait for a thread or are going on."""
        with self._claimed_lock:
            return dict(self._claimed)

    def owed(self) -> set[int]:
        """The runs whose outcome is not in the database yet."""
        return self.in_flight().keys() | self._recorder.unwritten()

    def cancel(self, run_id: int) -> None:
        """Tell the run, if it is here, that it should stop."""
        if claimed := self.in_flight().get(run_id):
            claimed.context.stop.set()

    def overdue(self, patience: float) -> list[ClaimedRun]:
        """The runs whose deadline passed more than ``patience`` seconds ago."""
        return [
            claimed
            for claimed in self.in_flight().values()
            if (left := claimed.context.remaining) is not None and left < -patience
        ]

    def give_up(self, run_id: int) -> None:
        """Wait no longer for this run; another thread takes the place of its own."""
        self._threads.give_up(run_id)
        self._forget(run_id)

    def drain(self) -> None:
        """Begin no more runs, neither those that wait nor those that are still to come."""
        with self._claimed_lock:
            self._draining = True
            for run_id in self._threads.withdraw():
                self._claimed.pop(run_id, None)
                self._withdrawn.add(run_id)

    def withdrawn(self) -> set[int]:
        """The claimed runs that no thread began and none will."""
        with self._claimed_lock:
            return set(self._withdrawn)

    def forget_withdrawn(self, run_ids: set[int]) -> None:
        with self._claimed_lock:
            self._withdrawn -= run_ids

    def wait(self, seconds: float | None) -> bool:
        """Wait until nothing runs any more; False when ``seconds`` were not enough."""
        return self._threads.wait(seconds)

    def shutdown(self, wait: bool = True) -> None:
        self._threads.close()
        if wait:
            self.wait(None)

    def _run(self, run_id: int) -> None:
        try:
            claimed = self._claimed[run_id]
            if self._may_begin(claimed) and not self._is_withdrawn(run_id):
                runner.run(claimed, self._recorder, self._clock)
        finally:
            self._forget(run_id)

    def _may_begin(self, claimed: ClaimedRun) -> bool:
        """Whether the run is still this process's: a worker that froze, or whose threads were
        busy, may have been taken for dead since the claim. Waits for the database to tell."""
        run_id = claimed.run_id
        while uptime() - claimed.held_at > SURELY_OURS:
            try:
                if self._draining or self._is_ours(run_id):
                    return True
            except (DatabaseError, InterfaceError) as error:
                logger.warning("start_waits_for_database", run_id=run_id, error=str(error)[:500])
                close_old_connections()
                time.sleep(RETRY_EVERY)
            else:
                logger.warning("run_is_not_ours_any_more", run_id=run_id)
                return False
        return True

    def _is_withdrawn(self, run_id: int) -> bool:
        """Whether the process has begun to stop meanwhile: then it begins elsewhere."""
        with self._claimed_lock:
            if self._draining:
                self._withdrawn.add(run_id)
            return self._draining

    def _forget(self, run_id: int) -> None:
        with self._claimed_lock:
            self._claimed.pop(run_id, None)

    def _do_submit_job(self, *_args: Any) -> None:
        raise RuntimeError("Runs are submitted by the pass, after their slots are claimed.")
