"""The worker process: stands by, leads, stops in two steps."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from . import claims, leadership, reasons, schedules, sessions, sweeps
from .hearing import Hearing
from .leadership import Lock
from .models import HEARTBEAT_EVERY, SILENT_AFTER, SchedulerProcess, Status
from .presence import Presence
from .pulse import Pulse
from .service import SchedulerService
from .watch import LOOK_EVERY, Watch, wait_for_database

T = TypeVar("T")

logger = structlog.get_logger(__name__)

# What runs get to end by themselves once they are told to stop.
LAST_CALL = 1.0
# A pass waits for the database as long as a statement may take; after that the supervisor hears
# no beat any more.
LONGEST_PASS = 60.0


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
        self._pulse = Pulse()
        self._stops = 0
        self._listen_at = self._nobody_since = 0.0

    def stop(self, *_signal: object) -> None:
        """Safe to call from a signal handler: it only counts."""
        self._stops += 1

    def run(self) -> int:
        """Returns the exit code: 1 when runs were left unfinished or it can't go on, else 0."""
        presence = self.patiently(lambda: Presence(self._clock))
        if presence is None:
            return 0
        presence.start()
        self._pulse.is_up()
        self._hearing = Hearing(lambda: presence.in_touch)
        self._watch = Watch(self._clock, self._hearing)
        lock = leadership.for_database()
        try:
            return self._work(presence, lock)
        finally:
            self._pulse.stopping("says goodbye")
            presence.stop()
            lock.release()
            connection.close()

    def _work(self, presence: Presence, lock: Lock) -> int:
        if not self._stand_by(presence, lock):
            return 0
        service = SchedulerService(
            threads=self._threads,
            presence=presence,
            clock=self._clock,
            before_pass=self._watch.reconcile,
            leads=lock.held,
        )
        self._watch.follow(service, lock)
        if not self.patiently(lambda: self._take_over(service)):
            return 0
        while True:
            logger.info("leadership_acquired", worker=str(presence.process))
            self._pulse.status(f"leads since {self._clock():%Y-%m-%d %H:%M:%S %Z}")
            self._watch.keep(lambda: self._goes_on(service))
            if self._stops or lock.broken or not service.alive:
                return self._wind_up(service, presence, lock)
            self._step_down(service, presence, lock)
            if not self._stand_by(presence, lock, service):
                return self._wind_up(service, presence, lock)
            self.patiently(lambda: self._take_over(service))

    def _goes_on(self, service: SchedulerService) -> bool:
        if service.passing_for < LONGEST_PASS:
            self._pulse.beat()
        return not self._stops

    def _stand_by(
        self, presence: Presence, lock: Lock, service: SchedulerService | None = None
    ) -> bool:
        """Wait to become the leader; False when it is time to stop.

        ``service`` is there when this process has led before and may still run jobs.
        """
        self._nobody_since = time.monotonic()
        told = False
        while not self._stops:
            self._pulse.beat()
            if lock.acquire():
                return True
            if not told:
                self._pulse.status("stands by: another worker leads")
                logger.info("standing_by", worker=str(presence.process))
                told = True
            if self._leader_silent(presence):
                logger.warning("silent_leader_replaced", worker=str(presence.process))
                lock.take_away()
                self._nobody_since = time.monotonic()
            if service:
                self._watch.close_overdue()
                self._watch.hear_cancellations()
            time.sleep(LOOK_EVERY)
        return False

    def _leader_silent(self, presence: Presence) -> bool:
        """Whether nobody who leads by the rows is heard from, though the lock is held: by a
        process that hangs. Looked at twice between two beats."""
        now = time.monotonic()
        if now < self._listen_at or not presence.in_touch:
            return False
        self._listen_at = now + _seconds(HEARTBEAT_EVERY) / 2
        with sessions.Forgiving():
            return self._all_silent(presence, now)
        return False

    def _all_silent(self, presence: Presence, now: float) -> bool:
        self._hearing.listen()
        others = SchedulerProcess.objects.exclude(pk=presence.process.pk)
        leaders = list(others.filter(stopped_at=None, leading_since__isnull=False))
        if leaders:
            self._nobody_since = now
            return all(self._hearing.is_silent(leader, self._clock()) for leader in leaders)
        # Between one leader and the next nobody leads by the rows.
        return now - self._nobody_since > _seconds(SILENT_AFTER)

    def _take_over(self, service: SchedulerService) -> bool:
        schedules.add_missing()
        sweeps.close_lost_runs(self._clock(), but=service.process)
        claims.miss_late(self._clock())
        self._watch.start_over()
        service.lead()
        return True

    def _step_down(self, service: SchedulerService, presence: Presence, lock: Lock) -> None:
        """Start nothing more while another leads; what runs goes on and is recorded."""
        logger.error("leadership_lost", worker=str(presence.process))
        service.hold()
        lock.release()
        presence.follow()

    def _wind_up(self, service: SchedulerService, presence: Presence, lock: Lock) -> int:
        if not self._stops:
            logger.critical("worker_cannot_go_on", reason=lock.broken or "a thread has ended")
        # From here on a database that is locked is waited for only briefly.
        sessions.hurry()
        service.drain()
        # While runs finish here another worker may begin.
        lock.release()
        presence.follow()
        running = len(service.executor.in_flight())
        logger.info("scheduler_stopping", running=running, grace_seconds=self._grace)
        self._pulse.stopping(f"stops: {running} running, which may finish")
        deadline = time.monotonic() + self._grace
        while self._stops < 2 and time.monotonic() < deadline:
            self._pulse.beat()
            if service.executor.wait(LOOK_EVERY):
                break
            self._watch.close_overdue()
            self._watch.hear_cancellations()
            service.release()
        left = service.executor.in_flight()
        for run in left.values():
            run.context.stop.set()
        if left and not service.executor.wait(LAST_CALL):
            for run in service.executor.in_flight().values():
                service.recorder.finished(
                    run.closed(Status.LOST, self._clock(), self._why_unfinished())
                )
        written = service.finish()
        return 0 if written and self._stops and not service.executor.in_flight() else 1

    def _why_unfinished(self) -> str:
        if self._stops > 1:
            return reasons.STOPPED_AT_ONCE
        return reasons.STOPPED % {"seconds": f"{self._grace:g}"}

    def patiently(self, attempt: Callable[[], T]) -> T | None:
        """Try until the database lets it; None when it is time to stop."""
        while not self._stops:
            try:
                return attempt()
            except (DatabaseError, InterfaceError) as error:
                self._pulse.status("waits for the database")
                self._pulse.beat()
                wait_for_database(error)
        return None


def _seconds(span: timedelta) -> float:
    return span.total_seconds()
