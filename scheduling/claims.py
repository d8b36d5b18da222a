"""The writes of a pass: slots become rows, queued rows become this process's runs.

Everything here runs inside the pass's one transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Min, Q
from django.utils.timezone import now

from . import reasons, registry
from .history import MOST_SLOTS
from .models import Cause, JobRun, JobSchedule, SchedulerProcess, Status
from .plan import Busy, Decision
from .querysets import count_change
from .runner import ClaimedRun

MAX_QUEUED_PER_PASS = 200


def busy(names: Iterable[str]) -> dict[str, Busy]:
    """The runs that are going on, of these jobs, in whatever process."""
    rows = (
        JobRun.objects.running()
        .filter(job_name__in=list(names))
        .order_by()
        .values("job_name")
        .annotate(count=Count("id"), since=Min("claimed_at"))
    )
    return {row["job_name"]: Busy(count=row["count"], since=row["since"]) for row in rows}


def insert(
    decisions: Mapping[str, list[Decision]], process: SchedulerProcess, now: datetime
) -> list[ClaimedRun]:
    """Write the rows; returns the runs that this process won.

    A slot that has its row already, from whatever scheduler, is left as it is: that is what
    keeps a slot from starting twice.
    """
    rows = [
        _row(name, left, process, now)
        for name, many in decisions.items()
        for one in many
        if (left := _without_rows(name, one))
    ]
    if not rows:
        return []
    JobRun.objects.bulk_create(rows, ignore_conflicts=True)
    # Which rows made it is not told, but no other pass writes this process at this moment.
    return _claimed(process, now, trigger=Cause.SCHEDULE)


def _without_rows(name: str, decision: Decision) -> Decision | None:
    """A row for several slots begins at the first that has none, or it would be left out whole."""
    if decision.status is not Status.MISSED:
        return decision
    slots = [decision.slot, *decision.recent]
    there = JobRun.objects.filter(job_name=name, scheduled_for__in=slots, attempt=1)
    return decision.without(set(there.values_list("scheduled_for", flat=True)))


def take_queued(process: SchedulerProcess, now: datetime) -> list[ClaimedRun]:
    """Claim the queued runs that are due and that their job's ``max_instances`` lets start.

    Runs of jobs that only a newer release knows are left for a worker that knows them.
    """
    due = JobRun.objects.due(now).filter(job_name__in=registry.jobs())
    if not due.exists():
        return []
    if due.filter(trigger=Cause.SCHEDULE).exists():
        miss_late(now)
    # What nobody asked for waits while its job is paused, disabled or gone.
    active = JobSchedule.objects.active(now).values("name")
    due = due.filter(Q(trigger=Cause.MANUAL) | Q(job_name__in=active))
    limits = dict(JobSchedule.objects.values_list("name", "max_instances"))
    going_on = busy(registry.jobs())
    free = {name: _number(limits.get(name)) or 1 for name in registry.jobs()}
    for name, runs in going_on.items():
        free[name] -= runs.count
    full = [name for name, number in free.items() if number <= 0]
    waiting = due.exclude(job_name__in=full).select_for_update(skip_locked=True)
    taken = []
    for run_id, name in waiting.values_list("id", "job_name")[:MAX_QUEUED_PER_PASS]:
        if free[name] > 0:
            free[name] -= 1
            taken.append(run_id)
    JobRun.objects.queued().filter(pk__in=taken).update(
        status=Status.RUNNING, process=process, worker=str(process), claimed_at=now
    )
    return _claimed(process, now, pk__in=taken)


def miss_late(now: datetime) -> None:
    """Close slots that went back to the queue and have been waiting past their grace since.

    Only those of cron schedules: an interval job makes up for its slot however late.
    """
    back = JobRun.objects.due(now).filter(trigger=Cause.SCHEDULE)
    graces = dict(JobSchedule.objects.exclude(cron="").values_list("name", "misfire_grace_seconds"))
    for run in back.without_details():
        grace = _number(graces.get(run.job_name))
        if grace is not None and now - run.scheduled_for > timedelta(seconds=grace):
            JobRun.objects.queued().filter(pk=run.pk).update(
                status=Status.MISSED,
                finished_at=now,
                error=reasons.NOBODY_IN_TIME,
            )


def is_held(run_id: int, process: SchedulerProcess) -> bool:
    """Whether the run is still open, and this process's."""
    return JobRun.objects.running().filter(pk=run_id, process=process).exists()


def unstarted(process: SchedulerProcess) -> list[ClaimedRun]:
    """What the database says this process has claimed."""
    return _claimed(process, None)


def release(run_ids: Iterable[int], process: SchedulerProcess) -> None:
    """Give claimed runs that did not start back to the queue, for the next worker."""
    for run_id in run_ids:
        # So that whoever leads hears of it.
        count_change()
        mine = JobRun.objects.running().filter(pk=run_id, process=process)
        try:
            with transaction.atomic():
                mine.update(status=Status.QUEUED, process=None, worker="", claimed_at=None)
        except IntegrityError:
            # A person has asked for another run of the job meanwhile: that one will do.
            error = reasons.ANOTHER_QUEUED
            mine.update(status=Status.CANCELLED, finished_at=now(), error=error)


def _row(name: str, decision: Decision, process: SchedulerProcess, now: datetime) -> JobRun:
    row = JobRun(
        job_name=name,
        status=decision.status,
        scheduled_for=decision.slot,
        slots=min(decision.slots, MOST_SLOTS),
        until=decision.until,
        queued_at=now,
        worker=str(process),
    )
    if decision.status is Status.RUNNING:
        row.process, row.claimed_at = process, now
    else:
        row.finished_at, row.error = now, decision.reason
    return row


def _claimed(process: SchedulerProcess, at: datetime | None, **filters: object) -> list[ClaimedRun]:
    runs = JobRun.objects.running().filter(process=process, **filters)
    if at is not None:
        runs = runs.filter(claimed_at=at)
    rows = list(
        runs.order_by("scheduled_for", "id").values_list(
            "id", "job_name", "scheduled_for", "attempt"
        )
    )
    if not rows:
        return []
    limited = JobSchedule.objects.exclude(timeout_seconds=None)
    timeouts = dict(limited.values_list("name", "timeout_seconds"))
    return [
        ClaimedRun(
            run_id=run_id,
            job_name=name,
            scheduled_for=slot,
            attempt=attempt,
            timeout_seconds=_number(timeouts.get(name)),
        )
        for run_id, name, slot, attempt in rows
    ]


def _number(value: object) -> int | None:
    """SQLite keeps a text in a column of numbers, if that is what a script wrote."""
    return value if isinstance(value, int) else None
