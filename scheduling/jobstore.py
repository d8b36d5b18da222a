"""django-apscheduler's store, made quiet and quick. All our dependence on it is here.

The table is a cache of what people set (``JobSchedule``): ``next_run_time`` is written by the
pass and read by pages, ``job_state`` is APScheduler's pickled job.
"""

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import structlog
from apscheduler.job import Job
from apscheduler.jobstores.base import BaseJobStore, JobLookupError
from django.db.models import QuerySet
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob

from . import batches, triggers
from .plan import Policy
from .triggers import Trigger

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A stored job as a pass takes it: when its slots are, and what becomes of late ones."""

    trigger: Trigger
    policy: Policy


class SlotStore(DjangoJobStore):
    """Writes no history of its own, deletes nothing that it can't read, unpickles a job once."""

    def __init__(self) -> None:
        super().__init__()
        self._restored: dict[str, Planned] = {}

    def start(self, scheduler: Any, alias: str) -> None:
        # Past the parent, which would record executions that JobRun records better.
        BaseJobStore.start(self, scheduler, alias)

    def shutdown(self) -> None:
        self._restored.clear()

    def without_schedule(self, schedules: QuerySet[Any]) -> dict[str, datetime | None]:
        """The stored jobs, with their next runs, whose names are not among ``schedules``."""
        rows = DjangoJob.objects.exclude(id__in=schedules.order_by().values("name")).order_by()
        return dict(rows.values_list("id", "next_run_time"))

    def due(self, now: datetime, most: int | None = None) -> dict[str, datetime]:
        """The jobs whose next slot has come, with that slot; locked until the commit. The ``most``
        that are due longest.

        A row that another process holds is passed over: it must not keep the others waiting.
        """
        rows = DjangoJob.objects.select_for_update(skip_locked=True).filter(next_run_time__lte=now)
        return dict(rows.order_by("next_run_time", "id").values_list("id", "next_run_time")[:most])

    def restore(self, names: Iterable[str]) -> dict[str, Planned]:
        """The jobs of these names; those that can't be restored are logged and left out."""
        names = list(names)
        if unread := [name for name in names if name not in self._restored]:
            self.read(unread)
        return {name: self._restored[name] for name in names if name in self._restored}

    def read(self, names: Iterable[str]) -> dict[str, tuple[datetime | None, Planned | None]]:
        """Read these jobs anew: another process may have changed them.

        Returns the next run of those that are stored (None: paused), and what they are (None:
        can't be restored).
        """
        self.forget(*names)
        found: dict[str, tuple[datetime | None, Planned | None]] = {}
        rows = DjangoJob.objects.filter(id__in=list(names)).order_by()
        for name, next_run, state in rows.values_list("id", "next_run_time", "job_state"):
            try:
                # Our own: whoever can write to the database may run code here anyway.
                self._restored[name] = _planned(pickle.loads(state))  # noqa: S301  # nosec B301
            except Exception as error:  # noqa: BLE001 - a pickle may raise anything
                logger.warning("stored_job_unreadable", job=name, error=str(error)[:300])
            found[name] = next_run, self._restored.get(name)
        return found

    def advance(self, next_runs: Mapping[str, datetime]) -> None:
        """Store the next run of each of these jobs, in one statement."""
        if next_runs:
            batches.set_moments(DjangoJob, "next_run_time", next_runs.items())

    def hold(self, name: str) -> None:
        """Lock the job's row until the commit, without waiting for whoever has it locked."""
        held = DjangoJob.objects.select_for_update(nowait=True).filter(id=name)
        held.values_list("id").first()

    def add_new(self, jobs: Iterable[Job]) -> None:
        """Store jobs that are not there; raises IntegrityError when one is."""
        rows = [
            DjangoJob(
                id=job.id,
                next_run_time=job.next_run_time,
                job_state=pickle.dumps(job.__getstate__(), self.pickle_protocol),
            )
            for job in jobs
        ]
        DjangoJob.objects.bulk_create(rows)

    def forget(self, *names: str) -> None:
        """Read these jobs anew next time: another process may have changed them."""
        for name in names:
            self._restored.pop(name, None)

    def forget_all(self) -> None:
        self._restored.clear()

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
            jobs.append(job)
        return jobs


def _planned(state: Mapping[str, Any]) -> Planned:
    """Of what APScheduler keeps of a job that which a pass takes, and that once for all who
    have the same: there may be many jobs."""
    trigger = triggers.shared(state["trigger"])
    catch_up = isinstance(trigger, triggers.Interval)
    grace, coalesce, most = (
        state["misfire_grace_time"],
        state["coalesce"],
        state["max_instances"],
    )
    return Planned(trigger=trigger, policy=_policy(catch_up, grace, coalesce, most))


@lru_cache(maxsize=1_000)
def _policy(catch_up: bool, grace_seconds: int, coalesce: bool, max_instances: int) -> Policy:
    return Policy(
        catch_up=catch_up,
        grace=timedelta(seconds=grace_seconds),
        coalesce=coalesce,
        max_instances=max_instances,
    )
