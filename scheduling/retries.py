"""Another attempt for a run that failed, timed out or was lost, where its schedule allows it."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.db import InterfaceError, OperationalError, transaction

from . import reasons
from .models import Cause, JobRun, JobSchedule, Status

logger = structlog.get_logger(__name__)

RETRIED = (Status.FAILED, Status.TIMED_OUT, Status.LOST)

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
# Jobs that failed together, because of the same upstream, do not come back together.
JITTER = 0.2


class Ended(Protocol):
    @property
    def run_id(self) -> int: ...

    @property
    def finished_at(self) -> datetime: ...


def pause_after(attempt: int) -> timedelta:
    """How long to wait after this attempt: twice as long as after the one before."""
    pause = min(FIRST_PAUSE * 2.0 ** min(attempt - 1, 20), LONGEST_PAUSE)
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret


def queue(ended: Iterable[Ended]) -> list[JobRun]:
    """Queue the next attempts of these runs, in the caller's transaction.

    An attempt that is there already, because somebody else found the same run lost, stays
    the only one: the slot and the attempt are its key.
    """
    moments = {one.run_id: one.finished_at for one in ended}
    if not moments:
        return []
    try:
        with transaction.atomic():
            return _queue(moments)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # How a run ended must be told all the same.
        logger.exception("retries_not_queued", runs=list(moments))
        return []


def _queue(moments: dict[int, datetime]) -> list[JobRun]:
    # What a person has stopped does not come back by itself.
    runs = JobRun.objects.without_details().filter(pk__in=moments, cancel_requested_at=None)
    # No more of their rows than this: another column may hold what can't be read.
    schedules = JobSchedule.objects.active(max(moments.values())).filter(
        name__in={run.job_name for run in runs}, max_retries__gt=0
    )
    allowed = dict(schedules.values_list("name", "max_retries"))
    rows = [
        _next_attempt(run, moments[run.pk])
        for run in runs
        if isinstance(most := allowed.get(run.job_name), int) and run.attempt <= most
    ]
    return JobRun.objects.bulk_create(rows, ignore_conflicts=True)


def _next_attempt(run: JobRun, failed_at: datetime) -> JobRun:
    return JobRun(
        job_name=run.job_name,
        trigger=Cause.RETRY,
        scheduled_for=run.scheduled_for,
        attempt=run.attempt + 1,
        queued_at=failed_at,
        not_before=failed_at + pause_after(run.attempt),
        requested_by=run.requested_by,
        reason=run.reason,
    )


def give_up(name: str, now: datetime, why: str) -> None:
    """Cancel what waits of a job that shall not run any more for now, but for what a person
    asked for, and for a first run, which waits until it may."""
    waiting = JobRun.objects.queued().filter(job_name=name)
    for trigger, reason in _GIVEN_UP.items():
        waiting.filter(trigger=trigger).update(
            status=Status.CANCELLED, finished_at=now, error=reason % {"why": why}
        )


_GIVEN_UP = {Cause.RETRY: reasons.NOT_TRIED_AGAIN, Cause.SCHEDULE: reasons.NOT_STARTED}
