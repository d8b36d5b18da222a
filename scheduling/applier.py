"""Applies one schedule: registers, changes or removes its job, and tells people of it."""

from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, InterfaceError, transaction

from . import history, reasons, retries, triggers
from .errors import InvalidSchedule
from .fresh_slot import fresh_slot
from .models import JobSchedule, ScheduleState
from .service import SchedulerService
from .text import clean
from .triggers import Trigger

logger = structlog.get_logger(__name__)

# A next run further off than its schedule can be: the clock was ahead when it was stored.
CLOCK_SLACK = timedelta(seconds=5)
MAX_PROBLEM = 1_000


class Applier:
    """Makes one schedule what people want it to be, or says on its row why it can't."""

    def __init__(self, service: SchedulerService) -> None:
        self._service, self._store = service, service.store

    def apply(self, schedule: JobSchedule, next_run: datetime | None, now: datetime) -> bool:
        """False when another session's lock on its row keeps it from being looked at now.

        ``next_run`` is what the store holds as its next slot. Raises what a database raises
        that is out of reach; nothing else.
        """
        try:
            is_stored = bool(self._store.restore([schedule.name]))
            self._look(schedule, is_stored, next_run, now)
        except (DatabaseError, InterfaceError) as error:
            if not _is_held(error):
                raise
            # Its own edit waits, but neither the other schedules nor their slots do.
            logger.warning("schedule_locked", job=schedule.name, error=str(error))
            return False
        except Exception as error:
            logger.exception("schedule_not_applied", job=schedule.name)
            self.complain(schedule, f"{type(error).__name__}: {error}", now)
        return True

    def remove_deleted(self, name: str, next_run: datetime | None, now: datetime) -> None:
        """Unschedule a job whose schedule is gone."""
        self._give_up(name, next_run, now, reasons.DELETED)
        retries.give_up(name, now, reasons.DELETED)
        self._service.remove_job(name)
        logger.info("job_removed", job=name, reason="its schedule was deleted")

    def _look(
        self, schedule: JobSchedule, is_stored: bool, next_run: datetime | None, now: datetime
    ) -> None:
        if schedule.job is None:
            # Left in the store: a newer release, running elsewhere, may know the job.
            problem = "The code that the worker runs has no job of this name."
            self.complain(schedule, problem, now)
            return
        try:
            trigger = schedule.trigger()
        except InvalidSchedule as error:
            if is_stored:
                self._remove(schedule, next_run, now, reason=str(error))
            self._mark(schedule, now, problem=str(error))
            return
        if trigger is None:
            if is_stored:
                self._remove(schedule, next_run, now, reason="disabled")
            self._mark(schedule, now)
        elif not is_stored:
            self._register(schedule, trigger, next_run, now)
        elif _applied(schedule) != schedule.spec(now):
            self._change(schedule, trigger, next_run, now)
        elif not plausible(trigger, schedule.is_paused(now), next_run, now):
            self._schedule(schedule, trigger, self._fresh_slot(schedule, trigger, now), now)
            logger.warning("next_run_corrected", job=schedule.name, was=str(next_run))
        else:
            self._mark(schedule, now)

    def _register(
        self, schedule: JobSchedule, trigger: Trigger, next_run: datetime | None, now: datetime
    ) -> None:
        """Schedule what is not scheduled: it is new, was disabled, or its row was thrown away.

        ``next_run`` is known when the row is there but what is pickled in it can't be read.
        """
        with self._service.locked(), transaction.atomic():
            slot = None
            if _applied(schedule).get("schedule") == schedule.spec(now)["schedule"]:
                last = history.last_slot(schedule.name)
                slot = next_run or (trigger.get_next_fire_time(last, now) if last else None)
            if slot is None:
                slot = self._fresh_slot(schedule, trigger, now)
            if not schedule.is_paused(now):
                history.queue_first_run(schedule, now)
            self._schedule(schedule, trigger, slot, now)
            self._mark(schedule, now, paused_slot=slot)
        logger.info(
            "job_registered", job=schedule.name, schedule=schedule.in_words, next_run=str(slot)
        )

    def _change(
        self, schedule: JobSchedule, trigger: Trigger, next_run: datetime | None, now: datetime
    ) -> None:
        """Apply an edit; slots that had come by then and did not start leave a row."""
        before = _applied(schedule)
        with self._service.locked(), transaction.atomic():
            self._store.hold(schedule.name)
            slot = next_run
            if before.get("paused"):
                slot = schedule.state.paused_slot_at
                self._give_up(schedule.name, slot, now, reasons.PAUSED)
            if before.get("schedule") != schedule.spec(now)["schedule"]:
                self._give_up(schedule.name, next_run, now, reasons.CHANGED)
                slot = self._fresh_slot(schedule, trigger, now)
            elif slot is None:
                slot = self._fresh_slot(schedule, trigger, now)
            elif before.get("paused") and slot <= now:
                slot = trigger.due(slot, now).next
            resumed = before.get("paused") and not schedule.is_paused(now)
            if resumed:
                history.queue_first_run(schedule, now)
            if schedule.is_paused(now):
                retries.give_up(schedule.name, now, reasons.PAUSED)
            self._schedule(schedule, trigger, slot, now)
            self._mark(schedule, now, paused_slot=slot)
        logger.info(
            "job_rescheduled",
            job=schedule.name,
            schedule=schedule.in_words,
            paused=schedule.is_paused(now),
            next_run=None if schedule.is_paused(now) else str(slot),
        )

    def _remove(
        self, schedule: JobSchedule, next_run: datetime | None, now: datetime, reason: str
    ) -> None:
        with self._service.locked(), transaction.atomic():
            self._store.hold(schedule.name)
            state = getattr(schedule, "state", None)
            due = next_run or (state.paused_slot_at if state else None)
            self._give_up(schedule.name, due, now, reasons.DISABLED)
            retries.give_up(schedule.name, now, reasons.DISABLED)
            self._service.remove_job(schedule.name)
        logger.info("job_removed", job=schedule.name, reason=reason)

    def _schedule(
        self, schedule: JobSchedule, trigger: Trigger, slot: datetime | None, now: datetime
    ) -> None:
        self._service.add(
            schedule.name,
            trigger,
            next_run=slot,
            paused=schedule.is_paused(now),
            grace_seconds=schedule.misfire_grace_seconds,
            coalesce=schedule.coalesce,
            max_instances=schedule.max_instances,
        )

    def _fresh_slot(
        self, schedule: JobSchedule, trigger: Trigger, now: datetime
    ) -> datetime | None:
        return fresh_slot(trigger, history.last_slot(schedule.name), now)

    def _give_up(self, name: str, first: datetime | None, now: datetime, why: str) -> None:
        """Write the row of the slots that have come and will not start any more."""
        planned = self._store.restore([name]).get(name)
        if planned and first and first <= now:
            worker = str(self._service.process)
            history.give_up(name, planned.trigger.due(first, now), now, worker, why)

    def complain(self, schedule: JobSchedule, problem: str, now: datetime) -> None:
        """Tell people why nothing was applied; what was applied before stays on record, so
        that this is looked at again."""
        problem = clean(problem, MAX_PROBLEM)
        state = getattr(schedule, "state", None)
        if state and state.problem == problem:
            return
        by = str(self._service.process)
        ScheduleState.objects.update_or_create(
            schedule=schedule, defaults={"problem": problem, "applied_at": now, "applied_by": by}
        )

    def _mark(
        self,
        schedule: JobSchedule,
        now: datetime,
        *,
        problem: str = "",
        paused_slot: datetime | None = None,
    ) -> None:
        """Tell people what was applied, when and by whom."""
        state = getattr(schedule, "state", None)
        problem = clean(problem, MAX_PROBLEM)
        if (
            state
            and state.applied_revision == schedule.revision
            and state.applied_spec == schedule.spec(now)
            and state.problem == problem
        ):
            return
        fields = {
            "applied_revision": schedule.revision,
            "applied_spec": schedule.spec(now),
            "applied_at": now,
            "applied_by": str(self._service.process),
            "problem": problem,
        }
        if paused_slot:
            fields["paused_slot_at"] = paused_slot if schedule.is_paused(now) else None
        ScheduleState.objects.update_or_create(schedule=schedule, defaults=fields)


def _is_held(error: Exception) -> bool:
    """Whether PostgreSQL refused to wait (any longer) for a row that another session holds."""
    return getattr(error.__cause__, "sqlstate", None) == "55P03"


def _applied(schedule: JobSchedule) -> dict[str, object]:
    state: ScheduleState | None = getattr(schedule, "state", None)
    return state.applied_spec if state else {}


def plausible(trigger: Trigger, paused: bool, next_run: datetime | None, now: datetime) -> bool:
    """Whether the stored next run can be right: nobody but the worker should write it."""
    if paused or next_run is None:
        return paused and next_run is None
    latest = triggers.next_after(trigger, now)
    return latest is not None and next_run <= latest + CLOCK_SLACK
