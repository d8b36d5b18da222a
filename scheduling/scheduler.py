"""APScheduler's loop made safe: one guarded pass claims, advances and hands over."""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING, STATE_STOPPED
from django.db import close_old_connections, connection, transaction

from . import checkpoints, claims, registry
from .counting import counting
from .executors import ThreadExecutor
from .jobstore import SlotStore
from .models import JobRun, SchedulerProcess
from .plan import Busy, Decision, decide
from .runner import ClaimedRun

logger = structlog.get_logger(__name__)

# The cap heals what no event tells (the clock was set, another process changed the table);
# the floor keeps a slot that can't be moved on from becoming a hot loop.
LONGEST_WAIT, SHORTEST_WAIT = 60.0, 0.2
RETRY_FIRST, RETRY_LAST = 0.2, 5.0
# Slots that a pass takes at most. The first of them start while the next pass claims its own, and
# whoever waits for the database (an edit, a heartbeat on SQLite) waits no longer than for one.
MOST_DUE = 500


class SlotScheduler(BackgroundScheduler):
    """Starts each slot at most once, whatever number of schedulers work on the database.

    ``_process_jobs`` replaces APScheduler's own, which dies on a database error and submits
    before it advances. What it leans on of APScheduler 3.11: ``_event``, ``_thread``,
    ``_main_loop``, ``_process_jobs``, ``_jobstores_lock``, ``state``; a test pins these names.
    """

    def __init__(
        self,
        *,
        process: SchedulerProcess,
        store: SlotStore,
        executor: ThreadExecutor,
        clock: Callable[[], datetime],
        before_pass: Callable[[], None] = lambda: None,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(
            timezone="UTC", jobstores={"default": store}, executors={"default": executor}
        )
        self._process, self._store, self._executor = process, store, executor
        self._clock, self._before_pass, self._leads = clock, before_pass, leads
        self.leading_since = clock()
        self._failures = 0
        # After a pass that failed: it may have claimed all the same.
        self._unsure = False
        self._waiting = False
        self._stuck: set[str] = set()
        # Whether the last pass took as many slots as it may: there may be more.
        self._full = False
        # When something is to be done next, as far as was known at the end of the last pass.
        self._upcoming: datetime | None = None
        self._wait = 0.0
        self._pass_begun: float | None = None

    def halt(self, patience: float) -> None:
        """Stop the loop, waiting for a pass that is going on for ``patience`` seconds at most.

        APScheduler's own ``shutdown`` holds its locks meanwhile and waits without end.
        """
        self.state = STATE_STOPPED
        self._event.set()
        self._thread.join(patience)

    @property
    def turning(self) -> bool:
        return self._thread is not None and bool(self._thread.is_alive())

    @property
    def passing_for(self) -> float:
        """For how many seconds the pass goes on that goes on now."""
        begun = self._pass_begun
        return time.monotonic() - begun if begun is not None else 0.0

    @property
    def stuck(self) -> set[str]:
        """The jobs that are due and can't be restored, or that no code here knows."""
        return set(self._stuck)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep passes out. Taken before any transaction, so that none waits for the other."""
        with self._jobstores_lock:
            yield

    def _main_loop(self) -> None:
        try:
            super()._main_loop()
        finally:
            connection.close()

    def _process_jobs(self) -> float | None:
        """One round of the main loop; returns how long to wait for the next, in seconds."""
        self._pass_begun = time.monotonic()
        try:
            return self._round()
        finally:
            self._pass_begun = None

    def _round(self) -> float | None:
        if self.state == STATE_STOPPED:
            return None
        try:
            if self._unsure:
                # Whether it leads or not: nobody else can start or close what it has claimed.
                self._recover()
                self._unsure = False
            if self.state != STATE_RUNNING:
                return None
            if not self._leads():
                return SHORTEST_WAIT
            self._before_pass()
            wait = self._pass(self._clock())
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop goes on
            return self._after_failure(error)
        self._failures = 0
        return min(wait, self._executor.looks_every) if self._waiting else wait

    def run_ended(self) -> None:
        """A run's end is written: queued ones that had to wait for it may start."""
        counting.expect()
        if self._waiting:
            self.wakeup()

    def _pass(self, now: datetime) -> float:
        with self._jobstores_lock:
            if self._nothing_due(now):
                return self._wait
            # Each time: after an error the connection is a new one.
            checkpoints.leave_to_others()
            with transaction.atomic():
                claimed = self._claim_slots(now) + claims.take_queued(
                    self._process, now, self._executor.hands_over
                )
                if self.state != STATE_RUNNING:
                    # Told to stop while it waited for the database: what is claimed now would
                    # not be started any more.
                    transaction.set_rollback(True)
                    claimed = []
                claimed = self._executor.hand_over(claimed, now)
            # Only now: a claim that was not committed must not run.
            self._executor.submit_runs(claimed)
            counting.expect()
            return self._wait_after(now)

    def _nothing_due(self, now: datetime) -> bool:
        """Whether it was woken before its time: then a look at what comes next is enough."""
        if self._stuck or (self._upcoming and self._upcoming <= now):
            return False
        self._wait = self._wait_after(now)
        return not self._waiting and (self._upcoming is None or self._upcoming > now)

    def _claim_slots(self, now: datetime) -> list[ClaimedRun]:
        most = MOST_DUE + len(self._stuck)
        due = self._store.due(now, most)
        self._full = len(due) == most
        # A job that only a newer release knows is left for a worker that knows it.
        jobs = self._store.restore(name for name in due if registry.find(name))
        self._stuck = due.keys() - jobs.keys()
        going_on = claims.busy(jobs)
        decisions: dict[str, list[Decision]] = {}
        next_runs: dict[str, datetime] = {}
        for name, job in jobs.items():
            try:
                slots = job.trigger.due(due[name], now)
                decisions[name] = decide(
                    slots, job.policy, going_on.get(name, Busy()), now, self.leading_since
                )
                next_runs[name] = slots.next
            except Exception:
                decisions.pop(name, None)
                logger.exception("schedule_not_understood", job=name)
        claimed = claims.insert(decisions, self._process, now, self._executor.hands_over)
        self._store.advance(next_runs)
        return claimed

    def _wait_after(self, now: datetime) -> float:
        """Seconds until there is something to do."""
        self._waiting, next_queued = JobRun.objects.next_due(now)
        moments: list[datetime | None] = [
            self._store.next_run_time(but=self._stuck),
            next_queued,
        ]
        self._upcoming = upcoming = min((one for one in moments if one), default=None)
        if upcoming is None:
            return LONGEST_WAIT
        if upcoming <= now:
            return 0.0 if self._full else SHORTEST_WAIT
        return max(0.0, min((upcoming - self._clock()).total_seconds(), LONGEST_WAIT))

    def _after_failure(self, error: Exception) -> float:
        self._failures += 1
        self._unsure = True
        wait = min(RETRY_FIRST * 2.0 ** min(self._failures - 1, 10), RETRY_LAST)
        logger.warning(
            "pass_failed", error=str(error)[:500], kind=type(error).__name__, retry_in=wait
        )
        close_old_connections()
        return wait

    def _recover(self) -> None:
        """Start what a failed pass may have claimed after all.

        When the connection breaks during the commit nobody knows whether it took place, but
        the rows do.
        """
        at_hand = self._executor.owed()
        left = [run for run in claims.unstarted(self._process) if run.run_id not in at_hand]
        self._executor.submit_runs(left)
