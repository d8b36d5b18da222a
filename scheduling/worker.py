"""The worker process: stands by, leads, watches for changes, stops in two steps."""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone

from . import leadership, schedules, sweeps
from .models import ChangeCounter, JobRun, Status
from .presence import Presence
from .reconcile import Reconciler
from .service import SchedulerService

T = TypeVar("T")

logger = structlog.get_logger(__name__)

# The change counter is one row read by its key: cheap enough for five looks a second.
LOOK_EVERY = 0.2
# PostgreSQL tells of changes by itself; this is for a message that was lost.
UNTOLD_LOOK_EVERY = 2.0
# A full look also finds what was written past Django, by SQL.
FULL_LOOK_EVERY = 60.0
SWEEP_EVERY = 5.0
# What runs get to end by themselves once they are told to stop, and what a database that
# does not answer is given between two tries.
LAST_CALL = 1.0
# What a job past its deadline gets to notice that itself, which tells more.
DEAF_AFTER = 0.5
DATABASE_PAUSE = 1.0


class Worker:
    """``run()`` works until ``stop()`` has been called: once to finish, twice to stop at once."""

    def __init__(
        self,
        *,
        grace: float = 30.0,
        threads: int | None = None,
        clock: Callable[[], datetime] = timezone.now,
    ) -> None:
        self._grace = grace
        self._threads = threads or settings.SCHEDULER_THREADS
        self._clock = clock
        self._stops = 0
        self._changed = threading.Event()

    def stop(self, *_signal: object) -> None:
        """Safe to call from a signal handler: it only counts."""
        self._stops += 1

    def run(self) -> int:
        """Returns the exit code: 0, or 1 when runs had to be left unfinished."""
        code = 0
        presence = self._patiently(lambda: Presence(self._clock))
        if presence is None:
            return code
        presence.start()
        lock = leadership.for_database()
        try:
            while self._stand_by(lock, presence):
                code = self._lead(lock, presence)
        finally:
            presence.stop()
            lock.release()
            connection.close()
        return code

    def _stand_by(self, lock: leadership.Lock, presence: Presence) -> bool:
        """Wait to become the leader; False when it is time to stop."""
        waiting = False
        while not self._stops:
            if lock.acquire():
                return True
            if not waiting:
                logger.info("standing_by", worker=str(presence.process))
                waiting = True
            time.sleep(LOOK_EVERY)
        return False

    def _lead(self, lock: leadership.Lock, presence: Presence) -> int:
        """Schedule and run jobs while leading; returns the exit code."""
        service = SchedulerService(
            threads=self._threads,
            presence=presence,
            clock=self._clock,
            before_pass=self._reconcile,
        )
        self._reconciler = Reconciler(service)
        if not self._patiently(lambda: self._take_over(service)):
            return 0
        logger.info("leadership_acquired", worker=str(presence.process))
        self._watch(service, lock)
        if not self._stops:
            logger.error("leadership_lost", worker=str(presence.process))
            with contextlib.suppress(DatabaseError, InterfaceError):
                presence.follow()
            lock.release()
        return self._wind_up(service)

    def _take_over(self, service: SchedulerService) -> bool:
        schedules.add_missing()
        sweeps.close_lost_runs(self._clock())
        self._changed.set()
        service.start()
        return True

    def _watch(self, service: SchedulerService, lock: leadership.Lock) -> None:
        """Look for what people changed and what dead processes left, until it is time to go."""
        seen, look, full_look, sweep = -1, 0.0, 0.0, time.monotonic() + SWEEP_EVERY
        news = True
        while not self._stops and lock.held() and service.alive:
            now = time.monotonic()
            try:
                if (ends := self._reconciler.next_resume) and ends <= self._clock():
                    self._changed.set()
                    service.wake()
                if news or now >= look:
                    look, value = now + UNTOLD_LOOK_EVERY, ChangeCounter.read()
                    if value != seen or now >= full_look:
                        seen, full_look = value, now + FULL_LOOK_EVERY
                        self._notice(service)
                self._close_overdue(service)
                if now >= sweep:
                    sweep = now + SWEEP_EVERY
                    sweeps.close_lost_runs(self._clock())
            except (DatabaseError, InterfaceError) as error:
                self._wait_for_database(error)
            news = lock.wait(LOOK_EVERY)

    def _notice(self, service: SchedulerService) -> None:
        mine = JobRun.objects.running().filter(
            process=service.process, cancel_requested_at__isnull=False
        )
        for run_id in mine.values_list("id", flat=True):
            service.executor.cancel(run_id)
        self._changed.set()
        service.wake()

    def _reconcile(self) -> None:
        """In the scheduler's thread, before a pass: nothing else writes its tables meanwhile."""
        if self._changed.is_set():
            self._changed.clear()
            try:
                self._reconciler.run()
            except Exception:
                self._changed.set()
                raise

    def _close_overdue(self, service: SchedulerService) -> None:
        """Close runs on time whose jobs don't notice that their deadline has passed."""
        for run in service.executor.overdue(DEAF_AFTER):
            logger.error("run_timed_out", job=run.job_name, run_id=run.run_id)
            service.executor.give_up(run.run_id)
            error = (
                f"It took longer than its {run.timeout_seconds} seconds and does not react. "
                f"Its thread goes on by itself."
            )
            service.recorder.finished(run.closed(Status.TIMED_OUT, self._clock(), error))

    def _wind_up(self, service: SchedulerService) -> int:
        with contextlib.suppress(DatabaseError, InterfaceError):
            service.drain()
        running = len(service.executor.in_flight())
        logger.info("scheduler_stopping", running=running, grace_seconds=self._grace)
        deadline = time.monotonic() + self._grace
        while self._stops < 2 and time.monotonic() < deadline:
            if service.executor.wait(LOOK_EVERY):
                break
        left = service.executor.in_flight()
        for run in left.values():
            run.context.stop.set()
        if left and not service.executor.wait(LAST_CALL):
            left = service.executor.in_flight()
            for run in left.values():
                service.recorder.finished(
                    run.closed(Status.LOST, self._clock(), self._why_unfinished())
                )
        written = service.finish()
        return 0 if written and not service.executor.in_flight() else 1

    def _why_unfinished(self) -> str:
        if self._stops > 1:
            return "The worker was told to stop at once, before the run ended."
        return f"The worker was stopped, and the run did not end within {self._grace:g} seconds."

    def _patiently(self, attempt: Callable[[], T]) -> T | None:
        """Try until the database lets it; None when it is time to stop."""
        while not self._stops:
            try:
                return attempt()
            except (DatabaseError, InterfaceError) as error:
                self._wait_for_database(error)
        return None

    def _wait_for_database(self, error: Exception) -> None:
        logger.warning("database_unavailable", error=str(error), retry_in=DATABASE_PAUSE)
        close_old_connections()
        time.sleep(DATABASE_PAUSE)
