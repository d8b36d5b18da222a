"""A leader driven by hand: its clock stands still, and its runs start when a test says so."""

import threading
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.base import BaseScheduler

from scheduling import registry, sweeps
from scheduling.models import SILENT_AFTER, JobRun, JobSchedule, Status
from scheduling.presence import Presence
from scheduling.reconcile import Reconciler
from scheduling.runner import ClaimedRun
from scheduling.service import SchedulerService

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


class Leader:
    """The worker's scheduling half without threads: claimed runs pile up in ``started``."""

    def __init__(self, clock: Clock) -> None:
        # What migrate made for the project's own jobs is not part of these plays.
        JobSchedule.objects.exclude(name__in=registry.jobs()).delete()
        self.clock = clock
        self.presence = Presence(clock)
        self.service = SchedulerService(presence=self.presence, clock=clock, threads=1)
        self.scheduler = self.service._scheduler
        self.reconciler = Reconciler(self.service)
        self.started: list[ClaimedRun] = []
        self.service.executor.submit_runs = self.started.extend
        self.service.executor.in_flight = lambda: {run.run_id: run for run in self.started}
        self.scheduler.leading_since = self.presence.lead()
        self.scheduler._event = threading.Event()
        BaseScheduler.start(self.scheduler)

    def look(self) -> None:
        """What the worker does once a minute, and in parts when something changed."""
        self.reconciler.look_at_all()
        self.reconciler.run()
        while self.reconciler.goes_on:
            self.reconciler.run()
        self.turn()

    def turn(self) -> float | None:
        """One round of the scheduler's loop; what it hands over stays in ``started``."""
        return self.scheduler._process_jobs()

    def beat(self) -> None:
        self.presence._write(heartbeat_at=self.clock())

    def sweep(self) -> int:
        """As one who has listened all the time."""
        now = self.clock()
        return sweeps.close_lost_runs(
            now,
            but=self.presence.process,
            is_silent=lambda process: now - process.heartbeat_at > SILENT_AFTER,
        )

    def end_runs(self, status: Status = Status.SUCCEEDED) -> None:
        JobRun.objects.running().update(
            status=status, started_at=self.clock(), finished_at=self.clock()
        )
        self.started.clear()


def schedule(name: str = "noop", **fields: object) -> JobSchedule:
    """The job's schedule, set to ``fields``."""
    row, _ = JobSchedule.objects.get_or_create(name=name)
    for field, value in fields.items():
        setattr(row, field, value)
    row.full_clean()
    row.save()
    return row


def rows(name: str = "noop") -> list[tuple[str, str]]:
    """The job's history, oldest first: slot as hh:mm:ss, and status."""
    runs = JobRun.objects.filter(job_name=name).order_by("scheduled_for", "id")
    return [(f"{run.scheduled_for:%H:%M:%S}", run.status) for run in runs]
