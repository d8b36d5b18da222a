"""The scheduler's metrics, from rows: counts of runs, jobs, processes, what is open now."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.timezone import now as current_time
from django_apscheduler.models import DjangoJob
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from .. import counting
from ..models import JobRun, JobSchedule, RunCount, SchedulerProcess, Status
from ..triggers import build
from .exposition import register

# How a run can end.
ENDS = [one.value for one in Status if one not in (Status.QUEUED, Status.RUNNING)]
# Processes that have fallen silent are told of for so long.
_TOLD_FOR = timedelta(minutes=10)
_MOST_PROCESSES = 50
# Nobody counts further: 10,000 runs that wait are many.
_MOST_OPEN = 10_000
# Enough slots to see the weekend of a cron text that names the weekdays.
_SLOTS = 32


@register
def scheduler() -> Iterator[Metric]:
    """In five queries, whatever the number of runs; of each no more rows than some hundreds."""
    now = current_time()
    schedules, counts = counting.named(), list(RunCount.objects.order_by("job_name"))
    yield from run_metrics(schedules, counts)
    yield from job_metrics(schedules, counts, now)
    yield from process_metrics(now)
    yield from open_metrics(now)


def run_metrics(schedules: Iterable[JobSchedule], counts: list[RunCount]) -> Iterator[Metric]:
    """What has ended, by job."""
    runs = CounterMetricFamily(
        "scheduling_runs",
        "Runs that ended, and slots that did not start, by job and status.",
        labels=["job_name", "status"],
    )
    took = HistogramMetricFamily(
        "scheduling_run_duration_seconds",
        "How long runs took, from the start of the job to its end.",
        labels=["job_name"],
    )
    late: dict[str, float] = {}
    uncounted = {one.name for one in schedules}.difference(one.job_name for one in counts)
    for count in [*counts, *(RunCount(job_name=name) for name in sorted(uncounted))]:
        ended = count.counts.get("runs", {})
        for status in ENDS:
            runs.add_metric([count.job_name, status], ended.get(status, 0))
        kept = count.counts.get("took", {})
        took.add_metric([count.job_name], _buckets(kept, counting.TOOK), kept.get("sum", 0.0))
        for bound, number in count.counts.get("late", {}).items():
            late[bound] = late.get(bound, 0) + number
    lag = HistogramMetricFamily(
        "scheduling_run_lag_seconds",
        "From the slot of a run, or from when a retry might begin, to the start of the job.",
        labels=[],
    )
    lag.add_metric([], _buckets(late, counting.LATE), late.get("sum", 0.0))
    yield from (runs, took, lag)


def _buckets(kept: dict[str, float], bounds: Iterable[float]) -> list[tuple[str, float]]:
    within = [(f"{float(bound)}", kept.get(f"{bound:g}", 0)) for bound in bounds]
    return [*within, ("+Inf", kept.get("number", 0))]


def job_metrics(
    schedules: Iterable[JobSchedule], counts: Iterable[RunCount], now: datetime
) -> Iterator[Metric]:
    """How each job stands."""
    since = GaugeMetricFamily(
        "scheduling_job_seconds_since_success",
        "Since the job last succeeded, or since it has been scheduled when it never did. "
        "Not of jobs that are paused or disabled.",
        labels=["job_name"],
    )
    every = GaugeMetricFamily(
        "scheduling_job_interval_seconds",
        "The longest time from one slot of the job to the next. "
        "Not of jobs that are paused or disabled.",
        labels=["job_name"],
    )
    failing = GaugeMetricFamily(
        "scheduling_job_failing",
        "1 when the job has failed since it last succeeded.",
        labels=["job_name"],
    )
    paused = GaugeMetricFamily(
        "scheduling_job_paused", "1 while it is paused.", labels=["job_name"]
    )
    known = {one.job_name: one for one in counts}
    for schedule in schedules:
        name, count = [schedule.name], known.get(schedule.name)
        succeeded = count.succeeded_at if count else None
        failed = count.failed_at if count else None
        failing.add_metric(name, bool(failed and (not succeeded or failed > succeeded)))
        is_paused = schedule.is_paused(now)
        paused.add_metric(name, is_paused)
        if not is_paused and (interval := _interval(schedule, now)):
            every.add_metric(name, interval)
            since.add_metric(name, _age(succeeded or schedule.created_at, now))
    yield from (since, every, failing, paused)


def _interval(schedule: JobSchedule, now: datetime) -> float | None:
    """None for a schedule that is disabled or can't be understood."""
    if not schedule.cron:
        return schedule.interval_seconds or None
    return _longest_gap(
        schedule.cron, schedule.timezone, now.replace(minute=0, second=0, microsecond=0)
    )


