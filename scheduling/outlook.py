"""Each schedule with all that a page says about it, in one query for any number of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.timezone import now
from django_apscheduler.models import DjangoJob

from .models import JobRun, JobSchedule, SchedulerProcess, ScheduleState, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The newest run of a job, as far as a list shows it."""

    id: int
    status: str
    scheduled_for: datetime
    finished_at: datetime | None

    @property
    def status_in_words(self) -> str:
        return Status(self.status).label

    @property
    def at(self) -> datetime:
        return self.finished_at or self.scheduled_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A schedule, what the worker made of it, and its newest run.

    ``registered`` says whether the scheduler knows the job now; ``next_run_time`` is None
    while it is paused.
    """

    schedule: JobSchedule
    state: ScheduleState | None
    registered: bool
    next_run_time: datetime | None
    last_run: LastRun | None

    @property
    def in_code(self) -> bool:
        return self.schedule.job is not None

    @property
    def paused(self) -> bool:
        """At this moment: a pause may have ended by itself."""
        return self.schedule.is_paused(now())

    @property
    def applied(self) -> bool:
        return bool(self.state and self.state.applied_revision >= self.schedule.revision)

    @property
    def problem(self) -> str:
        if not self.in_code:
            return "The code has no job of this name any more, so it never runs."
        return self.state.problem if self.state else ""


def annotated(schedules: QuerySet[JobSchedule]) -> QuerySet[JobSchedule]:
    """The schedules with what ``outlook`` reads."""
    newest = JobRun.objects.filter(job_name=OuterRef("name")).order_by("-scheduled_for", "-id")
    known = DjangoJob.objects.filter(pk=OuterRef("name"))
    return schedules.select_related("state").annotate(
        is_registered=Exists(known),
        next_run_time=Subquery(known.values("next_run_time")[:1]),
        **{
            f"last_run_{name}": Subquery(newest.values(name)[:1])
            for name in ("id", "status", "scheduled_for", "finished_at")
        },
    )


def outlook(schedule: JobSchedule) -> Outlook:
    """Of a schedule that came out of ``annotated``."""
    read = schedule.__dict__
    last_run = LastRun(
        id=read["last_run_id"] or 0,
        status=read["last_run_status"] or "",
        scheduled_for=read["last_run_scheduled_for"],
        finished_at=read["last_run_finished_at"],
    )
    return Outlook(
        schedule=schedule,
        state=_state(schedule),
        registered=read["is_registered"],
        next_run_time=read["next_run_time"],
        last_run=last_run if last_run.id else None,
    )


def outlooks(schedules: QuerySet[JobSchedule]) -> Iterator[Outlook]:
    return map(outlook, annotated(schedules))


def _state(schedule: JobSchedule) -> ScheduleState | None:
    try:
        return schedule.state
    except ObjectDoesNotExist:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """The process that leads; without one, when one was last heard from."""

    leader: SchedulerProcess | None
    last_heard: datetime | None


def worker_state(now: datetime) -> WorkerState:
    leader = SchedulerProcess.objects.leading(now).first()
    if leader:
        return WorkerState(leader=leader, last_heard=leader.heartbeat_at)
    last = (
        SchedulerProcess.objects.filter(leading_since__isnull=False)
        .order_by("-heartbeat_at")
        .values_list("heartbeat_at", flat=True)
        .first()
    )
    return WorkerState(leader=None, last_heard=last)
