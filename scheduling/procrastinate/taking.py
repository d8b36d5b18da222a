"""A worker takes the runs of a ticket: each run goes to one process, whatever became of its
tickets meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from .. import registry
from ..models import Cause, JobRun, JobSchedule, SchedulerProcess, Status
from ..runner import ClaimedRun
from .tickets import Ticket, enqueue

# For whom a release knows no job: another worker may be newer.
ELSEWHERE_IN = timedelta(seconds=5)


def take(ticket: Ticket, most: int, process: SchedulerProcess, now: datetime) -> list[ClaimedRun]:
    """Make the runs of this ticket this process's, ``most`` of them at most, and write a new
    ticket for the others; in one transaction."""
    with transaction.atomic():
        waiting = _waiting(ticket, now)
        known = [run for run in waiting if run.job_name in registry.jobs()]
        strange = [run for run in waiting if run.job_name not in registry.jobs()]
        _put_back(ticket, [run.run_id for run in known[most:]])
        _put_back(ticket, [run.run_id for run in strange], now + ELSEWHERE_IN)
        taken = known[:most]
        JobRun.objects.handed_over().filter(pk__in=[run.run_id for run in taken]).update(
            status=Status.RUNNING, process=process, worker=str(process)
        )
    return taken


def taken_after_all(ticket: Ticket, process: SchedulerProcess) -> list[ClaimedRun]:
    """What of this ticket the database says is this process's: when the connection breaks during
    the commit nobody else knows whether it took place."""
    mine = JobRun.objects.running().filter(process=process, pk__in=ticket.run_ids)
    return _claimed(mine)


def _waiting(ticket: Ticket, now: datetime) -> list[ClaimedRun]:
    """Those that still wait for whoever has this ticket, and may start; locked."""
    waiting = JobRun.objects.handed_over().filter(
        pk__in=ticket.run_ids, claimed_at=ticket.claimed_at
    )
    # As when a pass claims what is queued: a pause may have come in between.
    active = JobSchedule.objects.active(now).values("name")
    may_start = waiting.filter(Q(trigger=Cause.MANUAL) | Q(job_name__in=active))
    return _claimed(may_start.select_for_update(skip_locked=True, of=("self",)))


def _claimed(runs: QuerySet[JobRun]) -> list[ClaimedRun]:
    timeout = JobSchedule.objects.filter(name=OuterRef("job_name")).values("timeout_seconds")
    rows = runs.order_by("id").annotate(timeout=Subquery(timeout[:1]))
    return [
        ClaimedRun(
            run_id=run_id,
            job_name=name,
            scheduled_for=slot,
            attempt=attempt,
            timeout_seconds=timeout,
        )
        for run_id, name, slot, attempt, timeout in rows.values_list(
            "id", "job_name", "scheduled_for", "attempt", "timeout"
        )
    ]


def _put_back(ticket: Ticket, run_ids: list[int], not_before: datetime | None = None) -> None:
    if run_ids:
        enqueue([replace(ticket, run_ids=tuple(run_ids))], not_before)
