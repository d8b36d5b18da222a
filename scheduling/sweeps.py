"""Closes what dead processes left open."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from . import reasons, retries
from .machine import machine
from .models import JobRun, SchedulerProcess, Status

logger = structlog.get_logger(__name__)


def close_lost_runs(
    now: datetime,
    but: SchedulerProcess | None = None,
    *,
    is_silent: Callable[[SchedulerProcess], bool] = lambda _process: False,
) -> int:
    """Close every run that its process can't finish any more as ``lost``; returns how many.

    ``but`` is the process that asks: it lives, however long it was kept from beating.
    ``is_silent`` says whether another counts as gone, which takes a while to find out.
    """
    closed = 0
    running = JobRun.objects.running().select_related("process").without_details()
    if but:
        running = running.exclude(process=but)
    for run in running:
        reason = _why_lost(run.process, is_silent)
        if reason and _close(run, reason, now):
            logger.warning("run_lost", job=run.job_name, run_id=run.pk, reason=reason)
            closed += 1
    return closed


@dataclass(frozen=True, slots=True)
class _Lost:
    run_id: int
    finished_at: datetime


def _close(run: JobRun, reason: str, now: datetime) -> bool:
    with transaction.atomic():
        still_open = JobRun.objects.running().filter(pk=run.pk, process=run.process)
        if run.process:
            # It may have been heard from since, while this waited for the database.
            heard = run.process.heartbeat_at
            still_open = still_open.filter(process__heartbeat_at=heard)
        # A process that froze in the middle of a write keeps the row locked: the others go first.
        free = still_open.select_for_update(skip_locked=True, of=("self",)).values_list("pk")
        if not list(free):
            return False
        if not still_open.update(status=Status.LOST, finished_at=now, error=reason):
            return False
        retries.queue([_Lost(run.pk, now)])
    return True


def _why_lost(
    process: SchedulerProcess | None, is_silent: Callable[[SchedulerProcess], bool]
) -> str:
    """In words; empty while the process may still finish its runs."""
    if process is None:
        return reasons.OF_NOBODY
    told = {"process": process, "at": f"{process.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC"}
    if process.stopped_at:
        return reasons.PROCESS_STOPPED % told
    if is_silent(process):
        return reasons.PROCESS_SILENT % told
    if _died_here(process):
        return reasons.PROCESS_GONE % told
    return ""


def _died_here(process: SchedulerProcess) -> bool:
    """Whether the process ran on this machine and its number is not in use any more."""
    if not process.machine or process.machine != machine():
        return False
    with contextlib.suppress(PermissionError):
        try:
            os.kill(process.pid, 0)
        except (ProcessLookupError, OverflowError):
            return True
    return False
