"""What of a job goes on or waits at this moment."""

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from .models import JobRun, JobSchedule, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """The numbers of the run that goes on and of the one that waits; 0 for none."""

    running: int
    waiting: int

    @property
    def any(self) -> bool:
        return bool(self.running or self.waiting)


def with_activity(schedules: QuerySet[JobSchedule]) -> QuerySet[JobSchedule]:
    """The schedules with what ``activity`` reads."""
    return schedules.annotate(running_run=_newest("running"), waiting_run=_newest("queued"))


def activity(schedule: JobSchedule) -> Activity:
    """Of a schedule that came out of ``with_activity``."""
    read = schedule.__dict__
    return Activity(running=read["running_run"] or 0, waiting=read["waiting_run"] or 0)


def _newest(status: str) -> Subquery:
    runs = JobRun.objects.filter(job_name=OuterRef("name"), status=Status(status))
    # Ordered as the index by status is: by slot and attempt SQLite would walk through all runs.
    return Subquery(runs.order_by("-scheduled_for", "-id").values("pk")[:1])
