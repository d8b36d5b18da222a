"""How many runs ended how, kept apart from the history, which is pruned."""

from django.db import models


class RunCount(models.Model):
    """What of a job's runs has been counted. ``counts`` only grows; see ``scheduling.counting``."""

    job_name = models.CharField(max_length=100, primary_key=True)
    counts = models.JSONField(default=dict)
    succeeded_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        # Nobody but the leader writes it, and nobody looks at it but /metrics.
        default_permissions = ()

    def __str__(self) -> str:
        return self.job_name


class CountedUpTo(models.Model):
    """One row: all runs up to the id ``upto`` are counted, or stand in UncountedRun.

    ``newest`` was the highest id when somebody looked at ``looked_at``.
    """

    upto = models.BigIntegerField(default=0)
    newest = models.BigIntegerField(default=0)
    looked_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.upto)


class UncountedRun(models.Model):
    """A run that had not ended when those beside it were counted."""

    run_id = models.BigIntegerField(primary_key=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.run_id)
