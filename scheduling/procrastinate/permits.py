"""How many more runs may begin here.

Procrastinate counts jobs, and a ticket may stand for several runs: the others take their permits
from the same semaphore, so that a worker fetches no more than it has threads for, and leaves the
rest to workers that are idle.
"""

import asyncio
import time

from procrastinate.worker import Worker

from .tickets import most_runs

# Quick runs end within it, and a ticket that is taken whole needs no new one for its rest. Who is
# idle is quicker meanwhile.
PATIENCE = 0.04
LOOK_EVERY = 0.004


class Permits:
    """Of a worker that runs: each time it begins it makes its semaphore anew.

    Leans on ``Worker._job_semaphore`` of Procrastinate 3.10; a test pins it.
    """

    def __init__(self, worker: Worker) -> None:
        self._semaphore: asyncio.Semaphore = worker._job_semaphore
        self._size = worker.concurrency

    async def take(self, most: int) -> int:
        """As many as are free, ``most`` at most; returns how many, without waiting."""
        taken = 0
        while taken < most and not self._semaphore.locked():
            await self._semaphore.acquire()
            taken += 1
        return taken

    async def room(self) -> None:
        """Wait a moment for there to be room for a whole ticket."""
        wanted, ends = min(self._size, most_runs()) - 1, time.monotonic() + PATIENCE
        while self._semaphore._value < wanted and time.monotonic() < ends:
            await asyncio.sleep(LOOK_EVERY)

    def give_back(self, number: int) -> None:
        for _ in range(number):
            self._semaphore.release()
