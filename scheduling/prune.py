"""History past its retention goes, in batches that keep nobody waiting."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from .models import JobRun, SchedulerProcess
from .registry import current_run

BATCH = 1_000
PROCESSES_KEPT_FOR = timedelta(days=7)


def old_runs(now: datetime, days: int, keep: int) -> Iterator[list[int]]:
    """Batches of ids of runs that ended more than ``days`` ago and are not among the
    ``keep`` newest of their job."""
    cutoff = now - timedelta(days=days)
    for name in JobRun.objects.order_by().values_list("job_name", flat=True).distinct():
        runs = JobRun.objects.filter(job_name=name)
        kept = runs.values_list("scheduled_for", flat=True)[keep : keep + 1].first()
        if kept is None:
            continue
        old = runs.older_than(min(cutoff, kept + timedelta(microseconds=1)))
        ids = old.order_by("id").values_list("pk", flat=True)
        last = 0
        while batch := list(ids.filter(pk__gt=last)[:BATCH]):
            yield batch
            last = batch[-1]


def prune(now: datetime, days: int, keep: int) -> int:
    """Delete old runs, and processes long gone; returns the number of runs.

    In a run, stops between two batches when that is asked for.
    """
    deleted, run = 0, current_run()
    for batch in old_runs(now, days, keep):
        run.check()
        with transaction.atomic():
            deleted += JobRun.objects.finished().filter(pk__in=batch).delete()[0]
    SchedulerProcess.objects.filter(heartbeat_at__lt=now - PROCESSES_KEPT_FOR).delete()
    return deleted
