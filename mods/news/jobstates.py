"""How jobs and the worker stand, from the rows that they leave."""

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import OuterRef, Subquery

from scheduling.models import JobRun, JobSchedule, SchedulerProcess, Status
from scheduling.outlook import annotated, outlook, worker_state
from scheduling.querysets import JobScheduleQuerySet
from scheduling.recent import MAX_JOBS, newest_runs

from .finding import DOWN, FAILING, LATE, Seen
from .models import NewsRule

_FAILED = (Status.FAILED, Status.TIMED_OUT, Status.LOST)
_OPEN = (Status.QUEUED, Status.RUNNING)
# How long a next run may be overdue: a worker that has just begun has much to do.
_OVERDUE = timedelta(minutes=2)
_WITHOUT_WORKER = timedelta(minutes=1)
# Rows to read of a job: each slot may have retries, and some were missed or skipped.
_ROWS_PER_SLOT, _MORE_ROWS = 4, 10


def failing(rule: NewsRule) -> Iterator[Seen]:
    """Of each job whether its last slots failed, as many in a row as the rule says."""
    columns = JobRun.objects.only("job_name", "status", "scheduled_for", "attempt")
    rows = rule.failures * _ROWS_PER_SLOT + _MORE_ROWS
    for names in _batches(_names(rule), MAX_JOBS):
        for name, runs in newest_runs(names, rows, runs=columns).items():
            state, last = streak(runs, rule.failures)
            yield Seen(subject=name, state=state, before="", told={"run": last})


def streak(runs: Sequence[JobRun], failures: int) -> tuple[str | None, int | None]:
    """``failing``, "" or None where it can't be told yet, and the newest run that decided it.

    A slot fails when its last attempt did and no other waits. What never ran says nothing.
    """
    count, newest = 0, None
    for slot in _slots(runs):
        if any(run.status in _OPEN for run in slot):
            continue
        decided = [run for run in slot if run.status in (*_FAILED, Status.SUCCEEDED)]
        if not decided:
            continue
        last = max(decided, key=lambda run: run.attempt)
        newest = newest or last.pk
        if last.status == Status.SUCCEEDED:
            return (None if count else ""), newest
        count += 1
        if count >= failures:
            return FAILING, newest
    return None, newest


def _slots(runs: Iterable[JobRun]) -> Iterator[list[JobRun]]:
    """Newest first."""
    newest_first = sorted(runs, key=lambda run: run.scheduled_for, reverse=True)
    for _slot, attempts in groupby(newest_first, key=lambda run: run.scheduled_for):
        yield list(attempts)


def late(rule: NewsRule, now: datetime) -> Iterator[Seen]:
    """Of each job that shall run whether it is overdue, or its last success too long ago."""
    success = JobRun.objects.filter(job_name=OuterRef("name"), status=Status.SUCCEEDED)
    newest = success.order_by("-scheduled_for").values("finished_at")[:1]
    schedules = annotated(_schedules(rule))
    for schedule in schedules.annotate(succeeded_at=Subquery(newest)):
        since = _late_since(schedule, rule.late_after_seconds, now)
        yield Seen(
            subject=schedule.name, state=LATE if since else "", before="", told={"since": since}
        )


def _late_since(schedule: Any, allowed: int | None, now: datetime) -> datetime | None:
    """Since when it is late; None while it is not, or is not to run at all."""
    seen = outlook(schedule)
    if schedule.is_paused(now) or not (schedule.cron or schedule.interval_seconds):
        return None
    if allowed is None:
        due: datetime | None = seen.next_run_time if seen.registered else None
        return due if due and due < now - _OVERDUE else None
    # What was paused or set anew begins to count from then.
    begun = [schedule.succeeded_at or schedule.created_at]
    if seen.state and seen.state.applied_at:
        begun.append(seen.state.applied_at)
    last: datetime = max(begun)
    return last if last < now - timedelta(seconds=allowed) else None


def worker(rule: NewsRule, now: datetime) -> Iterator[Seen]:
    """Whether a worker leads, and for how long there was none before it did.

    While there is none nobody evaluates this, unless ``runjob send_news`` is called by others:
    the next worker tells.
    """
    allowed = (
        timedelta(seconds=rule.late_after_seconds) if rule.late_after_seconds else _WITHOUT_WORKER
    )
    leader = worker_state(now).leader
    if leader is None:
        here = SchedulerProcess.objects.filter(host=socket.gethostname()[:200], pid=os.getpid())
        heard = _last_heard(SchedulerProcess.objects.exclude(pk__in=here.values("pk")))
        is_down = heard is not None and heard < now - allowed
        yield Seen(
            subject="worker", state=DOWN if is_down else None, before="", told={"from": heard}
        )
        return
    since = leader.leading_since or now
    others = SchedulerProcess.objects.exclude(pk=leader.pk).filter(started_at__lt=since)
    heard = _last_heard(others)
    # Who is heard from later was there all the time, and stood by.
    gap = since - heard if heard and heard < since else None
    told: dict[str, object] = {"to": since, "from": heard} if heard else {"to": since}
    if gap and gap >= allowed:
        told["gap"] = gap
    yield Seen(subject="worker", state=since.isoformat(), before=since.isoformat(), told=told)


def _last_heard(processes: Any) -> datetime | None:
    found: datetime | None = (
        processes.order_by("-heartbeat_at").values_list("heartbeat_at", flat=True).first()
    )
    return found


def _names(rule: NewsRule) -> list[str]:
    return list(_schedules(rule).order_by("name").values_list("name", flat=True))


def _schedules(rule: NewsRule) -> JobScheduleQuerySet:
    schedules: JobScheduleQuerySet = JobSchedule.objects.all()
    return schedules.filter(name=rule.job_name) if rule.job_name else schedules


def _batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
