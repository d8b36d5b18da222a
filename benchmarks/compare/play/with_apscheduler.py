"""APScheduler as it comes, with its memory store or with django-apscheduler's.

``run``; with the store ``prepare``, ``edit SECONDS`` and ``history`` too.
"""

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

from benchmarks.compare.play import body

WITH_STORE = bool(os.environ.get("APPS"))


def work(name: str) -> None:
    # The library tells a job nothing of its slot, but the frame that calls it knows.
    slot: datetime = sys._getframe(1).f_locals["run_time"]
    body.work(name, slot.timestamp())


def _add(scheduler: Any) -> None:
    first = datetime.fromtimestamp(body.first_slot(), UTC)
    for name in body.JOBS:
        scheduler.add_job(
            work, "interval", (name,), id=name, seconds=body.EVERY, start_date=first,
            coalesce=True, misfire_grace_time=60, replace_existing=True,
        )  # fmt: skip


def _with_store(scheduler: Any) -> Any:
    from django_apscheduler.jobstores import DjangoJobStore

    scheduler.add_jobstore(DjangoJobStore(), "default")
    return scheduler


def prepare() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    scheduler = _with_store(BackgroundScheduler(timezone="UTC"))
    scheduler.start(paused=True)
    _add(scheduler)
    scheduler.shutdown()


def run() -> None:
    scheduler = BlockingScheduler(timezone="UTC")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if WITH_STORE:
        _with_store(scheduler)
    else:
        _add(scheduler)
    scheduler.start()


def edit(seconds: int) -> None:
    """The library's own way, from another process: its store is in the database."""
    scheduler = _with_store(BackgroundScheduler(timezone="UTC"))
    scheduler.start(paused=True)
    scheduler.reschedule_job(body.JOBS[0], trigger="interval", seconds=seconds)
    print(time.time(), flush=True)
    os._exit(0)


def history() -> None:
    from django_apscheduler.models import DjangoJobExecution

    print(json.dumps([*DjangoJobExecution.objects.order_by("pk").values_list("status", flat=True)]))


if __name__ == "__main__":
    # Pickled by its address, so it must not be __main__'s.
    from benchmarks.compare.play import with_apscheduler as me

    if WITH_STORE:
        import django

        django.setup()
    if sys.argv[1] == "edit":
        me.edit(int(sys.argv[2]))
    else:
        {"prepare": me.prepare, "run": me.run, "history": me.history}[sys.argv[1]]()
