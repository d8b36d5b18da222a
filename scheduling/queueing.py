"""Who takes what the leader hands over, and why a run still waits; from rows."""

from dataclasses import dataclass
from datetime import datetime

from .limits import QUEUE
from .models import JobRun, JobSchedule, SchedulerProcess, Status

# More than anybody runs.
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Procrastinate's workers that are heard from; when one last was; the queues that schedules
    name and no worker takes from."""

    alive: tuple[SchedulerProcess, ...]
    last_heard: datetime | None
    unserved: tuple[str, ...] = ()

    def take(self, queue: str) -> int:
        """How many of them take from this queue."""
        return sum(worker.takes(queue) for worker in self.alive)


def hands(now: datetime) -> Hands:
    """In two queries."""
    heard = _heard(now)
    named = JobSchedule.objects.active(now).order_by("queue").values_list("queue", flat=True)
    return Hands(
        alive=heard.alive,
        last_heard=heard.last_heard,
        unserved=tuple(queue for queue in named.distinct() if not heard.take(queue)),
    )


def _heard(now: datetime) -> Hands:
    newest = list(SchedulerProcess.objects.workers().order_by("-heartbeat_at")[:_MOST])
    return Hands(
        alive=tuple(worker for worker in newest if worker.is_heard(now)),
        last_heard=newest[0].heartbeat_at if newest else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """For whom a run waits that was handed over: ``serving`` of the ``workers`` that are heard
    from take from its queue."""

    queue: str
    serving: int
    workers: int
    last_heard: datetime | None


def wait_of(run: JobRun, now: datetime) -> Wait | None:
    """None when it waits for no worker; else in two queries."""
    if run.status != Status.QUEUED or run.claimed_at is None:
        return None
    named = JobSchedule.objects.filter(name=run.job_name).values_list("queue", flat=True)
    queue, heard = named.first() or QUEUE, _heard(now)
    return Wait(
        queue=queue,
        serving=heard.take(queue),
        workers=len(heard.alive),
        last_heard=heard.last_heard,
    )
