"""The task that Procrastinate's workers know: run what a ticket stands for."""

from datetime import datetime

from procrastinate.job_context import JobContext

from .hands import Hands
from .tickets import Ticket

# Those of this process, from when the command has started them.
hands: Hands | None = None


async def run(context: JobContext, *, runs: list[int], claimed_at: str) -> None:
    """``runs`` are ids of JobRun rows, claimed at ``claimed_at``."""
    if hands is None:
        raise RuntimeError("Start workers with: python manage.py procrastinate worker")
    ticket = Ticket(
        run_ids=tuple(runs),
        claimed_at=datetime.fromisoformat(claimed_at),
        queue=context.job.queue,
        priority=context.job.priority,
    )
    await hands.work(ticket, context.abort_reason)
