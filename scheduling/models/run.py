"""Every slot of every job, and what became of it."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from ..querysets import JobRunQuerySet
from .process import SchedulerProcess


class Status(models.TextChoices):
    QUEUED = "queued", "queued"  # waits for its time, or for a worker
    RUNNING = "running", "running"  # claimed by a worker
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"  # the job raised
    TIMED_OUT = "timed_out", "timed out"  # past its deadline
    CANCELLED = "cancelled", "cancelled"  # a person or a stopping worker ended it
    MISSED = "missed", "missed"  # the slot could not start in time
    SKIPPED = "skipped", "skipped"  # the slot came while another run was going on
    LOST = "lost", "lost"  # the process died under it


class Cause(models.TextChoices):
    SCHEDULE = "schedule", "schedule"
    STARTUP = "startup", "start-up"  # the job had never run
    MANUAL = "manual", "manual"  # a person asked for it
    RETRY = "retry", "retry"  # an earlier attempt failed


class JobRun(models.Model):
    """One slot of a job and what became of it. Stays when its schedule goes."""

    job_name = models.CharField("job", max_length=100)
    trigger = models.CharField(max_length=10, choices=Cause.choices, default=Cause.SCHEDULE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    scheduled_for = models.DateTimeField("slot")
    attempt = models.PositiveSmallIntegerField(default=1)
    slots = models.PositiveIntegerField(
        default=1, help_text="How many slots this row stands for, its own included."
    )
    until = models.DateTimeField(
        null=True, help_text="The last of the slots, when this row stands for several."
    )
    requested_by = models.CharField(max_length=150, blank=True, default="")
    queued_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(
        null=True, help_text="When a queued retry may start; its slot is that of the first attempt."
    )
    claimed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.CharField(max_length=150, blank=True, default="")
    worker = models.CharField(max_length=200, blank=True, default="")
    process = models.ForeignKey(
        SchedulerProcess, null=True, on_delete=models.SET_NULL, related_name="runs"
    )
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")
    traceback = models.TextField(blank=True, default="")
    log = models.JSONField(default=list)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = "run"
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
            models.Index(fields=["trigger", "scheduled_for"], name="run_by_trigger"),
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
