"""What the leader looks after in the queue: tickets of dead workers, runs without a ticket, and
slots that nobody took in time."""

from collections import defaultdict
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction

from .. import reasons
from ..models import Cause, JobRun, JobSchedule, Status
from .tickets import TASK, enqueue, made_for

logger = structlog.get_logger(__name__)

# Five of its beats: Procrastinate's workers are heard by Procrastinate's own rows.
GONE_AFTER = timedelta(seconds=20)
MOST = 1_000

# Both by the database's clock. A ticket whose worker has died between fetching it and taking its
# runs would never be seen again.
_DROP_OF_THE_DEAD = """
    DELETE FROM procrastinate_jobs WHERE task_name = %s AND status = 'doing' AND NOT EXISTS (
        SELECT 1 FROM procrastinate_workers AS worker
        WHERE worker.id = procrastinate_jobs.worker_id
          AND worker.last_heartbeat > now() - make_interval(secs => %s)
    )
"""
_WITHOUT_TICKET = """
    SELECT run.id, run.job_name, run.claimed_at FROM scheduling_jobrun AS run
    LEFT JOIN (
        SELECT run_id::bigint AS run_id FROM procrastinate_jobs,
            jsonb_array_elements_text(args -> 'runs') AS run_id
        WHERE task_name = %s AND status IN ('todo', 'doing')
    ) AS ticket ON ticket.run_id = run.id
    WHERE run.status = 'queued' AND run.claimed_at < %s AND ticket.run_id IS NULL
    ORDER BY run.id LIMIT %s
"""

# Workers remove what they have finished, unless they were told to keep it.
_FORGET = """
    DELETE FROM procrastinate_jobs WHERE id = ANY(ARRAY(
        SELECT id FROM procrastinate_jobs AS job WHERE task_name = %s
          AND status IN ('succeeded', 'failed', 'cancelled', 'aborted')
          AND NOT EXISTS (SELECT FROM procrastinate_events AS event
                          WHERE event.job_id = job.id AND event.at > now() - interval '1 day')
        LIMIT %s
    ))
"""


def tidy(now: datetime) -> None:
    """To be called every few seconds by whoever leads."""
    miss_late(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DROP_OF_THE_DEAD, [TASK, GONE_AFTER.total_seconds()])
        if not JobRun.objects.handed_over().filter(claimed_at__lt=now - GONE_AFTER).exists():
            return
        cursor.execute(_WITHOUT_TICKET, [TASK, now - GONE_AFTER, MOST])
        lost: dict[datetime, list[tuple[int, str]]] = defaultdict(list)
        for run_id, name, claimed_at in cursor.fetchall():
            lost[claimed_at].append((run_id, name))
        for claimed_at, runs in lost.items():
            logger.warning("tickets_written_anew", runs=[run_id for run_id, _name in runs])
            enqueue(made_for(runs, claimed_at))


def miss_late(now: datetime) -> None:
    """Close slots of cron schedules that nobody took within their grace."""
    waiting = JobRun.objects.handed_over().filter(trigger=Cause.SCHEDULE)
    if not waiting.exists():
        return
    crons = JobSchedule.objects.exclude(cron="")
    for grace in crons.order_by().values_list("misfire_grace_seconds", flat=True).distinct():
        names = crons.filter(misfire_grace_seconds=grace).values("name")
        late = waiting.filter(job_name__in=names, scheduled_for__lt=now - timedelta(seconds=grace))
        late.update(status=Status.MISSED, finished_at=now, error=reasons.NO_HANDS_IN_TIME)


def forget_finished() -> None:
    """Delete tickets that are a day past their end, in batches."""
    deleted = MOST
    while deleted == MOST:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [TASK, MOST])
            deleted = cursor.rowcount
