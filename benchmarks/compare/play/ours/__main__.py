"""``prepare`` a database, ``edit`` an interval, tell the ``history``: by the ordinary models."""

import json
import sys
import time

import django


def prepare() -> None:
    from django.core.management import call_command

    from scheduling.models import JobSchedule

    call_command("migrate", verbosity=0)
    # The project's own jobs stay out of it.
    JobSchedule.objects.exclude(name__startswith="job").update(interval_seconds=0, cron="")


def edit(seconds: int) -> None:
    from scheduling.models import JobSchedule

    schedule = JobSchedule.objects.get(name="job00000")
    schedule.interval_seconds = seconds
    schedule.save()
    print(time.time())


def history() -> None:
    from scheduling.models import JobRun

    runs = JobRun.objects.filter(job_name__startswith="job").order_by("scheduled_for", "attempt")
    print(json.dumps([*runs.values_list("status", flat=True)]))


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "edit":
        edit(int(sys.argv[2]))
    else:
        {"prepare": prepare, "history": history}[sys.argv[1]]()
