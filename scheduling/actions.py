"""What people do to schedules and runs. Admin, pages and API all come through here."""

from copy import copy
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from . import audit, changes, limits, reasons, registry, requestid, triggers
from .errors import InvalidSchedule, SchedulingError
from .models import Cause, JobRun, JobSchedule, Status
from .querysets import count_change, hold_changes


class StaleEdit(SchedulingError):
    __doc__ = gettext_noop("The schedule was changed by somebody else meanwhile.")

    def __init__(self, message: str = "", *, current: JobSchedule | None = None) -> None:
        super().__init__(message)
        self.current = current


class AlreadyQueued(SchedulingError):
    __doc__ = gettext_noop("A run of this job is already queued.")


class NotActive(SchedulingError):
    __doc__ = gettext_noop("The run has already ended.")


def change(
    schedule: JobSchedule,
    by: User,
    *,
    revision: int | None = None,
    reason: str = "",
    **fields: Any,
) -> list[str]:
    """Set ``fields`` of a schedule; returns what changed in words, nothing if nothing did.

    ``reason`` is kept with the change, for those who read of it later.

    Raises ValidationError (by field, in the worker's own words), and StaleEdit when
    ``revision`` is given and the row has moved on. ``schedule`` then holds what is stored.
    """
    moment, reason = now(), _checked(reason)
    with transaction.atomic():
        current = locked(schedule, revision)
        before = copy(current)
        _set(current, fields, moment)
        changed = audit.changed_fields(before, current)
        _check(current, changed)
        texts = audit.differences(before, current, moment)
        if changed:
            current.save(update_fields=changed)
            audit.note_change(by, before, current, moment, reason)
    for field in (*audit.FIELDS, "revision", "updated_at"):
        setattr(schedule, field, getattr(current, field))
    return texts


def foretell(schedule: JobSchedule, fields: dict[str, Any], moment: datetime) -> JobSchedule:
    """What ``change`` would make of it, without writing anything. Raises ValidationError."""
    after = copy(schedule)
    _set(after, fields, moment)
    _check(after, audit.changed_fields(schedule, after))
    return after


def _checked(reason: str) -> str:
    try:
        return limits.check_reason(reason)
    except InvalidSchedule as error:
        raise ValidationError({"reason": str(error)}) from None


def _set(schedule: JobSchedule, fields: dict[str, Any], moment: datetime) -> None:
    pauses = not set(audit.PAUSE).isdisjoint(fields)
    if pauses and schedule.paused and not schedule.is_paused(moment):
        # That pause is over; what is set now is about another one.
        schedule.paused, schedule.paused_until, schedule.pause_reason = False, None, ""
    for name, value in fields.items():
        setattr(schedule, name, check_field(schedule, name, value))
    if pauses and not schedule.paused:
        # "" and None are what a form sends that ends a pause.
        check_not_idle(False, fields.get("paused_until"), fields.get("pause_reason"))
        schedule.paused_until, schedule.pause_reason = None, ""


def check_not_idle(paused: bool, until: Any, reason: Any) -> None:
    """Raises ValidationError for the end or the reason of a pause that isn't one."""
    for name, value in (("paused_until", until), ("pause_reason", reason)):
        if value and not paused:
            raise ValidationError({name: _("Only a paused schedule has this. Set paused as well.")})


def locked(schedule: JobSchedule, revision: int | None = None) -> JobSchedule:
    """The stored row, which stays as it is until the caller's transaction ends.

    Raises StaleEdit if its revision is no longer ``revision``.
    """
    hold_changes()
    current = JobSchedule.objects.select_for_update().filter(pk=schedule.pk).first()
    if current is None:
        raise StaleEdit(_("%(job)s was deleted meanwhile.") % {"job": schedule.name})
    if revision is not None and current.revision != revision:
        raise StaleEdit(_meanwhile(current, revision), current=current)
    return current


def _meanwhile(current: JobSchedule, revision: int) -> str:
    """Who changed what since, and how it is now."""
    told, pause = "; ".join(changes.told_since(current, revision)), current.pause_in_words(now())
    changed = (
        _("%(job)s was changed meanwhile (%(what)s).")
        if told
        else _("%(job)s was changed meanwhile.")
    )
    stands = _("It is now: %(schedule)s (%(pause)s).") if pause else _("It is now: %(schedule)s.")
    return " ".join(
        (
            changed % {"job": current.name, "what": told},
            stands % {"schedule": current.in_words, "pause": pause},
            _("Nothing was saved."),
        )
    )


