"""What a Procrastinate worker's process is besides: it beats, runs what its tickets name in its
threads, records how that ended, and hears who wants it to stop."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import AbortReason
from procrastinate.worker import Worker

from .. import claims, reasons, sessions
from ..executors import ThreadExecutor
from ..models import Role, Status
from ..presence import Presence
from ..querysets import count_change
from ..recorder import GATHER_FIRST, Recorder
from ..runner import ClaimedRun
from ..tail import Tail
from ..tending import Tending
from .permits import Permits
from .taking import take, taken_after_all
from .tickets import Ticket

logger = structlog.get_logger(__name__)

LOOK_EVERY = 0.2
HEAR_EVERY = 0.5
RETRY_EVERY = 1.0
# What runs get to end by themselves once they are told to stop.
LAST_CALL = 1.0
_SOON = 5.0


Why = Callable[[], AbortReason | None]


class _Threads(ThreadExecutor):
    """Says when a run has left its thread, or was given up."""

    on_end: Callable[[int], None]

    def _forget(self, run_id: int) -> None:
        super()._forget(run_id)
        self.on_end(run_id)


class Hands:
    """``start()``, then ``work()`` for each ticket, in the worker's event loop, then ``finish()``.

    ``threads`` runs go on at a time; ``queues`` are those it takes from, none of them for all.
    """

    def __init__(
        self,
        *,
        threads: int,
        queues: Iterable[str] = (),
        clock: Callable[[], datetime] = timezone.now,
    ) -> None:
        self._clock = clock
        self._presence = Presence(clock, Role.WORKER, ",".join(queues)[:1_000])
        self.process = self._presence.process
        self.recorder = Recorder(self.process, GATHER_FIRST)
        self.recorder.on_retry = lambda: setattr(self, "_retry_queued", True)
        self.executor = _Threads(
            threads, self.recorder, clock, lambda run_id: claims.is_held(run_id, self.process)
        )
        self.executor.on_end = self._ended
        self.why_stopped = reasons.STOPPED_AT_ONCE
        self._tail = Tail(self.process, self.executor.in_flight)
        self._tending = Tending(self.process, self.executor, self.recorder, clock)
        # One: while it finds out what it has taken nothing else is taken.
        self._taker = ThreadPoolExecutor(1, "taker")
        self._taken: set[int] = set()
        self._waited_for: dict[int, Callable[[int], None]] = {}
        self._working: set[asyncio.Task[Any]] = set()
        self._retry_queued = False
        self._stop = threading.Event()
        self._tender = threading.Thread(target=self._tend, name="tending", daemon=True)

    def start(self) -> None:
        self._presence.start()
        self.recorder.start()
        self._tail.start()
        self._tender.start()
        logger.info("worker_started", worker=str(self.process))

    def finish(self) -> bool:
        """End all but the threads of jobs; False if something was left unfinished."""
        self.executor.drain()
        self._stop.set()
        self._tail.stop()
        self._taker.shutdown()
        self._close(self.executor.in_flight().values())
        with sessions.Forgiving():
            owed = self.executor.owed()
            left = {run.run_id for run in claims.unstarted(self.process)} - owed
            claims.release(left, self.process)
        written = self.recorder.close(_SOON)
        left_running = bool(self.executor.in_flight())
        self.executor.shutdown(wait=False)
        self._presence.stop()
        logger.info("worker_stopped", worker=str(self.process))
        return written and not left_running

    def serve(self, worker: Worker) -> None:
        """What is worked on from now on is for this worker."""
        self._worker = worker

    async def room(self) -> None:
        """Wait a moment, if need be, until a whole ticket finds threads free."""
        await Permits(self._worker).room()

    def hurry(self) -> None:
        """Stop what runs now; to be called in the worker's loop."""
        for working in self._working:
            working.cancel()

    async def work(self, ticket: Ticket, why_aborted: Why) -> None:
        """Run what of this ticket is to be had, until it has ended. When cancelled, the runs
        are told to stop, and what does not is closed as lost."""
        loop, permits = asyncio.get_running_loop(), Permits(self._worker)
        if working := asyncio.current_task():
            self._working.add(working)
            working.add_done_callback(self._working.discard)
        extra = await permits.take(len(ticket.run_ids) - 1)
        try:
            # What is taken though this was cancelled is given back when the process ends.
            runs = await asyncio.shield(
                loop.run_in_executor(self._taker, self._take, ticket, 1 + extra)
            )
        except BaseException:
            permits.give_back(extra)
            raise
        # The first one's permit is that of the job itself.
        permits.give_back(1 + extra - max(len(runs), 1))
        await self._run(runs, permits, why_aborted)

    async def _run(self, runs: list[ClaimedRun], permits: Permits, why: Why) -> None:
        loop, ended, left = asyncio.get_running_loop(), asyncio.Event(), len(runs)

        def end(_run_id: int) -> None:
            nonlocal left
            left -= 1
            if left:
                permits.give_back(1)
            else:
                ended.set()

        for run in runs:
            self._waited_for[run.run_id] = lambda run_id: _soon(loop, end, run_id)
        self.executor.submit_runs(runs)
        while left:
            try:
                await ended.wait()
            except asyncio.CancelledError:
                if await self._stop_early(runs, ended, why()):
                    raise

    async def _stop_early(
        self, runs: list[ClaimedRun], ended: asyncio.Event, why: AbortReason | None
    ) -> bool:
        """Whether not to wait any longer: what has not ended then is lost."""
        by_hand = why is AbortReason.USER_REQUEST
        for run in runs:
            if by_hand:
                run.context.stop_reason = reasons.STOPPED_BY_QUEUE
            run.context.stop.set()
        if by_hand:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_CALL):
                await ended.wait()
        return not ended.is_set()

    def _take(self, ticket: Ticket, most: int) -> list[ClaimedRun]:
        runs: list[ClaimedRun] | None
        while True:
            try:
                runs = take(ticket, most, self.process, self._clock())
            except (DatabaseError, InterfaceError, ConnectorException) as error:
                logger.warning("ticket_waits_for_database", error=str(error)[:500])
                runs = self._taken_after_all(ticket)
            if runs is not None:
                self._taken.update(run.run_id for run in runs)
                return runs
            if self._stop.is_set():
                return []

    def _taken_after_all(self, ticket: Ticket) -> list[ClaimedRun] | None:
        """None when nothing was taken; waits for the database to tell."""
        while not self._stop.wait(RETRY_EVERY):
            close_old_connections()
            with sessions.Forgiving():
                here = self._taken | self.recorder.unwritten()
                found = taken_after_all(ticket, self.process)
                return [run for run in found if run.run_id not in here] or None
        return None

    def _ended(self, run_id: int) -> None:
        self._taken.discard(run_id)
        if tell := self._waited_for.pop(run_id, None):
            tell(run_id)

    def _close(self, runs: Iterable[ClaimedRun]) -> None:
        """What has not ended in time is lost."""
        for run in runs:
            self.recorder.finished(run.closed(Status.LOST, self._clock(), self.why_stopped))

    def _tend(self) -> None:
        heard_at = told_at = 0.0
        while not self._stop.wait(LOOK_EVERY):
            now = time.monotonic()
            try:
                self._tending.close_overdue()
                if now >= heard_at and self.executor.in_flight():
                    heard_at = now + HEAR_EVERY
                    self._tending.cancel_asked()
                if self._retry_queued and now >= told_at:
                    told_at, self._retry_queued = now + RETRY_EVERY, False
                    count_change()
            except Exception as error:  # noqa: BLE001 - the looks go on
                logger.warning("database_unavailable", error=str(error)[:500])
                close_old_connections()


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[int], None], run_id: int) -> None:
    try:
        loop.call_soon_threadsafe(call, run_id)
    except RuntimeError:
        # The loop has ended: nobody waits any more.
        return
