"""What people and scripts do to schedules and runs meanwhile."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils.timezone import now
from django_apscheduler.models import DjangoJob

from scheduling import actions
from scheduling.models import JobRun, JobSchedule


def do(kind: str, job: str, how: str) -> None:
    if kind == "edit":
        edit(job, how)
    elif kind == "edit by SQL":
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE scheduling_jobschedule SET {how} WHERE name = %s", [job])
    elif kind == "forget":
        DjangoJob.objects.filter(id=job).delete()
    elif kind == "run now":
        actions.run_now(JobSchedule.objects.get(name=job), person())
    elif kind == "cancel" and (run := JobRun.objects.active().filter(job_name=job).first()):
        actions.cancel(run, person())


def edit(job: str, how: str) -> None:
    """As the admin's pages do, by ``save()``, and for pauses as a script does, by ``update()``."""
    this = JobSchedule.objects.filter(name=job)
    what, _, number = how.partition(" ")
    if what == "interval":
        schedule = this.get()
        schedule.cron, schedule.interval_seconds = "", int(number)
        schedule.save()
    elif what == "disable":
        actions.unschedule(this.get(), person())
    elif what == "resume":
        this.update(paused=False, paused_until=None)
    else:
        until = now() + timedelta(seconds=5) if number else None
        this.update(paused=True, paused_until=until)


def person() -> User:
    return User.objects.get_or_create(username="campaign", is_superuser=True)[0]
