"""Each schedule with all that a page says about it, in one query for any number of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django_apscheduler.models import DjangoJob

from . import engine
from .models import JobRun, JobSchedule, Role, SchedulerProcess, ScheduleState
from .queueing import Hands, hands


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The newest run of a job, as far as a list shows it."""

    id: int
    status: str
    scheduled_for: datetime
    finished_at: datetime | None

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
    def shown(self) -> tuple[object, ...]:
        """All that ``_applied_facts.html`` shows of it."""
        schedule, state = self.schedule, self.state
        return (
            *(schedule.interval_seconds, schedule.cron, schedule.timezone, schedule.updated_at),
            *(self.paused, self.applied, self.registered, self.next_run_time, self.last_run),
            *((state.applied_at, state.applied_by) if state else ()),
        )

    @property
    def problem(self) -> str:
        if not self.in_code:
            return _("The code has no job of this name any more, so it never runs.")
        return self.state.problem if self.state else ""


def annotated(schedules: QuerySet[JobSchedule], *, last_run: bool = True) -> QuerySet[JobSchedule]:
    """The schedules with what ``outlook`` reads.

    ``last_run=False`` is for who reads the newest runs anyway: it is the larger part.
    """
    known = DjangoJob.objects.filter(pk=OuterRef("name"))
    schedules = schedules.select_related("state").annotate(
        is_registered=Exists(known),
        next_run_time=Subquery(known.values("next_run_time")[:1]),
    )
    if not last_run:
        return schedules
    # By slot and attempt: the order of the index that holds the runs of a job, so that a job
    # without any is not looked for in all runs.
    newest = JobRun.objects.filter(job_name=OuterRef("name")).order_by("-scheduled_for", "-attempt")
    return schedules.annotate(
        **{
            f"last_run_{name}": Subquery(newest.values(name)[:1])
            for name in ("id", "status", "scheduled_for", "finished_at")
        },
    )


def outlook(schedule: JobSchedule) -> Outlook:
    """Of a schedule that came out of ``annotated``."""
    read = schedule.__dict__
    return Outlook(
        schedule=schedule,
        state=_state(schedule),
        registered=read["is_registered"],
        next_run_time=read["next_run_time"],
        last_run=_last_run(read) if read.get("last_run_id") else None,
    )


def _last_run(read: dict[str, Any]) -> LastRun:
    return LastRun(
        id=read["last_run_id"],
        status=read["last_run_status"],
        scheduled_for=read["last_run_scheduled_for"],
        finished_at=read["last_run_finished_at"],
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
    # Where the leader hands runs over: to whom.
    hands: Hands | None = None


# More than ever run at once: stand-bys beat too.
_HEARD = 50


def schedulers_heard() -> list[SchedulerProcess]:
    """The schedulers heard from last, newest first."""
    # Those of the role that leads: of the others there may be any number.
    schedulers = SchedulerProcess.objects.filter(role=Role.SCHEDULER)
    return list(schedulers.order_by("-heartbeat_at")[:_HEARD])


def who_leads(heard: list[SchedulerProcess], now: datetime) -> SchedulerProcess | None:
    leading = [process for process in heard if process.leads(now)]
    # Where two believe that they lead, the one that took over later is right.
    return max(leading, key=lambda process: process.leading_since or now, default=None)


def worker_state(now: datetime) -> WorkerState:
    """In one query; where runs are handed over in three."""
    heard = schedulers_heard()
    leader = who_leads(heard, now)
    last = leader or (heard[0] if heard else None)
    return WorkerState(
        leader=leader,
        last_heard=last.heartbeat_at if last else None,
        hands=hands(now) if engine.is_elsewhere() else None,
    )
