"""Threads for jobs: a pool that can give up on a thread which never comes back."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

import structlog

logger = structlog.get_logger(__name__)

THREAD_NAME = "job-"


class Threads:
    """Calls ``work`` for each submitted key, ``size`` of them at a time, oldest first.

    They are daemons: a deaf job must not keep the process from leaving.
    """

    def __init__(self, size: int, work: Callable[[int], None]) -> None:
        self._size, self._work = size, work
        lock = threading.Lock()
        # Each wakes only those whom it concerns: with many keys a thread that wakes for nothing
        # costs more than the work.
        self._to_do, self._all_done = threading.Condition(lock), threading.Condition(lock)
        # In the order in which they came.
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._working: set[int] = set()
        self._given_up: set[int] = set()
        self._idle = self._living = 0
        self._closed = False
        self._numbers = itertools.count(1)

    def submit(self, keys: Iterable[int]) -> None:
        with self._to_do:
            for key in keys:
                if key not in self._working:
                    self._waiting[key] = None
            while self._idle < len(self._waiting) and self._living < self._size:
                if not self._grow():
                    break
            self._to_do.notify(len(self._waiting))

    def keys(self) -> set[int]:
        """What waits or is being worked on, but for what was given up."""
        with self._to_do:
            return self._working.union(self._waiting)

    def withdraw(self) -> list[int]:
        """Take back what no thread has begun."""
        with self._to_do:
            withdrawn = list(self._waiting)
            self._waiting.clear()
            self._tell_if_done()
        return withdrawn

    def give_up(self, key: int) -> None:
        """Let another thread take the place of the one that works on ``key``."""
        with self._to_do:
            if key in self._working:
                self._working.discard(key)
                self._given_up.add(key)
                self._living -= 1
                if self._waiting:
                    self._grow()
                self._tell_if_done()

    def wait(self, seconds: float | None) -> bool:
        """Wait until nothing waits or works any more; False when the time was not enough."""
        with self._all_done:
            return self._all_done.wait_for(lambda: not (self._waiting or self._working), seconds)

    def close(self) -> None:
        """Let idle threads end; those at work end when their work does."""
        with self._to_do:
            self._closed = True
            self._to_do.notify_all()

    def _tell_if_done(self) -> None:
        if not (self._waiting or self._working):
            self._all_done.notify_all()

    def _grow(self) -> bool:
        name = f"{THREAD_NAME}{next(self._numbers)}"
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError as error:
            # The system has no more to give. What waits is done by the threads there are.
            logger.error("thread_not_started", error=str(error), threads=self._living)
            if not self._living:
                raise
            return False
        self._living += 1
        return True

    def _run(self) -> None:
        while True:
            with self._to_do:
                self._idle += 1
                self._to_do.wait_for(lambda: self._waiting or self._closed)
                self._idle -= 1
                if not self._waiting:
                    return
                key, _ = self._waiting.popitem(last=False)
                self._working.add(key)
            try:
                self._work(key)
            except Exception:
                logger.exception("work_raised", key=key)
            with self._to_do:
                self._working.discard(key)
                self._tell_if_done()
                if key in self._given_up:
                    # Another thread has taken this one's place.
                    self._given_up.discard(key)
                    return
