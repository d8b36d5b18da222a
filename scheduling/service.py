"""SchedulerService: start and stop the scheduler, and add, change and remove its jobs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from django.conf import settings
from django.utils import timezone

from . import claims, registry, sessions, triggers
from .errors import InvalidSchedule, SchedulingError, UnknownJob
from .executors import ThreadExecutor
from .jobstore import SlotStore
from .presence import Presence
from .recorder import GATHER_FIRST, Recorder
from .scheduler import SlotScheduler
from .tail import Tail
from .triggers import Trigger

logger = structlog.get_logger(__name__)

# What stored jobs refer to, whatever their own function is called in this release.
_STORED_FUNCTION = "scheduling.runner:by_name"
_SOON = 5.0
_AT_ONCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to schedule; what it takes is told at ``SchedulerService.add``."""

    job_id: str
    trigger: Trigger
    next_run: datetime
    grace_seconds: int
    coalesce: bool
    max_instances: int


class SchedulerService:
    """Runs jobs at their slots, in threads of this process, until ``shutdown``.

    A late interval job is made up for by one run, a cron slot is given up when it is later
    than ``grace_seconds``, and runs of one job don't overlap, unless said otherwise.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        presence: Presence | None = None,
        clock: Callable[[], datetime] = timezone.now,
        before_pass: Callable[[], None] = lambda: None,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self.clock = clock
        self._own_presence = presence is None
        self._presence = presence or Presence(clock)
        self.process = self._presence.process
        self.store = SlotStore()
        self.recorder = Recorder(self.process, GATHER_FIRST)
        self.executor = _executor_class()(
            threads or settings.SCHEDULER_THREADS,
            self.recorder,
            clock,
            lambda run_id: claims.is_held(run_id, self.process),
        )
        self._tail = Tail(self.process, self.executor.in_flight)
        self._scheduler = SlotScheduler(
            process=self.process,
            store=self.store,
            executor=self.executor,
            clock=clock,
            before_pass=before_pass,
            leads=leads,
        )
        self.recorder.on_written = self._scheduler.run_ended
        self.recorder.on_retry = self._scheduler.wakeup
        self.wake = self._scheduler.wakeup
        self.locked = self._scheduler.locked

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    @property
    def alive(self) -> bool:
        """Whether the threads that keep it going do so; nothing known ends them but ``finish``."""
        return self.running and self._scheduler.turning and self.recorder.alive

    @property
    def passing_for(self) -> float:
        """For how many seconds the scheduler's thread has been busy with one pass."""
        return self._scheduler.passing_for

    @property
    def stuck(self) -> set[str]:
        """The jobs that are due and can't be started here."""
        return self._scheduler.stuck

    def start(self) -> None:
        """Start the scheduler in a thread of its own and return."""
        if self.running:
            raise SchedulingError("The scheduler is running already.")
        if self._own_presence:
            self._presence.start()
        self.lead()

    def lead(self) -> None:
        """Start to schedule, or go on after ``hold``. Raises, and changes nothing, when the
        database does not take the news."""
        self._scheduler.leading_since = self._presence.lead()
        if self.running:
            self._scheduler.resume()
        else:
            self.recorder.start()
            self._scheduler.start()
            self._tail.start()
            logger.info("scheduler_started", worker=str(self.process))

    def hold(self) -> None:
        """Start nothing more for now; what was claimed runs."""
        self._scheduler.pause()

    def shutdown(self, wait: bool = True) -> None:
        """Stop: no new run starts, those that run may finish (``wait``) or are left behind."""
        self.drain()
        if wait:
            self.executor.wait(None)
        self.finish()

    def drain(self) -> None:
        """Start nothing more; claimed runs that no thread has begun go back to the queue."""
        self.hold()
        self.executor.drain()
        self.release()

    def finish(self) -> bool:
        """End all threads but those of jobs; False if outcomes were left unwritten."""
        self._tail.stop()
        self._scheduler.halt(_SOON)
        self.executor.shutdown(wait=False)
        self.release()
        written = self.recorder.close(_SOON)
        self._tail.join(_AT_ONCE)
        if self._own_presence:
            self._presence.stop()
        logger.info("scheduler_stopped", worker=str(self.process))
        return written

    def release(self) -> None:
        """Give back to the queue what was claimed and will not be begun here."""
        if not (withdrawn := self.executor.withdrawn()):
            return
        with sessions.Forgiving():
            claims.release(withdrawn, self.process)
            self.executor.forget_withdrawn(withdrawn)

    def add_interval_job(
        self, func: Callable[..., Any], seconds: int, job_id: str, **options: Any
    ) -> Job:
        """Run ``func`` every ``seconds``; ``options`` as for ``add``."""
        _register(func, job_id)
        seconds = triggers.check_interval(seconds, registry.get(job_id).min_interval_seconds)
        if not seconds:
            raise InvalidSchedule("Interval 0 means disabled: such a job is not added.")
        return self.add(job_id, triggers.Interval(seconds), **options)

    def add_cron_job(
        self,
        func: Callable[..., Any],
        cron_expression: str,
        job_id: str,
        *,
        timezone: str | None = None,
        **options: Any,
    ) -> Job:
        """Run ``func`` at the times of a crontab line of five fields, in ``timezone``."""
        _register(func, job_id)
        trigger = triggers.build(0, cron_expression, timezone or settings.TIME_ZONE)
        if trigger is None:
            raise InvalidSchedule("An empty cron text means disabled: such a job is not added.")
        return self.add(job_id, trigger, **options)

    def add(
        self,
        job_id: str,
        trigger: Trigger,
        *,
        next_run: datetime | None = None,
        paused: bool = False,
        grace_seconds: int = 60,
        coalesce: bool = True,
        max_instances: int = 1,
    ) -> Job:
        """Schedule a registered job. One that is there is changed, and keeps its next run
        where its trigger stays the same."""
        found = self.get_job(job_id)
        policy = {
            "misfire_grace_time": grace_seconds,
            "coalesce": coalesce,
            "max_instances": max_instances,
        }
        if found:
            same = vars(found.trigger) == vars(trigger) and type(found.trigger) is type(trigger)
            if next_run is None and not paused:
                next_run = found.next_run_time if same else self._first_slot(trigger)
            return self._scheduler.modify_job(
                job_id, trigger=trigger, next_run_time=None if paused else next_run, **policy
            )
        if next_run is None and not paused:
            next_run = self._first_slot(trigger)
        return self._scheduler.add_job(
            _STORED_FUNCTION,
            trigger,
            args=[job_id],
            id=job_id,
            name=job_id,
            next_run_time=None if paused else next_run,
            replace_existing=True,
            **policy,
        )

    def add_new(self, jobs: Iterable[NewJob]) -> None:
        """Schedule registered jobs that are not scheduled, all or none; for many it is quick.

        Raises IntegrityError when one of them is scheduled already.
        """
        self.store.add_new(
            Job(
                self._scheduler,
                id=one.job_id,
                name=one.job_id,
                func=_STORED_FUNCTION,
                args=(one.job_id,),
                kwargs={},
                trigger=one.trigger,
                executor="default",
                next_run_time=one.next_run,
                misfire_grace_time=one.grace_seconds,
                coalesce=one.coalesce,
                max_instances=one.max_instances,
            )
            for one in jobs
        )

    def reschedule(self, job_id: str, trigger: Trigger, next_run: datetime | None = None) -> Job:
        """Give a job another trigger; raises UnknownJob when it is not scheduled."""
        return self._modify(
            job_id, trigger=trigger, next_run_time=next_run or self._first_slot(trigger)
        )

    def pause(self, job_id: str) -> Job:
        return self._modify(job_id, next_run_time=None)

    def resume(self, job_id: str) -> Job:
        """Let a paused job run again, from its next slot on."""
        job = self.get_job(job_id)
        if job is None:
            raise _not_scheduled(job_id)
        return self._modify(job_id, next_run_time=self._first_slot(job.trigger))

    def remove_job(self, job_id: str) -> None:
        """Unschedule a job; raises UnknownJob when it is not scheduled."""
        try:
            self._scheduler.remove_job(job_id)
        except JobLookupError:
            raise _not_scheduled(job_id) from None

    def get_job(self, job_id: str) -> Job | None:
        return self._scheduler.get_job(job_id)

    def get_jobs(self) -> list[Job]:
        """All scheduled jobs, paused ones too, by their next run."""
        return list(self._scheduler.get_jobs())

    def _modify(self, job_id: str, **changes: Any) -> Job:
        try:
            return self._scheduler.modify_job(job_id, **changes)
        except JobLookupError:
            raise _not_scheduled(job_id) from None

    def _first_slot(self, trigger: Trigger) -> datetime:
        slot = trigger.get_next_fire_time(None, self.clock())
        if slot is None:
            raise InvalidSchedule("This schedule has no next time.")
        return slot


def _executor_class() -> type[ThreadExecutor]:
    if settings.SCHEDULER_EXECUTOR == "threads":
        return ThreadExecutor
    # Only now: the package is an extra.
    from .procrastinate.executor import QueueExecutor

    return QueueExecutor


def _register(func: Callable[..., Any], job_id: str) -> None:
    """Whatever is scheduled is a safe job, under the name of its schedule."""
    if job_id not in registry.jobs():
        registry.safe_job(job_id)(func)


def _not_scheduled(job_id: str) -> SchedulingError:
    return UnknownJob(f"No job called {job_id!r} is scheduled.")
