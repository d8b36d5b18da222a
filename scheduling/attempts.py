"""The attempts at one slot of a job: the first, and its retries."""

from dataclasses import dataclass

from .limits import MAX_RETRIES
from .models import JobRun, JobSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """``runs`` are all attempts that left a row, the first one first, ``run`` among them."""

    run: JobRun
    runs: list[JobRun]
    max_retries: int

    @property
    def first(self) -> JobRun | None:
        """The run that this one tries again; None when it is the first, or the first is gone."""
        first = self.runs[0]
        return first if first.attempt == 1 and first.pk != self.run.pk else None

    @property
    def in_words(self) -> str:
        """``retry 2 of 3``; empty for a first attempt."""
        number = self.run.attempt - 1
        if not number:
            return ""
        # Fewer may be allowed now than when this one was queued.
        return f"retry {number} of {self.max_retries}" if number <= self.max_retries else "a retry"


def attempts_at(run: JobRun, schedule: JobSchedule | None) -> Attempts:
    """In one query."""
    same_slot = JobRun.objects.filter(job_name=run.job_name, scheduled_for=run.scheduled_for)
    found = same_slot.only("id", "attempt", "status").order_by("attempt")
    return Attempts(
        run=run,
        runs=list(found[: MAX_RETRIES + 1]) or [run],
        max_retries=schedule.max_retries if schedule else 0,
    )
