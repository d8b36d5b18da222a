"""The table of jobs."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from scheduling.models import JobRun, JobSchedule

HEADINGS = ("NAME", "SCHEDULE", "NEXT RUN", "LAST RESULT")


class Command(BaseCommand):
    help = "Shows the jobs: name, schedule in words, next run, last result."

    def handle(self, **_options: Any) -> None:
        next_runs = dict(DjangoJob.objects.values_list("id", "next_run_time"))
        rows = [
            HEADINGS,
            *(
                (
                    schedule.name,
                    schedule.in_words,
                    _next_run(schedule, next_runs),
                    _last_result(schedule.name),
                )
                for schedule in JobSchedule.objects.all()
            ),
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write(line.rstrip())


def _next_run(schedule: JobSchedule, next_runs: dict[str, datetime | None]) -> str:
    if pause := schedule.pause_in_words(timezone.now()):
        return pause
    moment = next_runs.get(schedule.name)
    return _local(moment) if moment else "-"


def _last_result(name: str) -> str:
    run = JobRun.objects.without_details().filter(job_name=name).first()
    if run is None:
        return "never run"
    return f"{run.get_status_display()} {_local(run.finished_at or run.scheduled_for)}"


def _local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"
