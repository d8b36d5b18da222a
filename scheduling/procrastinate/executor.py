"""The leader's side: claimed runs go to Procrastinate's queue instead of threads."""

from datetime import datetime

from ..executors import ThreadExecutor
from ..runner import ClaimedRun
from . import strays
from .tickets import enqueue, made_for


class QueueExecutor(ThreadExecutor):
    """Hands claimed runs over to Procrastinate's workers, and runs nothing itself.

    A run that was handed over is ``queued`` with the time of its claim, and belongs to nobody
    until a worker takes it.
    """

    # No word comes when a run ends elsewhere that others of its job wait for.
    looks_every = 1.0
    tidy_every = 5.0
    hands_over = True

    def hand_over(self, claimed: list[ClaimedRun], now: datetime) -> list[ClaimedRun]:
        if claimed:
            enqueue(made_for([(run.run_id, run.job_name) for run in claimed], now))
        return []

    def tidy(self, now: datetime) -> None:
        strays.tidy(now)
