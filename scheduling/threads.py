"""Threads for jobs: a pool that can give up on a thread which never comes back."""

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import structlog

logger = structlog.get_logger(__name__)

THREAD_NAME = "job-"


# How often is looked whether more threads would help, while keys wait; in seconds.
LOOK_EVERY = 0.002
# A process that uses so much of a core is kept by its own work, not by waiting for others.
BUSY = 0.75
# There one more thread is another that waits for its turn, so it comes only when those at work
# took nothing for so long: what they do is long work then, and the others get their share of it.
PATIENCE = 0.05


class Threads:
    """Calls ``work`` for each submitted key, ``size`` of them at a time, oldest first.

    They are daemons: a deaf job must not keep the process from leaving.

    Quick work is done by few threads: of Python code one runs at a time, and where ten take
    turns after each line that they log, most of the time goes into the turns. So one begins,
    and an idle one watches: while keys wait and those at work wait themselves (for the network,
    say, or with a long job) it calls others in, twice as many each time.
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
        # How many idle threads are to take a key, how many are called in next, and how many keys
        # were ever taken.
        self._called, self._more, self._taken = 0, 1, 0
        self._watched = self._closed = False
        self._numbers = itertools.count(1)

    def submit(self, keys: Iterable[int]) -> None:
        with self._to_do:
            for key in keys:
                if key not in self._working:
                    self._waiting[key] = None
            if self._waiting:
                self._call(1)

    def keys(self) -> set[int]:
        """What waits or is being worked on, but for what was given up."""
        with self._to_do:
            return self._working.union(self._waiting)

    def withdraw(self) -> list[int]:
        """Take back what no thread has begun."""
        with self._to_do:
            withdrawn = list(self._waiting)
            self._waiting.clear()
            self._called, self._more = 0, 1
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
                    self._call(1)
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

    def _call(self, number: int) -> None:
        """Let so many more threads take a key."""
        self._called = min(self._called + number, len(self._waiting))
        self._to_do.notify(self._called)
        while self._idle < self._called and self._living < self._size:
            if not self._grow():
                break

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
        self._idle += 1
        return True

    def _run(self) -> None:
        while (key := self._first()) is not None:
            while key is not None:
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
                    key = self._take() if self._waiting else None
                    self._idle += key is None

    def _first(self) -> int | None:
        """The key that this idle thread begins with; None when it is to end."""
        with self._to_do:
            while True:
                if self._waiting and self._called:
                    self._called -= 1
                    self._idle -= 1
                    return self._take()
                if self._closed and not self._waiting:
                    self._idle -= 1
                    return None
                if self._waiting and not self._watched:
                    self._watch()
                else:
                    self._to_do.wait()

    def _take(self) -> int:
        key, _ = self._waiting.popitem(last=False)
        self._working.add(key)
        self._taken += 1
        if not self._waiting:
            self._called, self._more = 0, 1
        elif not self._watched:
            if self._idle:
                self._to_do.notify()
            elif self._living < self._size:
                self._grow()
        return key

    def _watch(self) -> None:
        """Call others in as long as that helps; until this thread is called or nothing waits."""
        self._watched = True
        taken, taken_at = self._taken, time.monotonic()
        while True:
            begun, used = time.monotonic(), time.process_time()
            self._to_do.wait(LOOK_EVERY)
            if self._called or not self._waiting:
                break
            now = time.monotonic()
            spent = (time.process_time() - used) / (now - begun)
            if self._taken != taken:
                taken, taken_at = self._taken, now
            if spent < BUSY or now - taken_at >= PATIENCE:
                self._call(self._more)
                self._more *= 2
                break
            self._more = 1
        self._watched = False
