"""The newest runs of each of several jobs, in two queries however many runs there are."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from .models import JobRun, JobSchedule
from .querysets import JobRunQuerySet

# Deeper conditions than this are refused by SQLite.
MAX_JOBS = 200


def newest_runs(
    names: Sequence[str],
    count: int,
    *,
    since: datetime | None = None,
    runs: JobRunQuerySet | None = None,
) -> dict[str, list[JobRun]]:
    """The last ``count`` runs of each job, oldest first, by the job's name.

    ``since`` leaves out older slots. ``runs`` says which columns to read (without details
    unless told). Of jobs that have a schedule only; of at most MAX_JOBS.
    """
    found: dict[str, list[JobRun]] = {name: [] for name in names[:MAX_JOBS]}
    bounds = _oldest_slots(list(found), count)
    if not bounds:
        return found
    wanted = Q()
    for name, oldest in bounds.items():
        wanted |= Q(job_name=name, scheduled_for__gte=max(oldest, since) if since else oldest)
    base = JobRun.objects.without_details().defer("error") if runs is None else runs
    # Asked for an order over several jobs, SQLite walks through all runs in that order.
    for run in base.filter(wanted).order_by():
        found[run.job_name].append(run)
    for of_job in found.values():
        of_job.sort(key=lambda run: (run.scheduled_for, run.pk))
    return {name: of_job[-count:] for name, of_job in found.items()}


def _oldest_slots(names: list[str], count: int) -> dict[str, datetime]:
    """From which slot on to read, by job; without the jobs that never had one."""
    slots = JobRun.objects.filter(job_name=OuterRef("name"))
    newest = slots.order_by("-scheduled_for", "-attempt").values("scheduled_for")
    first = slots.order_by("scheduled_for", "attempt").values("scheduled_for")
    rows = JobSchedule.objects.filter(name__in=names).values_list(
        "name", Subquery(newest[count - 1 : count]), Subquery(first[:1])
    )
    return {name: bound or oldest for name, bound, oldest in rows if bound or oldest}
