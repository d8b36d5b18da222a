"""A worker takes the runs of a ticket: each run goes to one process, whatever became of its
tickets meanwhile."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from .. import registry, requestid
from ..machine import uptime
from ..models import JobRun, JobSchedule, SchedulerProcess, Status
from ..runner import ClaimedRun
from .tickets import Ticket, enqueue

# For whom a release knows no job: another worker may be newer.
ELSEWHERE_IN = timedelta(seconds=5)


def take(ticket: Ticket, most: int, process: SchedulerProcess, now: datetime) -> list[ClaimedRun]:
    """Make runs of this ticket this process's, as far as they still wait for whoever has it;
    what is more than ``most`` gets a new ticket."""
    _put_back(ticket, ticket.run_ids[most:])
    taken = _take(replace(ticket, run_ids=ticket.run_ids[:most]), process, now)
    strange = [run.run_id for run in taken if not registry.find(run.job_name)]
    if strange:
        with transaction.atomic():
            mine = JobRun.objects.running().filter(pk__in=strange, process=process)
            mine.update(status=Status.QUEUED, process=None, worker="")
            _put_back(ticket, strange, now + ELSEWHERE_IN)
    return requestid.told([run for run in taken if run.run_id not in strange])


def taken_after_all(ticket: Ticket, process: SchedulerProcess) -> list[ClaimedRun]:
    """What of this ticket the database says is this process's: when the connection breaks nobody
    else knows whether it was taken."""
    mine = JobRun.objects.running().filter(process=process, pk__in=ticket.run_ids)
    schedule = JobSchedule.objects.filter(name=OuterRef("job_name"))
    named = mine.annotate(timeout=Subquery(schedule.values("timeout_seconds")[:1]))
    return _claimed(
        named.values_list("id", "job_name", "scheduled_for", "attempt", "timeout"), uptime()
    )


# One statement: who comes second waits for the row and then finds it taken. As when a pass claims
# what is queued, a pause may have come in between.
_TAKE = """
    UPDATE scheduling_jobrun AS run
    SET status = 'running', process_id = %(process)s, worker = %(worker)s
    FROM scheduling_jobrun AS waiting
    LEFT JOIN scheduling_jobschedule AS schedule ON schedule.name = waiting.job_name
    WHERE waiting.id = ANY(%(runs)s) AND run.id = waiting.id
      AND run.status = 'queued' AND run.claimed_at = %(claimed_at)s
      AND (run.trigger = 'manual' OR (
          NOT (schedule.paused
               AND (schedule.paused_until IS NULL OR schedule.paused_until > %(now)s))
          AND NOT (schedule.interval_seconds = 0 AND schedule.cron = '')
      ))
    RETURNING run.id, run.job_name, run.scheduled_for, run.attempt, schedule.timeout_seconds
"""


def _take(ticket: Ticket, process: SchedulerProcess, now: datetime) -> list[ClaimedRun]:
    values: dict[str, Any] = {
        "process": process.pk,
        "worker": str(process),
        "runs": list(ticket.run_ids),
        "claimed_at": ticket.claimed_at,
        "now": now,
    }
    with connection.cursor() as cursor:
        asked_at = uptime()
        cursor.execute(_TAKE, values)
        return _claimed(cursor.fetchall(), asked_at)


def _claimed(
    rows: Iterable[tuple[int, str, datetime, int, int | None]], held_at: float
) -> list[ClaimedRun]:
    return [
        ClaimedRun(
            run_id=run_id,
            job_name=name,
            scheduled_for=slot,
            attempt=attempt,
            timeout_seconds=timeout,
            held_at=held_at,
        )
        for run_id, name, slot, attempt, timeout in sorted(rows)
    ]


def _put_back(ticket: Ticket, run_ids: Iterable[int], not_before: datetime | None = None) -> None:
    if run_ids := tuple(run_ids):
        enqueue([replace(ticket, run_ids=run_ids)], not_before)
