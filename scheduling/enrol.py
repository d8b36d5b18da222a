"""Schedules many new jobs at once, where one by one would take minutes."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction

from .errors import InvalidSchedule
from .fresh_slot import fresh_slot
from .models import JobRun, JobSchedule, ScheduleState
from .service import NewJob, SchedulerService

logger = structlog.get_logger(__name__)


def enrol(
    service: SchedulerService, schedules: Iterable[JobSchedule], now: datetime
) -> list[JobSchedule]:
    """Schedule those of which nothing is known yet and nothing special is wanted; returns the
    others, which are to be applied one by one."""
    schedules = list(schedules)
    names = [schedule.name for schedule in schedules]
    known = JobRun.objects.filter(job_name__in=names).order_by().values_list("job_name", flat=True)
    with_history = set(known.distinct())
    new = {
        schedule.name: job
        for schedule in schedules
        if schedule.name not in with_history and (job := _new_job(schedule, now))
    }
    wanted = [schedule for schedule in schedules if schedule.name in new]
    try:
        with service.locked(), transaction.atomic():
            service.add_new(new.values())
            ScheduleState.objects.bulk_create(
                ScheduleState(
                    schedule=schedule,
                    applied_revision=schedule.revision,
                    applied_spec=schedule.spec(now),
                    applied_at=now,
                    applied_by=str(service.process),
                )
                for schedule in wanted
            )
    except IntegrityError:
        # Another leader was quicker with some of them.
        return schedules
    for schedule in wanted:
        slot = str(new[schedule.name].next_run)
        logger.info("job_registered", job=schedule.name, schedule=schedule.in_words, next_run=slot)
    return [schedule for schedule in schedules if schedule.name not in new]


def _new_job(schedule: JobSchedule, now: datetime) -> NewJob | None:
    """None for what asks for more than to be scheduled."""
    if schedule.job is None or schedule.job.run_at_once or schedule.paused:
        return None
    try:
        trigger = schedule.trigger()
        slot = fresh_slot(trigger, None, now) if trigger else None
    except InvalidSchedule:
        return None
    if trigger is None or slot is None:
        return None
    return NewJob(
        job_id=schedule.name,
        trigger=trigger,
        next_run=slot,
        grace_seconds=schedule.misfire_grace_seconds,
        coalesce=schedule.coalesce,
        max_instances=schedule.max_instances,
    )
