"""The job that scheduling itself needs."""

import time
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from .prune import prune
from .registry import safe_job


@safe_job(
    "pruneruns",
    interval_seconds=86_400,
    min_interval_seconds=60,
    description=gettext_noop("Deletes runs that are past their retention."),
)
def pruneruns() -> dict[str, Any]:
    begun = time.perf_counter()
    deleted = prune(timezone.now(), settings.RUN_RETENTION_DAYS, settings.RUNS_KEPT_PER_JOB)
    return {"deleted": deleted, "seconds": round(time.perf_counter() - begun, 3)}
