"""Looks after the runs of this process while they go on: deadlines, and who asked them to stop."""

from collections.abc import Callable
from datetime import datetime

import structlog

from . import reasons
from .executors import ThreadExecutor
from .models import JobRun, SchedulerProcess, Status
from .recorder import Recorder

logger = structlog.get_logger(__name__)

# What a job past its deadline gets to notice that itself, which tells more.
DEAF_AFTER = 0.5


class Tending:
    def __init__(
        self,
        process: SchedulerProcess,
        executor: ThreadExecutor,
        recorder: Recorder,
        clock: Callable[[], datetime],
    ) -> None:
        self._process, self._executor = process, executor
        self._recorder, self._clock = recorder, clock

    def close_overdue(self) -> None:
        """Close runs on time whose jobs don't notice that their deadline has passed."""
        for run in self._executor.overdue(DEAF_AFTER):
            logger.error("run_timed_out", job=run.job_name, run_id=run.run_id)
            error = reasons.DEAF % {"seconds": run.timeout_seconds} + f" {reasons.GOES_ON}"
            self._recorder.finished(run.closed(Status.TIMED_OUT, self._clock(), error))
            # Only now: there is no moment at which nobody owes its outcome.
            self._executor.give_up(run.run_id)

    def cancel_asked(self) -> None:
        """Tell the runs that a person wants to stop."""
        mine = JobRun.objects.running().filter(
            process=self._process, cancel_requested_at__isnull=False
        )
        here = self._executor.in_flight()
        for run_id, by in mine.values_list("id", "cancel_requested_by"):
            if by and run_id in here:
                here[run_id].context.stop_reason = reasons.CANCELLED % {"by": by}
            self._executor.cancel(run_id)
