"""Whether a worker grows: its memory after each tenth of many runs.

    python -m benchmarks growth [--runs 100000] [--schedules 500]
                                [--database sqlite|postgresql] [--database-url URL]

Every schedule has a slot each second, and its job does nothing; claims, outcomes and the history
are as ever. Exit code 1 when the worker has grown by more than 5 MB from the first tenth on.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.web import database, megabytes, process

MOST_GROWTH = 5.0


def main() -> int:
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="growth")))
        os.environ |= {
            "DATABASE_URL": database(options, stack, folder),
            "SECRET_KEY": "only for a benchmark, gone when it is over",
            "DJANGO_SETTINGS_MODULE": "benchmarks.manyjobs.settings",
            "MANY_JOBS": str(options.schedules),
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "WARNING",
        }
        import django

        django.setup()
        from django.core.management import call_command

        from scheduling.models import JobSchedule

        call_command("migrate", verbosity=0)
        JobSchedule.objects.exclude(name__startswith="many-").update(interval_seconds=0)
        log = stack.enter_context((folder / "log").open("w"))
        worker = stack.enter_context(process(["manage.py", "runscheduler"], log))
        return _watch(options.runs, worker.pid)


def _watch(runs: int, pid: int) -> int:
    from scheduling.models import JobRun

    print("| runs | seconds | memory | at most |\n|---|---|---|---|", flush=True)
    begun, found = time.monotonic(), []
    for tenth in range(1, 11):
        # Rows are numbered as they come, so that nobody has to count them.
        while (JobRun.objects.order_by("-id").values_list("id", flat=True).first() or 0) < (
            runs * tenth // 10
        ):
            time.sleep(0.5)
        found.append(megabytes(pid, "VmRSS"))
        most = megabytes(pid, "VmHWM")
        took = time.monotonic() - begun
        done = runs * tenth // 10
        print(f"| {done:,} | {took:.0f} | {found[-1]:.1f} MB | {most:.1f} MB |", flush=True)
    ended = JobRun.objects.exclude(status__in=("queued", "running")).count()
    failed = JobRun.objects.filter(status="failed").count()
    growth = found[-1] - found[0]
    print(f"\n{ended:,} runs have ended, {failed} of them failed; growth {growth:+.1f} MB")
    return 1 if failed or growth > MOST_GROWTH else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks growth", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--schedules", type=int, default=500)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--database-url", help="an empty database that is there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
