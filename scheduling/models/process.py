"""The processes that run jobs."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from ..querysets import SchedulerProcessQuerySet

# A process that has not been heard from for so long counts as gone.
HEARTBEAT_EVERY = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=15)
# Two beats that did not come.
MISSED_BEATS = timedelta(seconds=11)


class Role(models.TextChoices):
    SCHEDULER = "scheduler", _("scheduler")  # leads, or stands by to lead
    WORKER = "worker", _("worker")  # runs what the leader hands over
    COMMAND = "command", _("command")  # runs one job and ends


class SchedulerProcess(models.Model):
    """A process that runs jobs, and when it was last heard from."""

    role = models.CharField(
        _("role"),
        max_length=10,
        choices=Role.choices,
        default=Role.SCHEDULER,
        db_default=Role.SCHEDULER,
    )
    queues = models.CharField(
        _("queues"),
        max_length=1_000,
        blank=True,
        default="",
        db_default="",
        help_text=_("Which queues a worker takes runs from, separated by commas. Empty = all."),
    )

    host = models.CharField(_("host"), max_length=200)
    pid = models.IntegerField(_("pid"))
    machine = models.CharField(
        _("machine"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("Where its pid means something: the host since it booted, or a container."),
    )
    started_at = models.DateTimeField(_("started at"), default=now)
    heartbeat_at = models.DateTimeField(_("heartbeat at"), default=now, db_index=True)
    leading_since = models.DateTimeField(_("leading since"), null=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True)

    objects = SchedulerProcessQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduler process")
        verbose_name_plural = _("scheduler processes")

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"

    def takes(self, queue: str) -> bool:
        """Whether a worker takes runs from this queue."""
        return not self.queues or queue in self.queues.split(",")

    def leads(self, now: datetime) -> bool:
        """Whether it leads and has been heard from within the last 15 seconds."""
        return self.is_heard(now) and self.leading_since is not None

    def is_heard(self, now: datetime) -> bool:
        return self.stopped_at is None and self.heartbeat_at > now - SILENT_AFTER
