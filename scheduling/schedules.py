"""Every registered job has its row."""

from . import registry
from .models import JobSchedule


def add_missing(**_signal: object) -> list[str]:
    """Add the schedules of newly registered jobs, as their code proposes; returns their names.

    Rows that are there stay as people set them.
    """
    known = set(JobSchedule.objects.values_list("name", flat=True))
    missing = [job for name, job in registry.jobs().items() if name not in known]
    if missing:
        JobSchedule.objects.bulk_create(
            [
                JobSchedule(
                    name=job.name,
                    interval_seconds=job.interval_seconds,
                    cron=job.cron,
                    timeout_seconds=job.timeout_seconds,
                    max_retries=job.max_retries,
                )
                for job in missing
            ],
            ignore_conflicts=True,
        )
    return [job.name for job in missing]
