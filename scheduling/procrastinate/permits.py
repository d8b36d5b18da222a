"""How many more runs may begin here.

Procrastinate counts jobs, and a ticket may stand for several runs: the others take their permits
from the same semaphore, so that a worker fetches no more than it has threads for, and leaves the
rest to workers that are idle.
"""

import asyncio

from procrastinate.worker import Worker


class Permits:
    """Leans on ``Worker._job_semaphore`` of Procrastinate 3.10; a test pins it."""

    def __init__(self, worker: Worker) -> None:
        self._semaphore: asyncio.Semaphore = worker._job_semaphore

    async def take(self, most: int) -> int:
        """As many as are free, ``most`` at most; returns how many, without waiting."""
        taken = 0
        while taken < most and not self._semaphore.locked():
            await self._semaphore.acquire()
            taken += 1
        return taken

    def give_back(self, number: int) -> None:
        for _ in range(number):
            self._semaphore.release()
