"""Writes the log and the progress of runs while they go on, so that pages can show them."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from . import sessions
from .models import JobRun, SchedulerProcess
from .runner import ClaimedRun

logger = structlog.get_logger(__name__)

LOOK_EVERY = 0.25
# A run is written once it is this old, and then this often at most.
WRITE_EVERY = 1.0
# Those that changed beyond that are written at the next look.
MAX_ROWS = 50
# A long log is written less often: so many characters a second, on average.
PACE = 200_000
LONGEST_WAIT = 60.0
# After a failure: whoever has the database locked needs it more than a page its lines.
PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class _Written:
    """What a run's row holds, and from when on it may be written again."""

    state: object = None
    at: float = 0.0
    again_at: float = 0.0


class Tail:
    """A thread that writes what this process's runs have logged and reported so far.

    Nothing waits for it, and nothing depends on it: outcomes come with the whole log. Each
    row is a statement of its own, so that a database with one writer is never kept for long,
    and rows that were closed meanwhile stay as they are.
    """

    def __init__(
        self, process: SchedulerProcess, in_flight: Callable[[], Mapping[int, ClaimedRun]]
    ) -> None:
        self._process, self._in_flight = process, in_flight
        self._written: dict[int, _Written] = {}
        self._away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tail", daemon=True)

    def start(self) -> None:
        try:
            self._thread.start()
        except RuntimeError as error:
            # The system has no thread to give. Runs do without; their outcomes tell it all.
            logger.error("tail_not_started", error=str(error))

    def stop(self) -> None:
        """Write no more. Does not wait for a write that is going on."""
        self._stop.set()

    def join(self, patience: float) -> None:
        if self._thread.ident:
            self._thread.join(patience)

    def write(self, now: float) -> int:
        """Write what has changed, longest unwritten first; returns how many runs.

        ``now`` is on the clock that only goes forward. Raises what the database raises.
        """
        runs = self._in_flight()
        self._written = {key: kept for key, kept in self._written.items() if key in runs}
        changed = [run for run in runs.values() if self._has_news(run, now)]
        changed.sort(key=lambda run: self._last(run).at)
        for run in changed[:MAX_ROWS]:
            if self._stop.is_set():
                break
            self._write(run, now)
        return min(len(changed), MAX_ROWS)

    def _last(self, run: ClaimedRun) -> _Written:
        return self._written.get(run.run_id) or _Written()

    def _has_news(self, run: ClaimedRun, now: float) -> bool:
        seconds, last = run.context.seconds, self._last(run)
        if seconds is None or seconds < WRITE_EVERY or now < last.again_at:
            return False
        return _state(run) != last.state

    def _write(self, run: ClaimedRun, now: float) -> None:
        # Before the log is read: what comes in between is news for the next time.
        state, events = _state(run), run.log.events()
        wait = min(max(WRITE_EVERY, _size(events) / PACE), LONGEST_WAIT)
        mine = JobRun.objects.running().filter(process=self._process, pk=run.run_id)
        try:
            mine.update(log=events, progress=run.progress())
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - what can't be stored keeps no other waiting
            wait = LONGEST_WAIT
            logger.error("tail_refused", run_id=run.run_id, error=repr(error)[:500])
        self._written[run.run_id] = _Written(state, now, now + wait)

    def _work(self) -> None:
        pause = LOOK_EVERY
        while not self._stop.wait(pause):
            # What begins while nothing goes on has nothing to be written before that.
            pause = LOOK_EVERY if self._in_flight() else WRITE_EVERY
            try:
                if self._in_flight() and self._round():
                    self._away = False
            except Exception as error:  # noqa: BLE001 - the next look may find the database back
                pause = PAUSE
                self._tell(error)
                close_old_connections()
        connection.close()

    def _round(self) -> int:
        if connection.connection is None:
            sessions.hurry()
        return self.write(time.monotonic())

    def _tell(self, error: Exception) -> None:
        """Once per outage: that of the database is told by others, too."""
        if not self._away:
            self._away = True
            logger.info("tail_waits_for_database", error=str(error)[:500])


def _state(run: ClaimedRun) -> object:
    """Another value whenever the run logged or reported something."""
    return run.log.version, run.context.reached


def _size(events: Iterable[Mapping[str, Any]]) -> int:
    """About how many characters: the texts are what can be long."""
    return sum(
        len(value) if isinstance(value, str) else 8 for event in events for value in event.values()
    )
