"""What reconcile reads from the history of a job, and writes into it."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet

from . import reasons
from .models import Cause, JobRun, JobSchedule, Status
from .triggers import Due

# More than the column takes can come when the clock was set decades ahead.
MOST_SLOTS = 2**31 - 1


def last_slot(name: str) -> datetime | None:
    """The newest slot of the job that has come, whatever became of it."""
    slots = JobRun.objects.filter(job_name=name, trigger__in=(Cause.SCHEDULE, Cause.STARTUP))
    newest = (
        slots.order_by("-scheduled_for", "-attempt").values_list("scheduled_for", "until").first()
    )
    return max(moment for moment in newest if moment) if newest else None


def runs_that_began(name: str | OuterRef) -> QuerySet[JobRun]:
    """Of the job, without the slots that did not start."""
    no_run = (Status.MISSED, Status.SKIPPED)
    return JobRun.objects.filter(job_name=name).exclude(status__in=no_run)


def queue_first_run(schedule: JobSchedule, now: datetime) -> None:
    """A job that asks for it does not wait for its first slot when it has never run."""
    if not (schedule.job and schedule.job.run_at_once):
        return
    if runs_that_began(schedule.name).exists():
        return
    first = JobRun(job_name=schedule.name, trigger=Cause.STARTUP, scheduled_for=now, queued_at=now)
    JobRun.objects.bulk_create([first], ignore_conflicts=True)


def give_up(name: str, due: Due, now: datetime, worker: str, why: str) -> None:
    """One row for slots that have come and will not start any more."""
    row = JobRun(
        job_name=name,
        status=Status.MISSED,
        scheduled_for=due.first,
        slots=min(due.count, MOST_SLOTS),
        until=due.recent[-1] if due.count > 1 else None,
        queued_at=now,
        finished_at=now,
        worker=worker,
        error=reasons.SLOTS_GIVEN_UP % {"why": why, "count": f"{due.count:,}"},
    )
    JobRun.objects.bulk_create([row], ignore_conflicts=True)
