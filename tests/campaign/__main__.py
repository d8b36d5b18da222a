"""Throws random faults at three workers, and checks the promises from the rows alone.

    python -m tests.campaign --minutes 10 --seed 1 [--database sqlite|postgresql] [--workers 3]

The same seed gives the same list of faults. Exit code 0 when every promise was kept.
"""

# ruff: noqa: T201 - what it prints is its result

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from . import checks, faults, stage
from .campaign import Campaign

# No fault touches its schedule, so each of its seconds must have its row.
EVERY_SECOND = "tick"


def main() -> int:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="campaign"))
    database = stage.Sqlite(folder) if options.database == "sqlite" else stage.Postgres(folder)
    try:
        return _campaign(options, folder, database)
    finally:
        database.close()


def _campaign(
    options: argparse.Namespace, folder: Path, database: stage.Sqlite | stage.Postgres
) -> int:
    prepare(folder, database.url)
    planned = faults.plan(
        seed=options.seed,
        minutes=options.minutes,
        workers=options.workers,
        database=options.database,
    )
    begun = time.monotonic()
    workers = [stage.Worker(number, folder) for number in range(options.workers)]
    campaign = Campaign(workers, database)
    try:
        campaign.run(planned)
        campaign.settle()
    finally:
        for worker in workers:
            worker.wait(0)
    history, starts = rows(), notes(folder / "notes")
    broken = campaign.problems + checks.violations(history, starts, EVERY_SECOND)
    _summary(options, planned, history, starts, broken, time.monotonic() - begun)
    if broken:
        print(f"Logs and notes are in {folder}.")
        return 1
    shutil.rmtree(folder)
    return 0


def prepare(folder: Path, url: str) -> None:
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.campaign.settings",
        "SECRET_KEY": "only for a campaign, gone when it is over",
        "NOTES": str(folder / "notes"),
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
        "MODDB_URL": "http://127.0.0.1:9",
        "VERSIONS_URL": "http://127.0.0.1:9",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from scheduling.models import JobSchedule

    JobSchedule.objects.exclude(name__in=faults.JOBS).update(interval_seconds=0, cron="")


def rows() -> list[checks.Row]:
    from scheduling.models import JobRun

    return [
        checks.Row(
            job=run.job_name,
            slot=run.scheduled_for,
            status=run.status,
            attempt=run.attempt,
            trigger=run.trigger,
            slots=run.slots,
            until=run.until,
            queued_at=run.queued_at,
            claimed_at=run.claimed_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            error=run.error,
        )
        for run in JobRun.objects.without_details()
    ]


def notes(path: Path) -> list[checks.Note]:
    fields = (line.split("\t") for line in path.read_text().splitlines())
    return [
        checks.Note(job=job, slot=datetime.fromisoformat(slot), attempt=int(attempt), pid=int(pid))
        for job, slot, attempt, pid in fields
    ]


def _summary(
    options: argparse.Namespace,
    planned: list[faults.Fault],
    rows: list[checks.Row],
    notes: list[checks.Note],
    broken: list[str],
    seconds: float,
) -> None:
    print(f"\n{options.database}, seed {options.seed}, {options.workers} workers,", end=" ")
    print(f"{timedelta(seconds=round(seconds))} with settling")
    print(f"faults: {len(planned)} ({_counts(fault.kind for fault in planned)})")
    print(f"runs: {len(rows)} rows ({_counts(row.status for row in rows)})")
    print(f"starts: {len(notes)} ({_counts(note.job for note in notes)})")
    ticks = [row for row in rows if row.job == EVERY_SECOND and row.trigger == "schedule"]
    missed = sum(row.slots for row in ticks if row.status == "missed")
    print(
        f"{EVERY_SECOND}: {sum(row.slots for row in ticks)} slots, {missed} of them missed,", end=""
    )
    print(f" the longest gap {max((row.slots for row in ticks), default=0)} s")
    for line in broken:
        print(f"BROKEN: {line}")
    print("Every promise was kept." if not broken else f"{len(broken)} promises were broken.")


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--workers", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
