"""How the upstreams did, counted."""

from django.db import models


class UpstreamCount(models.Model):
    """How many requests to an upstream ended so, and how long they took together."""

    upstream = models.CharField(max_length=20)
    outcome = models.CharField(max_length=40)
    requests = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)

    class Meta:
        # For /metrics alone.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["upstream", "outcome"], name="one_count_per_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.upstream} {self.outcome}"
