"""Tickets: jobs in Procrastinate's table, each for a few claimed runs that wait for a worker."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from procrastinate import jobs, manager
from procrastinate.contrib.django.django_connector import DjangoConnector

from ..limits import QUEUE
from ..models import JobSchedule

# The name of the task, in Procrastinate's words.
TASK = "scheduling.run"
# Fetching a ticket costs Procrastinate a query and a turn of its loop. When many runs are claimed
# at once a ticket stands for several, but for so many tickets at least every worker gets some.
MOST_RUNS = 20
FEW_TICKETS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """``claimed_at`` is when its runs were claimed: a ticket from before, or of runs that were
    given back meanwhile, is worth nothing."""

    run_ids: tuple[int, ...]
    claimed_at: datetime
    queue: str = QUEUE
    priority: int = 0

    @property
    def arguments(self) -> dict[str, Any]:
        return {"runs": list(self.run_ids), "claimed_at": self.claimed_at.isoformat()}


def most_runs() -> int:
    """Of one ticket: no more than a worker has threads for, unless it was told otherwise."""
    return min(MOST_RUNS, settings.SCHEDULER_THREADS)


def made_for(runs: Sequence[tuple[int, str]], claimed_at: datetime) -> list[Ticket]:
    """Tickets for these runs (id and job), in their order, by what their schedules say now."""
    unusual = JobSchedule.objects.exclude(queue=QUEUE, priority=0)
    unusual = unusual.filter(name__in={name for _id, name in runs})
    places = {
        name: (queue, priority)
        for name, queue, priority in unusual.values_list("name", "queue", "priority")
    }
    together: dict[tuple[str, int], list[int]] = defaultdict(list)
    for run_id, name in runs:
        together[places.get(name, (QUEUE, 0))].append(run_id)
    size = min(most_runs(), math.ceil(len(runs) / FEW_TICKETS))
    return [
        Ticket(
            run_ids=tuple(run_ids[start : start + size]),
            claimed_at=claimed_at,
            queue=queue,
            priority=priority,
        )
        for (queue, priority), run_ids in together.items()
        for start in range(0, len(run_ids), size)
    ]


def enqueue(tickets: Iterable[Ticket], not_before: datetime | None = None) -> None:
    """Write them to Procrastinate's table, in one statement of the caller's transaction."""
    rows = [
        jobs.Job(
            task_name=TASK,
            task_kwargs=ticket.arguments,
            queue=ticket.queue,
            priority=ticket.priority,
            lock=None,
            queueing_lock=None,
            scheduled_at=not_before,
        )
        for ticket in tickets
    ]
    if rows:
        manager.JobManager(DjangoConnector()).batch_defer_jobs(rows)
