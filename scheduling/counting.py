"""Counts how runs ended, for /metrics: from their rows, so that nobody who writes them has to.

The leader counts a few thousand rows in one statement, some seconds after they came. What is
counted stays when the history is pruned, so the counters never go back.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from .beats import on_leader_beat
from .models import CountedUpTo, JobRun, JobSchedule, RunCount, UncountedRun

logger = structlog.get_logger(__name__)

# Bounds of the histograms, in seconds.
TOOK = (0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200)
LATE = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300)
# Where the runs of all jobs go that have no count of their own; no job can be called that.
OTHERS = "(others)"

# With SQLite a look at so many keeps others from writing for some 15 ms.
BATCH = 2_000
# PostgreSQL gives ids before it shows the row: an id is looked at when it is as old as this, and
# by then all transactions that could show a lower one have ended (docs/monitoring.md).
SETTLED = timedelta(seconds=4)
# Beats come every 5 seconds. Runs that begin or end elsewhere while the leader has nothing to do
# (`runjob`, long ones of other machines) are found by looking now and then.
EVERY, IDLE_EVERY = 4.0, 119.0

_OPEN = "('queued', 'running')"


def limit() -> int:
    """So many jobs have counts of their own: those whose schedules are the oldest."""
    return int(settings.METRICS_JOBS)


def named() -> "list[JobSchedule]":
    """Their schedules."""
    return list(JobSchedule.objects.order_by("id")[: limit()])


def count(now: datetime) -> int | None:
    """Count the next runs that have ended; returns how many rows it looked at, None when there is
    nothing to wait for either."""
    newest = _newest_if_any_wait()
    if newest is None:
        return None
    with transaction.atomic():
        CountedUpTo.objects.get_or_create(pk=1)
        # Two that count at the same time would count twice.
        cursor = CountedUpTo.objects.select_for_update().get(pk=1)
        settled = _settled(cursor, newest, now)
        # Where the table was emptied its ids may begin anew.
        since = min(cursor.upto, newest)
        upto = max(since, min(settled, since + BATCH))
        ended = _ended()
        if ended or upto > since:
            _make_room()
            _add(_read(ended, since, upto))
            UncountedRun.objects.filter(pk__in=ended).delete()
        cursor.upto = upto
        cursor.save()
    return len(ended) + upto - since


def _newest_if_any_wait() -> int | None:
    """The highest id; None where all is counted up to it and no run has ended since."""
    newest = JobRun.objects.order_by("-id").values("id")[:1]
    seen = CountedUpTo.objects.filter(pk=1).annotate(
        highest=Coalesce(Subquery(newest), 0), some_ended=Exists(_now_ended())
    )
    found = seen.values_list("upto", "newest", "highest", "some_ended").first()
    if found is None:
        return JobRun.objects.aggregate(newest=Max("id"))["newest"] or 0
    upto, looked_at, highest, some_ended = found
    return highest if some_ended or not upto == looked_at == highest else None


def _settled(cursor: CountedUpTo, newest: int, now: datetime) -> int:
    """Up to which id no more rows can appear. Notes in ``cursor`` what there is now."""
    settled = newest
    # SQLite has one writer at a time.
    if connection.vendor == "postgresql":
        looked_at = cursor.looked_at
        if looked_at and timedelta(0) <= now - looked_at < SETTLED:
            return cursor.upto
        settled = min(cursor.newest, newest)
        if settled > cursor.upto + BATCH:
            return settled
    cursor.newest, cursor.looked_at = newest, now
    return settled


def _now_ended() -> "QuerySet[UncountedRun]":
    """Runs that had not ended when those beside them were counted, and now have, or are gone."""
    going_on = JobRun.objects.active().filter(pk=OuterRef("run_id"))
    return UncountedRun.objects.filter(~Exists(going_on))


def _ended() -> list[int]:
    return list(_now_ended().values_list("run_id", flat=True)[:BATCH])


def _make_room() -> None:
    """Have a row for each job that shall have one."""
    schedules = {schedule.name for schedule in named()}
    counts = set(RunCount.objects.values_list("job_name", flat=True))
    if gone := counts - schedules - {OTHERS}:
        there = JobSchedule.objects.filter(name__in=gone).values_list("name", flat=True)
        RunCount.objects.filter(job_name__in=gone.difference(there)).delete()
    missing = sorted(schedules - counts)
    RunCount.objects.bulk_create([RunCount(job_name=name) for name in missing])


def _read(ended: Sequence[int], since: int, upto: int) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        # First what has not ended: a run that ends meanwhile is counted the next time.
        cursor.execute(
            "INSERT INTO scheduling_uncountedrun (run_id) SELECT id FROM scheduling_jobrun"
            f" WHERE id > %s AND id <= %s AND status IN {_OPEN} ON CONFLICT DO NOTHING",
            [since, upto],
        )
        cursor.execute(
            _statement(
                "run.id > %s AND run.id <= %s AND NOT EXISTS"
                " (SELECT 1 FROM scheduling_uncountedrun AS later WHERE later.run_id = run.id)"
            ),
            [since, upto],
        )
        yield from cursor.fetchall()
        if ended:
            is_pg = connection.vendor == "postgresql"
            ids = "= ANY(%s)" if is_pg else "IN (SELECT value FROM json_each(%s))"
            cursor.execute(
                _statement(f"run.id {ids}"), [list(ended) if is_pg else json.dumps(ended)]
            )
            yield from cursor.fetchall()


def _statement(which: str) -> str:
    """Job, status, slots, last end; then of how long runs took, and how late they began: number,
    sum, and how many were within each bound."""
    took = _seconds("run.finished_at", "run.started_at")
    late = _seconds("run.started_at", "COALESCE(run.not_before, run.scheduled_for)")
    figures = ", ".join(
        f"COUNT({name}), COALESCE(SUM({name}), 0), "
        + ", ".join(f"COUNT(CASE WHEN {name} <= {bound} THEN 1 END)" for bound in bounds)
        for name, bounds in (("took", TOOK), ("late", LATE))
    )
    return (
        f"SELECT COALESCE(own.job_name, '{OTHERS}'), status, SUM(slots), MAX(finished_at),"
        f" {figures}"
        " FROM (SELECT run.job_name, run.status, run.slots, run.finished_at,"
        f" {took} AS took, {late} AS late FROM scheduling_jobrun AS run WHERE {which}) AS ended"
        " LEFT JOIN scheduling_runcount AS own ON own.job_name = ended.job_name"
        " GROUP BY 1, 2"
    )


def _seconds(end: str, begin: str) -> str:
    """The seconds between two columns, no fewer than none: clocks are set back."""
    if connection.vendor == "postgresql":
        seconds = f"EXTRACT(EPOCH FROM {end} - {begin})::float8"
    else:
        seconds = f"(julianday({end}) - julianday({begin})) * 86400.0"
    return f"CASE WHEN {end} < {begin} THEN 0 ELSE {seconds} END"


def _add(rows: Iterable[tuple[Any, ...]]) -> None:
    kept, changed = RunCount.objects.in_bulk(), {}
    for name, status, slots, last, *figures in rows:
        row = changed[name] = kept.setdefault(name, RunCount(job_name=name))
        runs = row.counts.setdefault("runs", {})
        runs[status] = runs.get(status, 0) + int(slots)
        middle = len(TOOK) + 2
        _add_figures(row.counts.setdefault("took", {}), TOOK, figures[:middle])
        _add_figures(row.counts.setdefault("late", {}), LATE, figures[middle:])
        if last is not None and status == "succeeded":
            row.succeeded_at = _later(row.succeeded_at, last)
        elif last is not None and status in ("failed", "timed_out", "lost"):
            row.failed_at = _later(row.failed_at, last)
    RunCount.objects.bulk_create(
        changed.values(),
        update_conflicts=True,
        unique_fields=["job_name"],
        update_fields=["counts", "succeeded_at", "failed_at"],
    )


def _add_figures(kept: dict[str, Any], bounds: Sequence[float], figures: Sequence[Any]) -> None:
    number, total, *within = figures
    kept["number"] = kept.get("number", 0) + number
    kept["sum"] = round(kept.get("sum", 0.0) + float(total), 6)
    # By their bounds, which another release may change.
    for bound, more in zip(bounds, within, strict=True):
        kept[f"{bound:g}"] = kept.get(f"{bound:g}", 0) + more


def _later(before: datetime | None, stored: datetime | str) -> datetime:
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(before, moment) if before else moment


class Counting:
    """``beat()`` returns at once; what there is to count is counted in a thread of its own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._again_at = 0.0
        self._expected = False
        self._busy = threading.Lock()

    def expect(self) -> None:
        """The leader has written runs: the next beat counts."""
        self._expected = True

    def beat(self) -> None:
        due = self._expected or self._clock() >= self._again_at
        if due and self._busy.acquire(blocking=False):
            self._expected = False
            threading.Thread(target=self._work, name="counting", daemon=True).start()

    def _work(self) -> None:
        patience = IDLE_EVERY
        try:
            while (looked_at := count(timezone.now())) is not None:
                patience = EVERY
                if not looked_at:
                    break
                # Whoever waits for SQLite's lock must find it free now and then.
                time.sleep(0.02)
        except Exception as error:  # noqa: BLE001 - the next beat tries again
            logger.warning("runs_not_counted", error=str(error)[:500], kind=type(error).__name__)
            close_old_connections()
        finally:
            self._again_at = self._clock() + patience
            connection.close()
            self._busy.release()


counting = Counting()
on_leader_beat(counting.beat)
