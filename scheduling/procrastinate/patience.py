"""Procrastinate's queries, made patient: its worker would end when the database is away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import structlog
from procrastinate import exceptions, jobs, manager

logger = structlog.get_logger(__name__)

PAUSE = 1.0

T = TypeVar("T")

# Who was taken for dead, because it or its network was frozen, has lost its row.
_BEAT = """
    INSERT INTO procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE
    VALUES (%(worker_id)s, now()) ON CONFLICT (id) DO UPDATE SET last_heartbeat = now()
"""


class PatientJobManager(manager.JobManager):
    """Waits for the database instead of ending the worker.

    Nothing that is at stake hangs on it: what a run is and how it ended stands in JobRun.
    """

    away = False
    # Waited for before each fetch.
    room: Callable[[], Awaitable[None]] | None = None

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        if self.room:
            await self.room()
        try:
            job = await super().fetch_job(queues, worker_id)
        except exceptions.ConnectorException as error:
            await self._wait(error)
            return None
        self.away = False
        return job

    async def finish_job(self, job: jobs.Job, status: jobs.Status, delete_job: bool) -> None:
        """Once more where the connection was cut; then whoever leads tidies up."""
        for _ in range(2):
            try:
                return await super().finish_job(job, status, delete_job)
            except exceptions.ConnectorException as error:
                await self._wait(error)
        return None

    async def update_heartbeat(self, worker_id: int) -> None:
        await self._try(
            lambda: self.connector.execute_query_async(query=_BEAT, worker_id=worker_id)
        )

    async def listen_for_jobs(
        self,
        *,
        on_notification: manager.NotificationCallback,
        queues: Iterable[str] | None = None,
    ) -> None:
        while True:
            await self._try(
                lambda: super(PatientJobManager, self).listen_for_jobs(
                    on_notification=on_notification, queues=queues
                )
            )

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        pruned = await self._try(
            lambda: super(PatientJobManager, self).prune_stalled_workers(seconds_since_heartbeat)
        )
        return pruned or []

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:
        asked = await self._try(
            lambda: super(PatientJobManager, self).list_jobs_to_abort_async(queue)
        )
        return asked or []

    async def unregister_worker(self, worker_id: int) -> None:
        await self._try(lambda: super(PatientJobManager, self).unregister_worker(worker_id))

    async def _try(self, attempt: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await attempt()
        except exceptions.ConnectorException as error:
            await self._wait(error)
            return None

    async def _wait(self, error: Exception) -> None:
        if not self.away:
            self.away = True
            cause: Any = error.__cause__ or error
            logger.warning("queue_unavailable", error=str(cause)[:500], retry_in=PAUSE)
        await asyncio.sleep(PAUSE)
