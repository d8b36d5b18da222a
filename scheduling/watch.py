"""What the leader looks out for: edits, cancellations, deadlines, dead processes, clock steps."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import close_old_connections
from django.db.models import Exists

from . import sessions, sweeps
from .hearing import Hearing
from .leadership import Lock
from .models import ChangeCounter, JobRun, SchedulerProcess
from .reconcile import Reconciler
from .service import SchedulerService
from .tending import Tending

logger = structlog.get_logger(__name__)

# The change counter is one row read by its key: cheap enough for five looks a second.
LOOK_EVERY = 0.2
IDLE_LOOK_EVERY = 0.5
# Changes are told; this is for a message that was lost, and for what nobody tells.
UNTOLD_LOOK_EVERY = 10.0
# PostgreSQL ends the lock's session with a word, unless its machine is gone; and before each
# claim the lock is asked.
LOCK_ASKED_EVERY = 60.0
# A full look also finds what was written past Django, by SQL.
FULL_LOOK_EVERY = 60.0
SWEEP_EVERY = 3.0
# An edit whose row somebody else has locked is tried again.
PUT_OFF_FOR = 1.0
DATABASE_PAUSE = 1.0
# The wall clock against the one that only goes forward.
CLOCK_STEP = 2.0


class Watch:
    """``keep()`` looks in the caller's thread; ``reconcile()`` acts in the scheduler's."""

    def __init__(self, clock: Callable[[], datetime], hearing: Hearing) -> None:
        self._clock, self._hearing = clock, hearing
        self._changed = threading.Event()
        self._cancellations_at = 0.0

    def follow(self, service: SchedulerService, lock: Lock) -> None:
        self._service, self._lock = service, lock
        self._reconciler = Reconciler(service)
        self._tending = Tending(service.process, service.executor, service.recorder, self._clock)

    def start_over(self) -> None:
        """Look at everything anew: this process begins to lead."""
        self._reconciler.start_over()
        self._changed.set()
        self._seen = -1
        self._news = True
        self._look_at = self._ask_lock_at = self._retry_at = 0.0
        self._others_run = True
        self._full_look_at = time.monotonic() + FULL_LOOK_EVERY
        self._sweep_at = time.monotonic() + SWEEP_EVERY
        self._tidy_at = 0.0
        self._offset = self._clock().timestamp() - time.monotonic()

    def keep(self, goes_on: Callable[[], bool]) -> None:
        """Look until this process leads no more, its threads have ended, or ``goes_on`` ends."""
        self.start_over()
        while goes_on() and self._still_leads() and self._service.alive:
            try:
                self._look(time.monotonic())
            except Exception as error:  # noqa: BLE001 - the looks go on, whatever one of them met
                wait_for_database(error)
                self._look_at = 0.0
            self._news = self._lock.wait(self._patience())

    def _patience(self) -> float:
        """Where news wakes, an idle worker may sleep longer; not so long that a person who stops
        it would wonder."""
        busy = self._reconciler.goes_on or self._service.executor.in_flight()
        idle = self._lock.is_woken and not busy
        return IDLE_LOOK_EVERY if idle else LOOK_EVERY

    def _still_leads(self) -> bool:
        now = time.monotonic()
        if now < self._ask_lock_at:
            return self._lock.unquestioned()
        self._ask_lock_at = now + LOCK_ASKED_EVERY
        return self._lock.held()

    def close_overdue(self) -> None:
        """Close runs on time whose jobs don't notice that their deadline has passed."""
        self._tending.close_overdue()

    def reconcile(self) -> None:
        """In the scheduler's thread, before a pass: nothing else writes its tables meanwhile."""
        if self._changed.is_set():
            self._changed.clear()
            try:
                self._reconciler.run()
            except Exception:
                self._changed.set()
                raise
            if self._reconciler.put_off:
                self._changed.set()

    def _look(self, now: float) -> None:
        self.close_overdue()
        self._notice_clock(now)
        if (ends := self._reconciler.next_resume) and ends <= self._clock():
            self._wake()
        if self._reconciler.put_off and now >= self._retry_at:
            self._retry_at = now + PUT_OFF_FOR
            self._wake()
        if self._reconciler.goes_on:
            # A slice at each turn: what it costs is bounded, and slots that are due come between.
            self._wake()
        elif now >= self._full_look_at:
            self._full_look_at = now + FULL_LOOK_EVERY
            self._reconciler.look_at_all()
            self._wake()
        if self._news or now >= self._look_at:
            self._look_at = now + UNTOLD_LOOK_EVERY
            value, self._others_run = ChangeCounter.read_with(_runs_but(self._service.process))
            if value != self._seen:
                if self._reconciler.few:
                    # Somebody who writes SQL may have counted the change by hand.
                    self._reconciler.look_at_all()
                self._tending.cancel_asked()
                self._wake()
                self._seen = value
        self._tidy(now)
        # What is handed over runs in other processes all the time.
        others_run = self._others_run or self._service.executor.hands_over
        if others_run and now >= self._sweep_at:
            self._sweep_at = now + SWEEP_EVERY
            self._hearing.listen()
            moment = self._clock()
            sweeps.close_lost_runs(
                moment,
                but=self._service.process,
                is_silent=lambda process: self._hearing.is_silent(process, moment),
            )

    def _tidy(self, now: float) -> None:
        executor = self._service.executor
        if now >= self._tidy_at:
            self._tidy_at = now + executor.tidy_every
            executor.tidy(self._clock())

    def _notice_clock(self, now: float) -> None:
        offset = self._clock().timestamp() - now
        if abs(step := offset - self._offset) > CLOCK_STEP:
            logger.warning("clock_stepped", seconds=round(step, 1))
            self._reconciler.look_at_all()
            self._wake()
        self._offset = offset

    def hear_cancellations(self) -> None:
        """For a process that does not lead, or stops, and still has runs; at most once a second."""
        if (now := time.monotonic()) >= self._cancellations_at:
            self._cancellations_at = now + 1.0
            with sessions.Forgiving():
                self._tending.cancel_asked()

    def _wake(self) -> None:
        self._changed.set()
        self._service.wake()


def _runs_but(process: SchedulerProcess) -> Exists:
    """Whether runs of other processes go on: only then is there anybody to listen for."""
    return Exists(JobRun.objects.running().exclude(process=process))


def wait_for_database(error: Exception) -> None:
    logger.warning(
        "database_unavailable",
        error=str(error)[:500],
        kind=type(error).__name__,
        retry_in=DATABASE_PAUSE,
    )
    close_old_connections()
    time.sleep(DATABASE_PAUSE)
