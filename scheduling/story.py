"""A run with all that its page tells of it, in two queries; in four while it waits for a worker
elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, TextField, When
from django.db.models.functions import Cast

from . import audit, journey, registry, tracebacks
from .attempts import Attempts
from .limits import MAX_RETRIES
from .models import Cause, JobRun, JobSchedule, Status
from .queueing import Wait, wait_of
from .summary import Event, Progress, event, flatten, progress_of

# Attempts at its slot, and runs of its job that wait or go on: more than there can be.
_MAX_RELATED = MAX_RETRIES + 1 + 200


@dataclass(frozen=True, kw_only=True)
class Story:
    """``others`` are the other runs of its job that wait or go on now.

    ``previous`` and ``next`` are keys of its neighbours in the job's history. ``stop_reason``
    is what whoever cancelled it gave as the reason. ``has_schedule`` and ``max_instances`` say
    what holds for its job now.
    """

    run: JobRun
    steps: list[journey.Step]
    attempts: Attempts
    others: list[JobRun]
    previous: int | None
    next: int | None
    stop_reason: str
    has_schedule: bool
    max_instances: int
    wait: Wait | None

    @property
    def can_run_again(self) -> bool:
        return self.has_schedule and self.run.job_name in registry.jobs()

    @property
    def waiting(self) -> JobRun | None:
        """The run that was asked for and has not begun: a second can't be asked for."""
        manual = (Cause.MANUAL, Status.QUEUED)
        active = [*self.others, self.run]
        return next((each for each in active if (each.trigger, each.status) == manual), None)

    @property
    def in_the_way(self) -> JobRun | None:
        """The run that has to end before another can begin."""
        running = [each for each in [*self.others, self.run] if each.status == Status.RUNNING]
        running.sort(key=lambda each: each.started_at or each.scheduled_for)
        return running[0] if len(running) >= self.max_instances else None

    @cached_property
    def progress(self) -> Progress | None:
        return progress_of(self.run)

    @cached_property
    def result(self) -> list[tuple[str, str]]:
        return flatten(self.run.result)

    @cached_property
    def traceback(self) -> tracebacks.Traceback | None:
        text = self.run.traceback
        return tracebacks.read(text, str(settings.BASE_DIR)) if text else None

    @cached_property
    def log(self) -> list[Event]:
        logged = self.run.log
        return [event(each) for each in logged] if isinstance(logged, list) else [event(logged)]

    @cached_property
    def levels(self) -> dict[str, int]:
        """How many lines of the log are at least warnings, and how many errors."""
        levels = [each.level for each in self.log]
        errors = sum(level in ("error", "critical") for level in levels)
        return {"warnings": errors + levels.count("warning"), "errors": errors}


def story_of(run_id: int, now: datetime) -> Story | None:
    """None when there is no such run."""
    run = _with_surroundings(JobRun.objects.all()).filter(pk=run_id).first()
    if run is None:
        return None
    related = _related(run)
    told = run.__dict__
    same_slot = [each for each in related if each.scheduled_for == run.scheduled_for]
    return Story(
        run=run,
        steps=journey.steps(run, now),
        attempts=Attempts(run=run, runs=same_slot or [run], max_retries=told["retries"] or 0),
        others=[each for each in related if each.is_active and each.pk != run.pk],
        previous=told["previous_id"],
        next=told["next_id"],
        stop_reason=audit.reason(audit.read(told["cancel_note"])),
        has_schedule=told["retries"] is not None,
        max_instances=told["instances"] or 1,
        wait=wait_of(run, now),
    )


def _with_surroundings(runs: QuerySet[JobRun]) -> QuerySet[JobRun]:
    schedule = JobSchedule.objects.filter(name=OuterRef("job_name"))
    slot, of_job = OuterRef("scheduled_for"), JobRun.objects.filter(job_name=OuterRef("job_name"))
    # The first condition lets the database enter its index at the right place.
    earlier = of_job.filter(scheduled_for__lte=slot).filter(
        Q(scheduled_for__lt=slot) | Q(attempt__lt=OuterRef("attempt"))
    )
    later = of_job.filter(scheduled_for__gte=slot).filter(
        Q(scheduled_for__gt=slot) | Q(attempt__gt=OuterRef("attempt"))
    )
    return runs.annotate(
        retries=Subquery(schedule.values("max_retries")),
        instances=Subquery(schedule.values("max_instances")),
        previous_id=Subquery(earlier.order_by("-scheduled_for", "-attempt").values("pk")[:1]),
        next_id=Subquery(later.order_by("scheduled_for", "attempt").values("pk")[:1]),
        # Looked for only where there is one: the admin's log has no index for this.
        cancel_note=Case(
            When(cancel_requested_at__isnull=False, then=Subquery(_cancel_notes())),
            default=None,
            output_field=TextField(),
        ),
    )


def _cancel_notes() -> QuerySet[LogEntry, str]:
    return (
        LogEntry.objects.filter(
            content_type__app_label="scheduling",
            content_type__model="jobrun",
            object_id=Cast(OuterRef("pk"), TextField()),
        )
        .order_by("pk")
        .values_list("change_message", flat=True)[:1]
    )


def _related(run: JobRun) -> list[JobRun]:
    """All attempts at its slot, and what of its job waits or goes on, in one query."""
    same_slot = Q(job_name=run.job_name, scheduled_for=run.scheduled_for)
    waiting = Q(job_name=run.job_name, status=Status.QUEUED)
    running = Q(job_name=run.job_name, status=Status.RUNNING)
    found = JobRun.objects.filter(same_slot | waiting | running).only(
        "attempt", "status", "trigger", "scheduled_for", "started_at"
    )
    return list(found.order_by("attempt", "id")[:_MAX_RELATED])
