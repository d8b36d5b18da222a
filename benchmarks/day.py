"""A day of many schedules in made-up time: the real scheduler, and every row checked.

    python -m benchmarks.day [--schedules 100000] [--database sqlite|postgresql]
                             [--database-url URL]

The clock stands still while there is something to do and then jumps to the next slot. At the
end each schedule must have exactly the slots of its day, each once and succeeded. Exit code 1
otherwise.
"""

import argparse
import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduling.service import SchedulerService

DAWN = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
# Shares of the schedules, and their interval in seconds; 0: a cron text, once a day.
SHARES = {86_400: 0.5, 0: 0.3, 21_600: 0.15, 3_600: 0.05}


class Clock:
    def __init__(self) -> None:
        self.now = DAWN

    def __call__(self) -> datetime:
        return self.now


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    with ExitStack() as stack:
        os.environ |= {
            "DATABASE_URL": options.database_url or _database(options.database, stack),
            "SECRET_KEY": "only for a benchmark, gone when it is over",
            "DJANGO_SETTINGS_MODULE": "vsmanager.settings",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "json",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        begun = time.perf_counter()
        expected = _schedules(options.schedules)
        print(f"{options.schedules:,} schedules were written in {_since(begun)}.")
        clock = Clock()
        begun = time.perf_counter()
        passes = _live(clock)
        runs = sum(expected.values())
        seconds = time.perf_counter() - begun
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"A day took {seconds:.0f} s: {passes:,} passes, {runs:,} slots,"
            f" {1000 * seconds / runs:.2f} ms each, {memory:.0f} MB at the highest."
        )
        return _check(expected)


def _schedules(number: int) -> Counter[str]:
    """Register that many jobs, write their schedules; returns the slots that each has."""
    from scheduling.models import JobSchedule
    from scheduling.registry import safe_job

    JobSchedule.objects.all().delete()
    expected: Counter[str] = Counter()
    rows = []
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(number * share))]
    for one, interval in enumerate(kinds):
        name = f"job_{one:06}"
        safe_job(name)(_nothing)
        if interval:
            rows.append(JobSchedule(name=name, interval_seconds=interval))
            expected[name] = 86_400 // interval
        else:
            # Not at midnight: that is where the day begins and ends.
            minute, hour = one % 59 + 1, one // 59 % 24
            rows.append(JobSchedule(name=name, cron=f"{minute} {hour} * * *"))
            expected[name] = 1
    for first in range(0, len(rows), 5_000):
        JobSchedule.objects.bulk_create(rows[first : first + 5_000])
    return expected


def _nothing() -> None: ...


def _live(clock: Clock) -> int:
    """Let a day pass; returns the number of passes."""
    from apscheduler.schedulers.base import BaseScheduler

    from scheduling.reconcile import Reconciler
    from scheduling.service import SchedulerService

    service = SchedulerService(clock=clock, threads=10)
    scheduler = service._scheduler
    reconciler = Reconciler(service)
    service.recorder.start()
    # Without its thread: passes come when the clock has jumped.
    scheduler._event, scheduler._thread = threading.Event(), threading.Thread()
    BaseScheduler.start(scheduler)
    begun = time.perf_counter()
    reconciler.run()
    print(f"They were registered in {_since(begun)}.")
    passes = 0
    while True:
        scheduler._process_jobs()
        passes += 1
        _come_to_rest(service)
        upcoming = service.store.next_run_time()
        if upcoming is None or upcoming > DAWN + DAY:
            break
        clock.now = max(clock.now, upcoming)
    service.executor.shutdown()
    service.recorder.close(10)
    return passes


def _come_to_rest(service: "SchedulerService") -> None:
    """Until what was claimed has ended and its end is written."""
    while service.executor.owed():
        service.executor.wait(0.01)
        time.sleep(0.001)


def _check(expected: Counter[str]) -> int:
    from django.db.models import Count

    from scheduling.models import JobRun

    found = Counter(dict(JobRun.objects.order_by().values_list("job_name").annotate(Count("id"))))
    distinct = (
        JobRun.objects.order_by()
        .values_list("job_name")
        .annotate(Count("scheduled_for", distinct=True))
    )
    statuses = dict(JobRun.objects.order_by().values_list("status").annotate(Count("id")))
    outside = JobRun.objects.exclude(scheduled_for__gt=DAWN, scheduled_for__lte=DAWN + DAY).count()
    wrong = [name for name in expected if found[name] != expected[name]]
    doubled = [name for name, slots in distinct if slots != found[name]]
    print(f"Runs by status: {statuses}. Outside the day: {outside}.")
    if wrong or doubled or outside or set(statuses) != {"succeeded"}:
        print(f"WRONG: {len(wrong):,} jobs with another number of runs: {wrong[:5]}; {doubled[:5]}")
        return 1
    print("Every schedule has the slots of its day, each once, and all succeeded.")
    return 0


def _since(begun: float) -> str:
    return f"{time.perf_counter() - begun:.1f} s"


def _database(kind: str, stack: ExitStack) -> str:
    if kind == "postgresql":
        from tests.process.server import PrivateServer

        server = PrivateServer()
        stack.callback(server.remove)
        return server.url
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="day"))
    return f"sqlite:///{folder}/db.sqlite3"


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--database-url", help="an empty database that is there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
