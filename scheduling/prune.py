"""History past its retention goes, in batches that keep nobody waiting."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from . import engine
from .models import JobRun, SchedulerProcess
from .querysets import JobRunQuerySet
from .registry import current_run

# A delete of so many keeps SQLite's one lock for some 10 ms.
BATCH = 200
LEAST_PAUSE = 0.005
PROCESSES_KEPT_FOR = timedelta(days=7)


def old_runs(now: datetime, days: int, keep: int) -> Iterator[list[int]]:
    """Batches of ids of runs that ended more than ``days`` ago and are not among the
    ``keep`` newest of their job."""
    cutoff = now - timedelta(days=days)
    for name in _job_names():
        runs = JobRun.objects.filter(job_name=name)
        newest = runs.order_by("-scheduled_for", "-attempt").values_list("scheduled_for", flat=True)
        kept = newest[keep : keep + 1].first()
        if kept is None:
            continue
        old = runs.older_than(min(cutoff, kept + timedelta(microseconds=1)))
        yield from _batches(old)


def _job_names() -> Iterator[str]:
    """All that have runs. DISTINCT would read every entry of the index."""
    names, last = JobRun.objects.order_by("job_name").values_list("job_name", flat=True), ""
    while name := names.filter(job_name__gt=last).first():
        yield name
        last = name


def _batches(old: JobRunQuerySet) -> Iterator[list[int]]:
    """Of one job, in the order of the index that keeps its slots apart: no batch is sorted."""
    keys = old.order_by("scheduled_for", "attempt").values_list("pk", "scheduled_for", "attempt")
    rest = keys
    while batch := list(rest[:BATCH]):
        yield [pk for pk, _slot, _attempt in batch]
        _pk, slot, attempt = batch[-1]
        # The first condition alone lets the database enter its index at the right place.
        rest = keys.filter(scheduled_for__gte=slot).filter(
            Q(scheduled_for__gt=slot) | Q(attempt__gt=attempt)
        )


def prune(now: datetime, days: int, keep: int) -> int:
    """Delete old runs, and processes long gone; returns the number of runs.

    In a run, stops between two batches when that is asked for. Rests after each as long as it
    took: who waits for SQLite's lock asks now and then only, and must find it free.
    """
    deleted, run = 0, current_run()
    for batch in old_runs(now, days, keep):
        run.check()
        begun = time.perf_counter()
        with transaction.atomic():
            deleted += JobRun.objects.finished().filter(pk__in=batch).delete()[0]
        run.sleep(max(time.perf_counter() - begun, LEAST_PAUSE))
    SchedulerProcess.objects.filter(heartbeat_at__lt=now - PROCESSES_KEPT_FOR).delete()
    if engine.is_elsewhere():
        # Only now: the package is an extra.
        from .procrastinate import strays

        strays.forget_finished()
    return deleted
