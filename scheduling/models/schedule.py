"""When jobs shall run: what people want, and what the worker made of it."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, Q
from django.utils.timezone import localtime, now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import limits, registry, spec, triggers
from ..errors import InvalidSchedule
from ..limits import MAX_REASON, MAX_RETRIES, MAX_TIMEOUT
from ..querysets import JobScheduleQuerySet, count_change


def default_zone() -> str:
    return settings.TIME_ZONE


class JobSchedule(models.Model):
    """When a job shall run. People write this; the worker only reads it."""

    name = models.CharField(_("name"), max_length=100, unique=True, editable=False)
    interval_seconds = models.IntegerField(
        _("interval in seconds"),
        default=0,
        help_text=_("0 = disabled. A cron text below wins over it."),
    )
    cron = models.CharField(
        _("cron text"),
        max_length=triggers.MAX_CRON_LENGTH,
        blank=True,
        default="",
        help_text=_(
            "Five fields: minute, hour, day of month, month, day of week. "
            "Empty = the interval counts."
        ),
    )
    timezone = models.CharField(
        _("time zone of the cron text"),
        max_length=64,
        default=default_zone,
        help_text=_("Like Europe/Berlin."),
    )
    paused = models.BooleanField(_("paused"), default=False)
    paused_until = models.DateTimeField(
        _("paused until"),
        null=True,
        blank=True,
        help_text=_("Resumes by itself then. Empty = until somebody resumes it."),
    )
    pause_reason = models.CharField(
        _("pause reason"), max_length=MAX_REASON, blank=True, default=""
    )
    misfire_grace_seconds = models.PositiveIntegerField(
        _("misfire grace seconds"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(triggers.MAX_INTERVAL)],
        help_text=_(
            "A cron slot that could not start for so many seconds is given up as missed. "
            "An interval job that was missed always runs once as soon as it can."
        ),
    )
    coalesce = models.BooleanField(
        _("coalesce"),
        default=True,
        help_text=_("Run once for several slots that came while nothing could start."),
    )
    max_instances = models.PositiveSmallIntegerField(
        _("max instances"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("So many runs of this job may go on at the same time."),
    )
    timeout_seconds = models.PositiveIntegerField(
        _("timeout seconds"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_TIMEOUT)],
        help_text=_("A run that takes longer is closed as timed out. Empty = no limit."),
    )
    max_retries = models.PositiveSmallIntegerField(
        _("max retries"),
        default=0,
        validators=[MaxValueValidator(MAX_RETRIES)],
        help_text=_("So many times a run that failed, timed out or was lost is tried again."),
    )
    queue = models.CharField(
        _("queue"),
        max_length=limits.MAX_QUEUE,
        default=limits.QUEUE,
        db_default=limits.QUEUE,
        help_text=_("Procrastinate workers can be started for some of the queues only."),
    )
    priority = models.SmallIntegerField(
        _("priority"),
        default=0,
        db_default=0,
        help_text=_("Of the runs that wait in a queue the one with the highest goes first."),
    )
    revision = models.BigIntegerField(_("revision"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), default=now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=now, editable=False)

    objects = JobScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("job schedule")
        verbose_name_plural = _("job schedules")
        ordering = ["name"]
        # What has changed since a worker looked last.
        indexes = [models.Index(fields=["revision"], name="schedule_by_revision")]
        constraints = [
            models.CheckConstraint(
                condition=Q(interval_seconds__gte=0, interval_seconds__lte=triggers.MAX_INTERVAL),
                name="interval_is_0_to_a_year",
                violation_error_message=_("The interval must be 0 to 31,536,000 seconds."),
            ),
            models.CheckConstraint(condition=Q(max_instances__gte=1), name="at_least_one_instance"),
            models.CheckConstraint(
                condition=Q(misfire_grace_seconds__gte=1), name="grace_of_at_least_1_second"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """Save as a new revision, so that the worker notices."""
        with transaction.atomic():
            self.revision = count_change()
            self.updated_at = now()
            fields = kwargs.get("update_fields")
            if isinstance(fields, (list, tuple, set, frozenset)):
                kwargs["update_fields"] = {*fields, "revision", "updated_at"}
            super().save(*args, **kwargs)  # type: ignore[arg-type]

    def clean(self) -> None:
        checks: dict[str, Callable[[], object]] = {
            "cron" if self.cron.strip() else "interval_seconds": self.trigger,
            "timezone": lambda: triggers.check_zone(self.timezone),
            "timeout_seconds": lambda: limits.check_timeout(self.timeout_seconds),
            "max_retries": lambda: limits.check_retries(self.max_retries),
            "queue": lambda: limits.check_queue(self.queue),
            "priority": lambda: limits.check_priority(self.priority),
            "paused_until": lambda: limits.check_pause_end(self.paused_until),
            "pause_reason": lambda: limits.check_reason(self.pause_reason),
        }
        for field, check in checks.items():
            try:
                check()
            except InvalidSchedule as error:
                raise ValidationError({field: str(error)}) from None

    @property
    def job(self) -> registry.Job | None:
        """The registered job; None when the code that this process runs has none."""
        return registry.find(self.name)

    @property
    def min_interval(self) -> int:
        return self.job.min_interval_seconds if self.job else 1

    def trigger(self) -> triggers.Trigger | None:
        """What the worker runs on; None when disabled. Raises InvalidSchedule."""
        return triggers.build(
            self.interval_seconds, self.cron, self.timezone, min_interval=self.min_interval
        )

    def next_slots(
        self, count: int, now: datetime, first: datetime | None = None
    ) -> list[datetime]:
        """The next times of this schedule as it is set, for people to check; [] if it has none.

        ``first`` is the next run where the worker has planned it already.
        """
        try:
            trigger = self.trigger()
        except InvalidSchedule:
            return []
        if trigger and first is None:
            first = trigger.get_next_fire_time(None, now)
        return list(islice(trigger.upcoming(first), count)) if trigger and first else []

    @property
    def in_words(self) -> str:
        return triggers.in_words(self.interval_seconds, self.cron, self.timezone)

    @property
    def is_off(self) -> bool:
        """Whether it is disabled: no cron text, and an interval of 0."""
        return not self.cron and not self.interval_seconds

    def is_paused(self, now: datetime) -> bool:
        """Whether it is paused at this moment: a pause with an end ends by itself."""
        return spec.is_paused(self, now)

    def pause_in_words(self, now: datetime) -> str:
        """``paused until 2026-11-24 08:00 UTC: deploy``; empty when it is not paused."""
        if not self.is_paused(now):
            return ""
        told = {"reason": self.pause_reason, "until": ""}
        if self.paused_until:
            told["until"] = to_the_minute(self.paused_until)
        if self.paused_until and self.pause_reason:
            return gettext("paused until %(until)s: %(reason)s") % told
        if self.paused_until:
            return gettext("paused until %(until)s") % told
        return gettext("paused: %(reason)s") % told if self.pause_reason else gettext("paused")

    def spec(self, now: datetime) -> dict[str, object]:
        """What is to be scheduled at this moment: where specs are equal nothing is to be done."""
        return spec.spec(self, now)


def to_the_minute(moment: datetime) -> str:
    local = localtime(moment)
    seconds = f":{local:%S}" if local.second else ""
    return f"{local:%Y-%m-%d %H:%M}{seconds} {local:%Z}"


class ScheduleState(models.Model):
    """What the worker made of a schedule. Only workers write it."""

    schedule = models.OneToOneField(
        JobSchedule, on_delete=models.CASCADE, primary_key=True, related_name="state"
    )
    applied_revision = models.BigIntegerField(_("applied revision"), default=0)
    applied_spec = models.JSONField(_("applied spec"), default=dict)
    applied_at = models.DateTimeField(_("applied at"), null=True)
    applied_by = models.CharField(_("applied by"), max_length=200, default="", blank=True)
    paused_slot_at = models.DateTimeField(
        _("paused slot at"),
        null=True,
        help_text=_("The slot that would have come next when the schedule was paused."),
    )
    problem = models.TextField(_("problem"), default="", blank=True)

    def __str__(self) -> str:
        return f"revision {self.applied_revision} by {self.applied_by}"


class ChangeCounter(models.Model):
    """One row, counted up by whatever the worker should look at: it is cheap to watch."""

    value = models.BigIntegerField(_("value"), default=0)

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def read(cls) -> int:
        """The counter's value now; one look-up by key."""
        return cls.objects.filter(pk=1).values_list("value", flat=True).first() or 0

    @classmethod
    def read_with(cls, condition: Exists) -> tuple[int, bool]:
        """The value and, in the same query, whether ``condition`` holds; True without a row."""
        found = cls.objects.filter(pk=1).annotate(holds=condition).values_list("value", "holds")
        return found.first() or (0, True)
