"""Whether jobs run when they shall, from the rows that they leave."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery

from scheduling import reasons
from scheduling.models import Cause, JobRun, Status
from scheduling.outlook import annotated, outlook

from .finding import LATE, Seen
from .jobstates import schedules
from .models import NewsRule

# How long what is due may wait: a worker that has just begun has much to do.
_OVERDUE = timedelta(minutes=2)
# Slots that passed because of what a person did are not late.
_TOO_LATE = (reasons.NO_WORKER, reasons.NO_WORKER_AT_FIRST, reasons.TOO_BUSY)
_NEVER_BEGAN = (Status.QUEUED, Status.MISSED, Status.SKIPPED)


def late(rule: NewsRule, now: datetime) -> Iterator[Seen]:
    """Of each job that shall run whether it is late; one that is stays so until it has run."""
    allowed = rule.late_after_seconds
    judge = _Dues(now) if allowed is None else _Successes(now, timedelta(seconds=allowed))
    for schedule in judge.read(annotated(schedules(rule))):
        since, state = None, None
        # What a person paused or disabled is neither late nor on time.
        if not schedule.is_paused(now) and (schedule.cron or schedule.interval_seconds):
            since, is_well = judge.judged(schedule)
            state = LATE if since else "" if is_well else None
        yield Seen(subject=schedule.name, state=state, before="", told={"since": since})


class _Successes:
    """Late is what had no success for so long."""

    def __init__(self, now: datetime, allowed: timedelta) -> None:
        self._oldest = now - allowed

    def read(self, found: Any) -> Any:
        success = JobRun.objects.filter(job_name=OuterRef("name"), status=Status.SUCCEEDED)
        newest = success.order_by("-scheduled_for").values("finished_at")[:1]
        return found.annotate(succeeded_at=Subquery(newest))

    def judged(self, schedule: Any) -> tuple[datetime | None, bool]:
        """Since when it is late, and whether it is well; neither while nobody can tell."""
        succeeded = schedule.succeeded_at
        if succeeded and succeeded >= self._oldest:
            return None, True
        # What was resumed or set anew begins to count from then.
        begun = [succeeded or schedule.created_at]
        if state := outlook(schedule).state:
            begun.append(state.applied_at)
        last: datetime = max(filter(None, begun))
        return (last, False) if last < self._oldest else (None, False)


class _Dues:
    """Late is what did not begin when it was due, and what has passed without a run."""

    def __init__(self, now: datetime) -> None:
        self._oldest = now - _OVERDUE
        self._waiting = self._read_waiting()
        self._missed: Mapping[int, datetime] = {}

    def read(self, found: Any) -> Any:
        found = list(found)
        newest = [each.last_run_id for each in found if each.last_run_status == Status.MISSED]
        rows = JobRun.objects.filter(pk__in=newest).values_list("pk", "scheduled_for", "error")
        self._missed = {pk: slot for pk, slot, error in rows if error.startswith(_TOO_LATE)}
        return found

    def judged(self, schedule: Any) -> tuple[datetime | None, bool]:
        seen = outlook(schedule)
        due = [self._waiting.get(schedule.name), self._missed.get(schedule.last_run_id)]
        if seen.registered and seen.next_run_time and seen.next_run_time < self._oldest:
            due.append(seen.next_run_time)
        since = min(filter(None, due), default=None)
        return since, bool(seen.last_run and seen.last_run.status not in _NEVER_BEGAN)

    def _read_waiting(self) -> dict[str, datetime]:
        """When what waits in the queue, or for a thread, should have begun, by job."""
        # A run that a person asked for may wait for the one that goes on.
        runs = JobRun.objects.active().filter(started_at=None).exclude(trigger=Cause.MANUAL)
        due = {
            (run.job_name, run.not_before or run.scheduled_for)
            for run in runs.only("job_name", "not_before", "scheduled_for")
        }
        late = sorted((at, name) for name, at in due if at < self._oldest)
        return {name: at for at, name in reversed(late)}
