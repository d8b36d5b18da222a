"""The lanes of a chart of the day: what ran in a window, and what is to come, by job.

What has come to an end before the page was made does not change any more: it is read and drawn
once. The rest (what runs, what came since, what is to come) is cheap enough to be asked for
again every few seconds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from operator import attrgetter
from typing import NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django_apscheduler.models import DjangoJob

from .errors import InvalidSchedule
from .forecast import Forecast, forecast
from .lanes import Mark, Window, apart, mark
from .models import JobRun, JobSchedule, Status
from .moments import quick

LANES = 30
# So many runs are read for a page, shared by its lanes.
MAX_READ = 1_000
# More than a lane has room for.
MAX_OF_A_LANE = 150
# Runs closer together are drawn as one until a lane has no more marks than this.
MAX_MARKS = 40
# More slots to come are drawn as one row of strokes, since they are all alike.
MAX_PLANNED = 26
# Of those that began since the page was made; past it the page asks to be loaded again.
MAX_RECENT = 300
# A run that began so long before the window is drawn in it while it lasted that long.
_BEFORE = timedelta(hours=2)
# A page that was made earlier asks to be loaded again.
LOOKED_AT = timedelta(hours=1)
_ORDER = attrgetter("scheduled_for", "id")
_ACTIVE = (Status.QUEUED, Status.RUNNING)
_NEVER_BEGAN = (Status.MISSED, Status.SKIPPED)


class Ran(NamedTuple):
    """A run as far as the chart shows it; a tuple, since there can be thousands."""

    id: int
    job_name: str
    status: str
    scheduled_for: datetime
    not_before: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    until: datetime | None


_TEXTS = ("id", "job_name", "status")
_COLUMNS = [name if name in _TEXTS else quick(name) for name in Ran._fields]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What ended in a lane's window; before ``read_from`` there is more than was read."""

    marks: list[Mark]
    read_from: datetime | None
    counts: Mapping[str, int]


def lane_schedules(after: str = "") -> list[JobSchedule]:
    """A page of lanes and one more, by name; with what ``coming`` reads, in one query."""
    return list(_by_name().filter(name__gt=after)[: LANES + 1])


# The same for each request, and building it takes as long as asking.
@cache
def _by_name() -> QuerySet[JobSchedule]:
    known = DjangoJob.objects.filter(pk=OuterRef("name")).values("next_run_time")
    went_well = JobRun.objects.filter(job_name=OuterRef("name"), status=Status.SUCCEEDED)
    newest = went_well.order_by("-scheduled_for")[:1]
    schedules = JobSchedule.objects.order_by("name").select_related("state")
    return schedules.annotate(
        next_run_time=Subquery(known[:1]),
        last_began=Subquery(newest.values("started_at")),
        last_ended=Subquery(newest.values("finished_at")),
    )


