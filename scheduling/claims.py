"""The writes of a pass: slots become rows, queued rows become this process's runs.

Everything here runs inside the pass's one transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Min, Q
from django.utils.timezone import now

from . import batches, reasons, registry, requestid
from .batches import Slot
from .history import MOST_SLOTS
from .machine import uptime
from .models import Cause, JobRun, JobSchedule, SchedulerProcess, Status
from .plan import Busy, Decision
from .querysets import JobRunQuerySet, count_change
from .runner import ClaimedRun

MAX_QUEUED_PER_PASS = 200
# What differs between slots that don't start.
_NOT_STARTED = ("job_name", "status", "scheduled_for", "slots", "until", "error")


def busy(names: Iterable[str]) -> dict[str, Busy]:
    """The runs that are going on, of these jobs, in whatever process."""
    rows = (
        JobRun.objects.taken()
        .filter(batches.among("job_name", names))
        .order_by()
        .values_list("job_name")
        .annotate(
            count=Count("id"),
            since=Min("claimed_at"),
            waiting=Count("id", filter=Q(status=Status.QUEUED)),
        )
    )
    return {
        name: Busy(count=count, since=since, waiting=waiting)
        for name, count, since, waiting in rows
    }


def insert(
    decisions: Mapping[str, list[Decision]],
    process: SchedulerProcess,
    now: datetime,
    hands_over: bool = False,
) -> list[ClaimedRun]:
    """Write the rows; returns the runs that this process won.

    A slot that has its row already, from whatever scheduler, is left as it is: that is what
    keeps a slot from starting twice.
    """
    decisions = _without_rows(decisions)
    to_start: list[Slot] = []
    rest: list[tuple[Any, ...]] = []
    for name, many in decisions.items():
        for one in many:
            if one.status is Status.RUNNING:
                to_start.append((name, one.slot))
            else:
                slots = min(one.slots, MOST_SLOTS)
                rest.append((name, one.status, one.slot, slots, one.until, one.reason))
    if rest:
        # As cheap as a claim: a worker that can't keep up must not do more than one that can.
        closed = JobRun(queued_at=now, finished_at=now, worker=str(process))
        batches.insert_rows(closed, _NOT_STARTED, rest)
    if not to_start:
        return []
    template = JobRun(queued_at=now, **_claim(process, now, hands_over))
    return _runs((*row, 1) for row in batches.insert_slots(template, to_start))


def _without_rows(decisions: Mapping[str, list[Decision]]) -> dict[str, list[Decision]]:
    """A row for several slots begins at the first that has none, or it would be left out whole."""
    missed = {name for name, many in decisions.items() if _first_missed(many)}
    if not missed:
        return dict(decisions)
    slots = {one.slot for name in missed for one in decisions[name]}
    there = JobRun.objects.filter(job_name__in=missed, scheduled_for__in=slots, attempt=1)
    # None, unless the clock was set back: all else is asked of these only.
    set_back = missed.intersection(there.order_by().values_list("job_name", flat=True))
    return {
        name: [left for one in many if (left := _left(name, one))] if name in set_back else many
        for name, many in decisions.items()
    }


def _first_missed(many: list[Decision]) -> bool:
    return any(one.status is Status.MISSED for one in many)


def _left(name: str, decision: Decision) -> Decision | None:
    if decision.status is not Status.MISSED:
        return decision
    slots = [decision.slot, *decision.recent]
    there = JobRun.objects.filter(job_name=name, scheduled_for__in=slots, attempt=1)
    return decision.without(set(there.values_list("scheduled_for", flat=True)))


def take_queued(
    process: SchedulerProcess, now: datetime, hands_over: bool = False
) -> list[ClaimedRun]:
    """Claim the queued runs that are due and that their job's ``max_instances`` lets start.

    Runs of jobs that only a newer release knows are left for a worker that knows them.
    """
    waiting = JobRun.objects.due(now).order_by().values_list("job_name", flat=True).distinct()
    names = [name for name in waiting if registry.find(name)]
    if not names:
        return []
    due = JobRun.objects.due(now).filter(job_name__in=names)
    if due.filter(trigger=Cause.SCHEDULE).exists():
        miss_late(now)
    # What nobody asked for waits while its job is paused, disabled or gone.
    active = JobSchedule.objects.active(now).values("name")
    due = due.filter(Q(trigger=Cause.MANUAL) | Q(job_name__in=active))
    limits = JobSchedule.objects.filter(name__in=names).values_list("name", "max_instances")
    free = dict.fromkeys(names, 1) | {name: _number(most) or 1 for name, most in limits}
    for name, runs in busy(names).items():
        free[name] -= runs.count
    full = [name for name, number in free.items() if number <= 0]
    startable = due.exclude(job_name__in=full).select_for_update(skip_locked=True)
    taken = []
    for run_id, name in startable.values_list("id", "job_name")[:MAX_QUEUED_PER_PASS]:
        if free[name] > 0:
            free[name] -= 1
            taken.append(run_id)
    claimed = JobRun.objects.filter(pk__in=taken)
    claimed.queued().update(**_claim(process, now, hands_over))
    return requestid.told(_runs(_named(claimed.filter(claimed_at=now))))


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
    return _claimed(process)


def release(run_ids: Iterable[int], process: SchedulerProcess) -> None:
    """Give claimed runs that did not start back to the queue, for the next worker."""
    run_ids = list(run_ids)
    # So that whoever leads hears of it.
    count_change()
    mine = JobRun.objects.running().filter(process=process)
    if _give_back(mine.filter(pk__in=run_ids)):
        return
    for run_id in run_ids:
        if not _give_back(mine.filter(pk=run_id)):
            # A person has asked for another run of the job meanwhile: that one will do.
            error = reasons.ANOTHER_QUEUED
            mine.filter(pk=run_id).update(status=Status.CANCELLED, finished_at=now(), error=error)


def _give_back(runs: JobRunQuerySet) -> bool:
    try:
        with transaction.atomic():
            runs.update(status=Status.QUEUED, process=None, worker="", claimed_at=None)
    except IntegrityError:
        return False
    return True


def _claim(process: SchedulerProcess, now: datetime, hands_over: bool) -> dict[str, Any]:
    """What makes a run this process's; one that it hands over is nobody's until it is taken."""
    if hands_over:
        return {"status": Status.QUEUED, "claimed_at": now}
    return {
        "status": Status.RUNNING,
        "claimed_at": now,
        "process": process,
        "worker": str(process),
    }


def _claimed(process: SchedulerProcess, **filters: object) -> list[ClaimedRun]:
    return _runs(_named(JobRun.objects.running().filter(process=process, **filters)))


def _named(runs: JobRunQuerySet) -> Iterable[tuple[int, str, datetime, int]]:
    return runs.order_by().values_list("id", "job_name", "scheduled_for", "attempt")


def _runs(rows: Iterable[tuple[int, str, datetime, int]]) -> list[ClaimedRun]:
    """The runs of these rows, oldest slot first, with the deadlines that are set now."""
    # What the database tells from here on is no older.
    held_at = uptime()
    rows = sorted(rows, key=lambda row: (row[2], row[0]))
    names = {name for _id, name, _slot, _attempt in rows}
    if not names:
        return []
    limited = JobSchedule.objects.filter(batches.among("name", names))
    limited = limited.exclude(timeout_seconds=None)
    timeouts = dict(limited.order_by().values_list("name", "timeout_seconds"))
    return [
        ClaimedRun(
            run_id=run_id,
            job_name=name,
            scheduled_for=slot,
            attempt=attempt,
            timeout_seconds=_number(timeouts.get(name)),
            held_at=held_at,
        )
        for run_id, name, slot, attempt in rows
    ]


def _number(value: object) -> int | None:
    """SQLite keeps a text in a column of numbers, if that is what a script wrote."""
    return value if isinstance(value, int) else None
