"""Where claimed runs go: a pool of threads."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

from apscheduler.executors.base import BaseExecutor

from . import runner
from .models import Status
from .recorder import Recorder
from .runner import ClaimedRun


class ThreadExecutor(BaseExecutor):
    """Runs claimed rows in threads and knows at any time which it still owes an outcome."""

    def __init__(
        self,
        threads: int,
        recorder: Recorder,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self._recorder, self._clock = recorder, clock
        self.on_end: Callable[[], None] = lambda: None
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._flying: dict[int, tuple[ClaimedRun, Future[Status]]] = {}
        self._landed = threading.Condition()

    def submit_run(self, claimed: ClaimedRun) -> None:
        with self._landed:
            if claimed.run_id in self._flying:
                return
            future = self._pool.submit(runner.run, claimed, self._recorder, self._clock)
            self._flying[claimed.run_id] = (claimed, future)
        future.add_done_callback(lambda _: self._land(claimed.run_id))

    def in_flight(self) -> dict[int, ClaimedRun]:
        with self._landed:
            return {run_id: claimed for run_id, (claimed, _) in self._flying.items()}

    def owed(self) -> set[int]:
        """The runs whose outcome is not in the database yet."""
        return self.in_flight().keys() | self._recorder.unwritten()

    def cancel(self, run_id: int) -> None:
        """Tell the run, if it is here, that it should stop."""
        if claimed := self.in_flight().get(run_id):
            claimed.context.stop.set()

    def withdraw(self) -> list[int]:
        """Take back the claimed runs that no thread has begun; returns their ids."""
        with self._landed:
            flying = list(self._flying.items())
        return [run_id for run_id, (_, future) in flying if future.cancel()]

    def wait(self, seconds: float | None) -> bool:
        """Wait until nothing runs any more; False when ``seconds`` were not enough."""
        with self._landed:
            return self._landed.wait_for(lambda: not self._flying, seconds)

    def shutdown(self, wait: bool = True) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def _land(self, run_id: int) -> None:
        with self._landed:
            self._flying.pop(run_id, None)
            self._landed.notify_all()
        self.on_end()

    def _do_submit_job(self, *_args: Any) -> None:
        raise RuntimeError("Runs are submitted by the pass, after their slots are claimed.")
