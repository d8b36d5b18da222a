"""django-apscheduler's store, made quiet and quick. All our dependence on it is here.

The table is a cache of what people set (``JobSchedule``): ``next_run_time`` is written by the
pass and read by pages, ``job_state`` is APScheduler's pickled job.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.job import Job
from apscheduler.jobstores.base import BaseJobStore, JobLookupError
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob

from . import batches

logger = structlog.get_logger(__name__)


class SlotStore(DjangoJobStore):
    """Writes no history of its own, deletes nothing that it can't read, unpickles a job once."""

    def __init__(self) -> None:
        super().__init__()
        self._restored: dict[str, Job] = {}

    def start(self, scheduler: Any, alias: str) -> None:
        # Past the parent, which would record executions that JobRun records better.
        BaseJobStore.start(self, scheduler, alias)

    def shutdown(self) -> None:
        self._restored.clear()

    def next_runs(self) -> dict[str, datetime | None]:
        """The next run of every stored job; None where it is paused."""
        return dict(DjangoJob.objects.values_list("id", "next_run_time"))

    def due(self, now: datetime, most: int | None = None) -> dict[str, datetime]:
        """The jobs whose next slot has come, with that slot; locked until the commit. The ``most``
        that are due longest.

        A row that another process holds is passed over: it must not keep the others waiting.
        """
        rows = DjangoJob.objects.select_for_update(skip_locked=True).filter(next_run_time__lte=now)
        return dict(rows.order_by("next_run_time", "id").values_list("id", "next_run_time")[:most])

    def restore(self, names: Iterable[str]) -> dict[str, Job]:
        """The jobs of these names; those that can't be restored are logged and left out."""
        names = list(names)
        unread = [name for name in names if name not in self._restored]
        if unread:
            self._get_jobs(id__in=unread)
        return {name: self._restored[name] for name in names if name in self._restored}

    def advance(self, next_runs: Mapping[str, datetime]) -> None:
        """Store the next run of each of these jobs, in one statement."""
        if next_runs:
            batches.set_moments(DjangoJob, "next_run_time", next_runs.items())

    def hold(self, name: str) -> None:
        """Lock the job's row until the commit, without waiting for whoever has it locked."""
        held = DjangoJob.objects.select_for_update(nowait=True).filter(id=name)
        held.values_list("id").first()

    def forget(self, name: str) -> None:
        """Read this job anew next time: another process may have changed it."""
        self._restored.pop(name, None)

    def lookup_job(self, job_id: str) -> Job | None:
        found = self._get_jobs(id=job_id)
        return found[0] if found else None

    def get_next_run_time(self) -> datetime | None:
        return self.next_run_time()

    def next_run_time(self, but: Iterable[str] = ()) -> datetime | None:
        """The earliest next run, without regard to the jobs ``but`` which can't start anyway."""
        planned = DjangoJob.objects.filter(next_run_time__isnull=False).order_by("next_run_time")
        if but:
            planned = planned.exclude(id__in=but)
        next_run: datetime | None = planned.values_list("next_run_time", flat=True).first()
        return next_run

    def add_job(self, job: Job) -> None:
        self.forget(job.id)
        super().add_job(job)

    def update_job(self, job: Job) -> None:
        self.forget(job.id)
        super().update_job(job)

    def remove_job(self, job_id: str) -> None:
        self.forget(job_id)
        if not DjangoJob.objects.filter(id=job_id).delete()[0]:
            raise JobLookupError(job_id)

    def _get_jobs(self, **filters: Any) -> list[Job]:
        rows = DjangoJob.objects.filter(**filters).order_by("next_run_time", "id")
        jobs = []
        for name, slot, state in rows.values_list("id", "next_run_time", "job_state"):
            try:
                job = self._reconstitute_job(state)
            except Exception as error:  # noqa: BLE001 - a pickle may raise anything
                logger.warning("stored_job_unreadable", job=name, error=str(error)[:300])
                continue
            # The pass writes only the column, so the pickled time is behind it.
            job.next_run_time = slot.astimezone(UTC) if slot else None
            self._restored[name] = job
            jobs.append(job)
        return jobs
