"""Every slot of every job, and what became of it."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..limits import MAX_REASON
from ..querysets import JobRunQuerySet
from .process import SchedulerProcess


class Status(models.TextChoices):
    QUEUED = "queued", _("queued")  # waits for its time, or for a worker
    RUNNING = "running", _("running")  # claimed by a worker
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")  # the job raised
    TIMED_OUT = "timed_out", _("timed out")  # past its deadline
    CANCELLED = "cancelled", _("cancelled")  # a person or a stopping worker ended it
    MISSED = "missed", _("missed")  # the slot could not start in time
    SKIPPED = "skipped", _("skipped")  # the slot came while another run was going on
    LOST = "lost", _("lost")  # the process died under it


class Cause(models.TextChoices):
    SCHEDULE = "schedule", _("schedule")
    STARTUP = "startup", _("start-up")  # the job had never run
    MANUAL = "manual", _("manual")  # a person asked for it
    RETRY = "retry", _("retry")  # an earlier attempt failed


class JobRun(models.Model):
    """One slot of a job and what became of it. Stays when its schedule goes."""

    job_name = models.CharField(_("job"), max_length=100)
    trigger = models.CharField(
        _("trigger"), max_length=10, choices=Cause.choices, default=Cause.SCHEDULE
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.QUEUED
    )
    scheduled_for = models.DateTimeField(_("slot"))
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    slots = models.PositiveIntegerField(
        _("slots"), default=1, help_text=_("How many slots this row stands for, its own included.")
    )
    until = models.DateTimeField(
        _("until"),
        null=True,
        help_text=_("The last of the slots, when this row stands for several."),
    )
    requested_by = models.CharField(_("requested by"), max_length=150, blank=True, default="")
    reason = models.CharField(
        _("reason"),
        max_length=MAX_REASON,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why a person asked for it."),
    )
    queued_at = models.DateTimeField(_("queued at"), null=True)
    not_before = models.DateTimeField(
        _("not before"),
        null=True,
        help_text=_("When a queued retry may start; its slot is that of the first attempt."),
    )
    claimed_at = models.DateTimeField(_("claimed at"), null=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    cancel_requested_at = models.DateTimeField(_("cancel requested at"), null=True)
    cancel_requested_by = models.CharField(
        _("cancel requested by"), max_length=150, blank=True, default=""
    )
    worker = models.CharField(_("worker"), max_length=200, blank=True, default="")
    process = models.ForeignKey(
        SchedulerProcess,
        null=True,
        on_delete=models.SET_NULL,
        related_name="runs",
        verbose_name=_("process"),
    )
    progress = models.JSONField(
        _("progress"),
        null=True,
        help_text=_("How far it came: done, total (null when nobody knows) and a text."),
    )
    result = models.JSONField(_("result"), null=True)
    error = models.TextField(_("error"), blank=True, default="")
    traceback = models.TextField(_("traceback"), blank=True, default="")
    log = models.JSONField(_("log"), default=list)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        # Newest first, everywhere; the index below carries it.
        ordering = ["-scheduled_for", "-id"]
        constraints = [
            # Claiming a slot is inserting its row: whoever comes second gets nothing.
            models.UniqueConstraint(
                fields=["job_name", "scheduled_for", "attempt"], name="one_run_per_slot"
            ),
            # Pressing "run now" twice queues one run.
            models.UniqueConstraint(
                fields=["job_name", "trigger"],
                condition=Q(status=Status.QUEUED, trigger__in=[Cause.MANUAL, Cause.STARTUP]),
                name="one_queued_run_per_job",
            ),
        ]
        indexes = [
            models.Index(fields=["scheduled_for", "id"], name="run_by_slot"),
            models.Index(fields=["status", "scheduled_for"], name="run_by_status"),
            models.Index(fields=["job_name", "status", "scheduled_for"], name="run_by_job_status"),
            # Each filter of the list of runs enters one of these at its first row and reads no
            # other rows, however many fit only a part of it.
            models.Index(fields=["trigger", "scheduled_for", "id"], name="run_by_trigger"),
            models.Index(
                fields=["trigger", "status", "scheduled_for", "id"],
                name="run_by_trigger_and_status",
            ),
            models.Index(
                fields=["job_name", "trigger", "scheduled_for", "id"], name="run_by_job_and_trigger"
            ),
            models.Index(
                fields=["job_name", "trigger", "status", "scheduled_for", "id"],
                name="run_by_job_trigger_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_name} at {self.scheduled_for:%Y-%m-%d %H:%M:%S}: {self.status}"

    @property
    def lag(self) -> timedelta | None:
        """From the slot, or from the time that a retry had to wait for, to the job's start."""
        due = self.not_before or self.scheduled_for
        return self.started_at - due if self.started_at else None

    @property
    def duration(self) -> timedelta | None:
        """From the start of the job's body to its end."""
        if self.started_at and self.finished_at:
            return self.finished_at - self.started_at
        return None

    @property
    def never_began(self) -> bool:
        """Whether its slot passed without a run."""
        return self.status in (Status.MISSED, Status.SKIPPED)

    @property
    def is_active(self) -> bool:
        return self.status in (Status.QUEUED, Status.RUNNING)
