"""celery-beat with its schedules in the database: the app, its task, and our commands."""

import json
import sys
import time
from datetime import timedelta
from typing import Any

import django

# Beat's scheduler has models, so it can't be imported before.
django.setup()

from celery import Celery  # noqa: E402
from django_celery_beat.schedulers import DatabaseScheduler  # noqa: E402

from benchmarks.compare.play import body  # noqa: E402

app = Celery("bench")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Its default is a new connection for each task.
app.conf["CELERY_DB_REUSE_MAX"] = 10**9


class Stamped(DatabaseScheduler):  # type: ignore[misc, unused-ignore]
    """Beat has no slots: what comes nearest is the last sending and an interval."""

    def apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        due = entry.last_run_at + timedelta(seconds=entry.schedule.run_every.total_seconds())
        entry.kwargs["slot"] = due.timestamp()
        return super().apply_async(entry, *args, **kwargs)


def leave_a_line(name: str, slot: float) -> None:
    body.work(name, slot)


task = app.task(name="leave_a_line")(leave_a_line)


def prepare() -> None:
    from django.core.management import call_command
    from django.utils import timezone
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    call_command("migrate", verbosity=0)
    every, _ = IntervalSchedule.objects.get_or_create(every=body.EVERY, period="seconds")
    last = timezone.now().replace(microsecond=0)
    PeriodicTask.objects.bulk_create(
        PeriodicTask(
            name=name,
            task="leave_a_line",
            kwargs=json.dumps({"name": name}),
            interval=every,
            last_run_at=last,
        )
        for name in body.JOBS
    )


def edit(seconds: int) -> None:
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    every, _ = IntervalSchedule.objects.get_or_create(every=seconds, period="seconds")
    one = PeriodicTask.objects.get(name=body.JOBS[0])
    one.interval = every
    one.save()
    print(time.time())


def history() -> None:
    from django_celery_results.models import TaskResult

    print(json.dumps([*TaskResult.objects.order_by("pk").values_list("status", flat=True)]))


if __name__ == "__main__":
    if sys.argv[1] == "edit":
        edit(int(sys.argv[2]))
    else:
        {"prepare": prepare, "history": history}[sys.argv[1]]()