def check_field(schedule: JobSchedule, name: str, value: Any) -> Any:
    """The value as it can be stored; raises ValidationError in the worker's own words."""
    try:
        if name == "interval_seconds":
            return triggers.check_interval(value, schedule.min_interval)
        if name == "cron":
            # The zone is checked where it belongs: this error is about the text alone.
            triggers.build(0, value, "UTC")
            return " ".join(value.split())
        if name == "timezone":
            if not isinstance(value, str):
                raise InvalidSchedule(_("A time zone is a text like Europe/Berlin or UTC."))
            return triggers.check_zone(value.strip()).key
        if name == "timeout_seconds":
            return limits.check_timeout(value)
        if name == "max_retries":
            return limits.check_retries(value)
        if name == "queue":
            return limits.check_queue(value)
        if name == "priority":
            return limits.check_priority(value)
        if name == "pause_reason":
            return limits.check_reason(value)
        if name == "paused_until":
            ends = limits.check_pause_end(value)
            if ends != schedule.paused_until:
                limits.check_pause_to_come(ends, now())
            return ends
    except InvalidSchedule as error:
        raise ValidationError({name: str(error)}) from None
    if name == "paused" and not isinstance(value, bool):
        raise ValidationError({name: _("paused must be true or false.")})
    return value


def _check(schedule: JobSchedule, changed: list[str]) -> None:
    others = [field.name for field in schedule._meta.fields if field.name not in changed]
    schedule.clean_fields(exclude=others)
    if {"interval_seconds", "cron", "timezone"}.isdisjoint(changed):
        # A schedule that can't be understood can still be paused.
        return
    try:
        schedule.trigger()
    except InvalidSchedule as error:
        field = "cron" if schedule.cron else "interval_seconds"
        raise ValidationError({field: str(error)}) from None


def pause(
    schedule: JobSchedule, by: User, *, until: datetime | str | None = None, reason: str = ""
) -> list[str]:
    """Pause until a person resumes it, or until ``until``. Raises ValidationError."""
    return change(schedule, by, paused=True, paused_until=until, pause_reason=reason)


def resume(schedule: JobSchedule, by: User) -> list[str]:
    return change(schedule, by, paused=False)


def pause_all(
    by: User, *, until: datetime | str | None = None, reason: str = ""
) -> list[JobSchedule]:
    """Pause all schedules or none; returns those that were not paused already.

    The others keep their own end and reason. Raises ValidationError.
    """
    with transaction.atomic():
        running = [schedule for schedule in _all_locked() if not schedule.is_paused(now())]
        for schedule in running:
            pause(schedule, by, until=until, reason=reason)
    return running


def resume_all(by: User) -> list[JobSchedule]:
    """Resume every schedule that is paused; returns them."""
    with transaction.atomic():
        paused = [schedule for schedule in _all_locked() if schedule.is_paused(now())]
        for schedule in paused:
            resume(schedule, by)
    return paused


def _all_locked() -> list[JobSchedule]:
    # All rows before the change counter, or two people could wait for each other.
    return list(JobSchedule.objects.select_for_update().order_by("pk"))


def unschedule(schedule: JobSchedule, by: User) -> list[str]:
    """Disable for good, over restarts too: until a person schedules it again."""
    return change(schedule, by, interval_seconds=0, cron="")


def run_now(schedule: JobSchedule, by: User, *, reason: str = "") -> JobRun:
    """Queue a run for the worker, of a paused or disabled job too.

    Raises UnknownJob when the code has no such job, AlreadyQueued when one waits already.
    """
    registry.get(schedule.name)
    moment, reason = now(), _checked(reason)
    try:
        with transaction.atomic():
            run = JobRun.objects.create(
                job_name=schedule.name,
                trigger=Cause.MANUAL,
                scheduled_for=moment,
                queued_at=moment,
                requested_by=by.get_username(),
                reason=reason,
                log=requestid.asked_for(moment),
            )
            count_change()
            audit.note_run(by, schedule, audit.RUN_NOW, run, reason)
    except IntegrityError:
        raise AlreadyQueued(
            _("A run of %(job)s already waits for a worker.") % {"job": schedule.name}
        ) from None
    return run


def cancel(run: JobRun, by: User, *, reason: str = "") -> None:
    """End a queued run, or ask a running one to stop (asking again changes nothing).

    Raises NotActive when it has ended.
    """
    moment, this, reason = now(), JobRun.objects.filter(pk=run.pk), _checked(reason)
    asked = {"cancel_requested_at": moment, "cancel_requested_by": by.get_username()}
    with transaction.atomic():
        if this.queued().update(
            status=Status.CANCELLED,
            finished_at=moment,
            **asked,
            error=reasons.CANCELLED_BEFORE % {"by": by.get_username()},
        ):
            action = audit.CANCELLED
        elif this.running().filter(cancel_requested_at=None).update(**asked):
            action = audit.ASKED_TO_STOP
        elif this.running().exists():
            return
        else:
            raise NotActive(_("Run %(run)d has already ended.") % {"run": run.pk})
        count_change()
        audit.note_run(by, run, action, run, reason)
    run.refresh_from_db()
