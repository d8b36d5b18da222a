"""django-q2 with the database as its broker: the task and our commands."""

import json
import sys
import time
from datetime import UTC, datetime

import django

from benchmarks.compare.play import body


def leave_a_line(name: str, slot: str) -> None:
    body.work(name, datetime.fromisoformat(slot).timestamp())


def prepare() -> None:
    from django.core.management import call_command
    from django_q.models import Schedule

    call_command("migrate", verbosity=0)
    next_minute = (time.time() + 5) // 60 * 60 + 60
    Schedule.objects.bulk_create(
        Schedule(
            name=name,
            func="benchmarks.compare.play.with_django_q.leave_a_line",
            args=repr((name,)),
            schedule_type=Schedule.MINUTES,
            minutes=body.EVERY // 60,
            intended_date_kwarg="slot",
            next_run=datetime.fromtimestamp(next_minute, UTC),
        )
        for name in body.JOBS
    )


def edit(seconds: int) -> None:
    """Its next run stays where it was, unless it is set too; so it is."""
    from django_q.models import Schedule

    one = Schedule.objects.get(name=body.JOBS[0])
    one.minutes = seconds // 60
    one.next_run = datetime.now(UTC)
    one.save()
    print(time.time())


def history() -> None:
    from django_q.models import OrmQ, Task

    ended = ["Success" if done.success else "Failure" for done in Task.objects.order_by("started")]
    print(json.dumps([*ended, *("waiting" for _ in OrmQ.objects.all())]))


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "edit":
        edit(int(sys.argv[2]))
    else:
        {"prepare": prepare, "history": history}[sys.argv[1]]()