@lru_cache(maxsize=5_000)
def _longest_gap(cron: str, zone: str, now: datetime) -> float | None:
    try:
        trigger = build(0, cron, zone)
    except Exception:  # noqa: BLE001 - the job's own page tells what is wrong with it
        return None
    gap, last, upcoming = 0.0, None, now
    for _ in range(_SLOTS):
        slot = trigger.get_next_fire_time(last, upcoming) if trigger else None
        if slot is None:
            break
        if last:
            gap = max(gap, (slot - last).total_seconds())
        last = upcoming = slot
    return gap or None


def process_metrics(now: datetime) -> Iterator[Metric]:
    """The processes that run jobs, and which of them leads."""
    heard = SchedulerProcess.objects.filter(stopped_at=None, heartbeat_at__gt=now - _TOLD_FOR)
    processes = list(heard.order_by("-heartbeat_at")[:_MOST_PROCESSES])
    yield GaugeMetricFamily(
        "scheduling_leader",
        "1 while a worker that leads has been heard from within 15 seconds.",
        value=any(process.leads(now) for process in processes),
    )
    beats = GaugeMetricFamily(
        "scheduling_heartbeat_age_seconds",
        "Since a process was last heard from, which happens every 5 seconds. For 10 minutes after "
        "it fell silent; not of those that ended in order.",
        labels=["process", "role", "leader"],
    )
    for process in processes:
        leader = "yes" if process.leading_since else "no"
        beats.add_metric([str(process), process.role, leader], _age(process.heartbeat_at, now))
    yield beats


def open_metrics(now: datetime) -> Iterator[Metric]:
    """What waits and what goes on."""
    # What nobody asked for of a job that is paused or disabled waits for as long as that takes.
    active = JobSchedule.objects.active(now).filter(name=OuterRef("job_name"))
    due = JobRun.objects.active().annotate(due_at=Coalesce("not_before", "scheduled_for"))
    due = due.filter(Q(status="running") | Q(trigger="manual") | Exists(active), due_at__lte=now)
    waiting, begun = Q(claimed_at=None), Q(started_at__isnull=False)
    some = due.order_by().values("claimed_at", "started_at", "due_at")[:_MOST_OPEN]
    found = some.aggregate(
        waiting=Count("due_at", filter=waiting),
        claimed=Count("due_at", filter=~waiting & ~begun),
        running=Count("due_at", filter=begun),
        oldest=Min("due_at", filter=~begun),
    )
    runs = GaugeMetricFamily(
        "scheduling_open_runs",
        f"Runs that are due and have not ended, {_MOST_OPEN:,} at most: waiting for a pass of the "
        "scheduler, claimed (waiting for a thread, or for a Procrastinate worker), running.",
        labels=["state"],
    )
    for state in ("waiting", "claimed", "running"):
        runs.add_metric([state], found[state])
    yield runs
    yield GaugeMetricFamily(
        "scheduling_longest_wait_seconds",
        "For how long the run that has waited longest is overdue; 0 when none waits.",
        value=_age(found["oldest"], now),
    )
    next_run = DjangoJob.objects.aggregate(next=Min("next_run_time"))["next"]
    yield GaugeMetricFamily(
        "scheduling_overdue_seconds",
        "How late the scheduler is with its next slot; 0 while that is still to come.",
        value=_age(next_run, now),
    )


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
