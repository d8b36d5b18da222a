"""The processes that run jobs."""

from datetime import timedelta

from django.db import models
from django.utils.timezone import now

from ..querysets import SchedulerProcessQuerySet

# A process that has not been heard from for so long counts as gone.
HEARTBEAT_EVERY = timedelta(seconds=3)
SILENT_AFTER = timedelta(seconds=15)


class SchedulerProcess(models.Model):
    """A process that runs jobs, and when it was last heard from."""

    host = models.CharField(max_length=200)
    pid = models.IntegerField()
    started_at = models.DateTimeField(default=now)
    heartbeat_at = models.DateTimeField(default=now, db_index=True)
    leading_since = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    objects = SchedulerProcessQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "scheduler processes"

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
