"""Whether a worker leads, from the rows that processes leave."""

import os
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F

from scheduling.models import Cause, JobRun, Role, SchedulerProcess
from scheduling.outlook import worker_state
from scheduling.prune import PROCESSES_KEPT_FOR
from scheduling.querysets import SchedulerProcessQuerySet

from .finding import DOWN, Seen
from .models import NewsRule

_WITHOUT_WORKER = timedelta(minutes=1)


def worker(rule: NewsRule, now: datetime) -> Iterator[Seen]:
    """Whether a worker leads, and for how long there was none before it did.

    While there is none nobody evaluates this, unless ``runjob send_news`` is called by others:
    the next worker tells.
    """
    allowed = (
        timedelta(seconds=rule.late_after_seconds) if rule.late_after_seconds else _WITHOUT_WORKER
    )
    leader = worker_state(now).leader
    if leader is None:
        here = SchedulerProcess.objects.filter(host=socket.gethostname()[:200], pid=os.getpid())
        heard = _last_heard(_workers(now).exclude(pk__in=here.values("pk")))
        is_down = heard is not None and heard < now - allowed
        yield Seen(
            subject="worker", state=DOWN if is_down else None, before="", told={"from": heard}
        )
        return
    since = leader.leading_since or now
    heard = _last_heard(_workers(now).exclude(pk=leader.pk).filter(started_at__lt=since))
    # Who is heard from later was there all the time, and stood by.
    gap = since - heard if heard and heard < since else None
    told: dict[str, object] = {"to": since, "from": heard} if heard else {"to": since}
    if gap and gap >= allowed:
        told["gap"] = gap
    yield Seen(subject="worker", state=since.isoformat(), before=since.isoformat(), told=told)


def _workers(now: datetime) -> SchedulerProcessQuerySet:
    """Those that lead or stand by. In rows of before there were roles those that ran one job in
    the foreground have the same: its run was claimed as it was queued."""
    alone = JobRun.objects.filter(
        trigger=Cause.MANUAL,
        scheduled_for__gte=now - PROCESSES_KEPT_FOR,
        claimed_at=F("queued_at"),
        process__isnull=False,
    )
    processes: SchedulerProcessQuerySet = SchedulerProcess.objects.filter(role=Role.SCHEDULER)
    return processes.exclude(pk__in=alone.values("process"))


def _last_heard(processes: SchedulerProcessQuerySet) -> datetime | None:
    newest = processes.order_by("-heartbeat_at").values_list("heartbeat_at", flat=True)
    found: datetime | None = newest.first()
    return found