def read_past(shown: Window, names: Sequence[str], now: datetime) -> dict[str, tuple[Ran, ...]]:
    """The newest runs in the window of each job, as many as there is room for, in two queries."""
    count = min(MAX_OF_A_LANE, MAX_READ // max(len(names), 1))
    since, until = shown.since - _BEFORE, min(shown.until, now)
    found: dict[str, list[Ran]] = {name: [] for name in names}
    if since >= until:
        return dict.fromkeys(names, ())
    slots = JobRun.objects.filter(
        job_name=OuterRef("name"), scheduled_for__gte=since, scheduled_for__lt=until
    )
    newest = slots.order_by("-scheduled_for", "-attempt").values("scheduled_for")
    bounds = JobSchedule.objects.filter(name__in=names).values_list(
        "name", Subquery(newest[count - 1 : count])
    )
    wanted = Q(status=Status.RUNNING, job_name__in=names, scheduled_for__lt=since)
    for name, bound in bounds:
        wanted |= Q(job_name=name, scheduled_for__gte=bound or since, scheduled_for__lt=until)
    # Sorted here: for an order the database would rather walk through all runs by their slot.
    runs = map(Ran._make, JobRun.objects.filter(wanted).order_by().values_list(*_COLUMNS))
    for run in sorted(runs, key=_ORDER):
        found[run.job_name].append(run)
    return {name: tuple(of_job[-count:]) for name, of_job in found.items()}


def read_recent(
    names: Sequence[str], since: datetime, known: Sequence[int], now: datetime
) -> list[Ran]:
    """What began since the page was made, what goes on, and what went on then (``known``); the
    newest MAX_RECENT and one more, in one query."""
    runs = JobRun.objects.order_by().values_list(*Ran._fields)
    began = runs.filter(scheduled_for__gte=max(since, now - LOOKED_AT))
    # Each has its index, which one condition with OR between them might not find.
    found = began.union(runs.filter(status__in=_ACTIVE), runs.filter(pk__in=known))
    newest = map(Ran._make, found.order_by("-scheduled_for")[: MAX_RECENT + 1])
    return sorted((run for run in newest if run.job_name in names), key=_ORDER)


# What is over stays as it is, so that only the lanes of busy jobs are worked out anew.
@lru_cache(maxsize=200)
def past(shown: Window, runs: tuple[Ran, ...], lanes: int) -> Past:
    """Of a job's runs from ``read_past``, those that are over."""
    over = [run for run in runs if run.status not in _ACTIVE]
    full = len(runs) >= min(MAX_OF_A_LANE, MAX_READ // max(lanes, 1))
    return Past(
        marks=apart([each for run in over if (each := _over(shown, run))], MAX_MARKS),
        read_from=runs[0].scheduled_for if full and runs[0].scheduled_for > shown.since else None,
        counts=Counter(run.status for run in over if run.scheduled_for in shown),
    )


def run_mark(shown: Window, run: Ran, now: datetime) -> Mark | None:
    """None when it lies outside the window."""
    if run.status != Status.RUNNING:
        return _over(shown, run)
    begin = _begin(run)
    return _between(shown, run, begin, max(now, begin))


def _over(shown: Window, run: Ran) -> Mark | None:
    begin = _begin(run)
    end = run.until or (run.finished_at if run.started_at else None) or begin
    return _between(shown, run, begin, end)


def _begin(run: Ran) -> datetime:
    due = run.not_before or run.scheduled_for
    return run.scheduled_for if run.status in _NEVER_BEGAN else (run.started_at or due)


def _between(shown: Window, run: Ran, begin: datetime, end: datetime) -> Mark | None:
    if end < shown.since or begin >= shown.until:
        return None
    return mark(shown, run.status, begin, end, str(run.id))


def expect(schedule: JobSchedule, shown: Window, now: datetime) -> Forecast:
    """The slots of a schedule from ``lane_schedules`` that are to come in the window."""
    since = max(shown.since, now)
    if schedule.is_paused(now):
        if schedule.paused_until is None:
            return Forecast()
        since = max(since, schedule.paused_until)
    try:
        trigger = schedule.trigger() if schedule.job else None
    except InvalidSchedule:
        trigger = None
    if trigger is None or since >= shown.until:
        return Forecast()
    planned = _planned(schedule) or trigger.get_next_fire_time(None, now)
    return forecast(trigger, planned, since, shown.until)


def _planned(schedule: JobSchedule) -> datetime | None:
    """What the worker has settled, before a pause too."""
    next_run: datetime | None = schedule.__dict__["next_run_time"]
    state = getattr(schedule, "state", None)
    return next_run or (state.paused_slot_at if state else None)


def coming(schedule: JobSchedule, shown: Window, expected: Forecast) -> list[Mark]:
    """As wide as the last run that went well was long; [] when there are too many."""
    if len(expected.slots) > MAX_PLANNED:
        return []
    began, ended = (schedule.__dict__[name] for name in ("last_began", "last_ended"))
    usual = ended - began if began and ended else timedelta()
    return apart([mark(shown, "planned", slot, slot + usual) for slot in expected.slots])


def strokes(shown: Window, expected: Forecast) -> str:
    """Many slots as one path, 1,000 wide and 10 high; "" when there are few, or too many."""
    if expected.cut or len(expected.slots) <= MAX_PLANNED:
        return ""
    places = dict.fromkeys(round(shown.x(slot) * 10) for slot in expected.slots)
    return "".join(f"M{place} 0v10" for place in places)


def open_runs(runs: Iterable[Ran]) -> list[int]:
    return [run.id for run in runs if run.status in _ACTIVE]
