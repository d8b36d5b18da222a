"""Each job at a glance: its schedule, its newest slots, and whether all is well with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from .durations import Slow, slow
from .models import JobRun, JobSchedule, Status
from .moments import Unread, read
from .outlook import LastRun, Outlook, annotated, outlook
from .strips import FAILED, SLOTS, Slot

# So many jobs on a page; deeper conditions than some hundred are refused by SQLite.
PAGE = 50
_TIMES = ("scheduled_for", "started_at", "finished_at")
_COLUMNS = [Unread(name) if name in _TIMES else name for name in Slot._fields]
# What has not started so long after its time is overdue.
LATE = timedelta(seconds=30)
# Who looks at a run that is so near wants to see it begin.
SOON = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Glance:
    """A job as the overview and the wall show it.

    ``slots`` are the newest, oldest first; none for those who may not see runs.
    """

    outlook: Outlook
    slots: tuple[Slot, ...] = ()
    running_since: datetime | None = None
    now: datetime

    @property
    def name(self) -> str:
        return self.outlook.schedule.name

    @cached_property
    def paused(self) -> bool:
        return self.outlook.schedule.is_paused(self.now)

    @cached_property
    def last(self) -> Slot | LastRun | None:
        """The newest slot of which the outcome is known."""
        if not self.slots:
            return self.outlook.last_run
        return next((slot for slot in reversed(self.slots) if not slot.is_active), None)

    @cached_property
    def queued(self) -> bool:
        return any(slot.status == Status.QUEUED for slot in self.slots)

    @cached_property
    def slow(self) -> Slow | None:
        """Whether the last run took over twice its usual time."""
        return slow(self.slots)

    @property
    def is_off(self) -> bool:
        return self.outlook.schedule.is_off

    @property
    def next_run(self) -> datetime | None:
        return None if self.paused else self.outlook.next_run_time

    @property
    def overdue(self) -> bool:
        return self.next_run is not None and self.next_run < self.now - LATE

    @property
    def busy(self) -> bool:
        """Something happens now, or is about to: worth looking often."""
        near = self.next_run is not None and self.next_run < self.now + SOON
        return self.running_since is not None or self.queued or near

    @cached_property
    def trouble(self) -> str:
        """What is wrong, in a few words; empty when nothing is."""
        if self.outlook.problem:
            return _("can't be scheduled")
        if self.paused:
            return ""
        if self.last and self.last.status in FAILED:
            return str(Status(self.last.status).label)
        return _("overdue") if self.overdue else ""

    @property
    def tells_last(self) -> bool:
        """Whether the outcome of the last slot is what there is to say of the job."""
        if self.last and self.trouble:
            return self.trouble == str(Status(self.last.status).label)
        return not (self.paused or self.running_since or self.is_off)

    @property
    def level(self) -> str:
        """``bad``, ``warn``, ``busy``, ``calm`` or ``good``."""
        if self.trouble:
            return "bad"
        if self.paused or (self.last and self.last.status in (Status.MISSED, Status.SKIPPED)):
            return "warn"
        if self.running_since:
            return "busy"
        return "good" if self.last and not self.is_off else "calm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Jobs by name; ``more`` says whether others follow."""

    jobs: list[Glance]
    more: bool


def page(
    now: datetime, *, like: str = "", after: str = "", size: int = PAGE, slots: int = SLOTS
) -> Page:
    """The jobs whose name holds ``like``, from the one after ``after``.

    In two queries; in one when no ``slots`` are wanted.
    """
    schedules = JobSchedule.objects.order_by("name").filter(name__gt=after)
    if like:
        schedules = schedules.filter(name__icontains=like)
    read = list(_with_bounds(schedules, slots)[: size + 1])
    newest = _newest(read[:size], slots) if slots else {}
    jobs = [
        Glance(
            outlook=outlook(schedule),
            slots=newest.get(schedule.name, ()),
            running_since=schedule.__dict__["running_since"],
            now=now,
        )
        for schedule in read[:size]
    ]
    return Page(jobs=jobs, more=len(read) > size)


def _with_bounds(schedules: QuerySet[JobSchedule], slots: int) -> QuerySet[JobSchedule]:
    """With the slot from which on to read, unless the job has no more than that."""
    runs = JobRun.objects.filter(job_name=OuterRef("name"))
    began = (
        runs.running()
        .order_by("scheduled_for")
        .annotate(since=Coalesce("started_at", "claimed_at", "scheduled_for"))
    )
    found = annotated(schedules, last_run=not slots)
    # What was applied is long, and nobody asks for it here.
    found = found.defer("state__applied_spec")
    found = found.annotate(running_since=Subquery(began.values("since")[:1]))
    if not slots:
        return found
    newest = runs.order_by("-scheduled_for", "-attempt").values("scheduled_for")
    return found.annotate(oldest_slot=Subquery(newest[slots - 1 : slots]))


def _newest(schedules: Iterable[JobSchedule], slots: int) -> dict[str, tuple[Slot, ...]]:
    wanted = Q()
    for schedule in schedules:
        oldest = schedule.__dict__["oldest_slot"]
        since = Q(scheduled_for__gte=oldest) if oldest else Q()
        wanted |= Q(job_name=schedule.name) & since
    if not wanted:
        return {}
    # Ordered here: asked for the order, SQLite walks through all runs in that order.
    rows = JobRun.objects.filter(wanted).order_by().values_list("job_name", *_COLUMNS)
    found: dict[str, list[Slot]] = {}
    for name, *fields in rows:
        found.setdefault(name, []).append(_slot(*fields))
    return {
        name: tuple(sorted(of_job, key=lambda slot: (slot.scheduled_for, slot.id))[-slots:])
        for name, of_job in found.items()
    }


# Most slots of a strip were there the last time too.
@lru_cache(maxsize=8_192)
def _slot(run: int, status: str, slot: Any, started: Any, ended: Any, count: int) -> Slot:
    return Slot(
        id=run,
        status=status,
        scheduled_for=read(slot),
        started_at=started and read(started),
        finished_at=ended and read(ended),
        slots=count,
    )
