"""Measures how soon a worker that stands by takes the place of a leader that was killed.

    python -m benchmarks.failover [--database sqlite|postgresql] [--kills 50]

Two real workers on a database of their own run a job every second. The leader is killed, the
time to the other's first claim is taken from the rows, and another worker is started to stand
by. From the jobs' own notes it tells whether anything started twice or was lost.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL, SIGTERM

from tests.campaign import __main__ as campaign
from tests.campaign import checks, stage


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="failover") as name:
        folder = Path(name)
        database = stage.Sqlite(folder) if options.database == "sqlite" else stage.Postgres(folder)
        try:
            return _measure(options, folder, database.url)
        finally:
            database.close()


def _measure(options: argparse.Namespace, folder: Path, url: str) -> int:
    campaign.prepare(folder, url)
    from scheduling.models import JobSchedule

    JobSchedule.objects.exclude(name="tick").update(interval_seconds=0, cron="")
    workers = [_started(number, folder) for number in range(2)]
    waits = []
    try:
        for number in range(options.kills):
            leader, stand_by = workers
            time.sleep(number * 0.37 % 1)  # so that kills come at any moment of a second
            waits.append(_replaced(leader, stand_by))
            workers = [stand_by, _started(number + 2, folder)]
    finally:
        for worker in workers:
            worker.signal(SIGTERM)
            worker.wait(30)
    broken = _broken(folder)
    print("| what | measured |\n|---|---|")
    print(f"| {options.database}: kills of the leader | {len(waits)} |")
    print(f"| from SIGKILL to the other's first claim, median | {statistics.median(waits):.2f} s |")
    print(f"| the same, worst | {max(waits):.2f} s |")
    print(f"| slots started twice or without a row | {len(broken)} |")
    for line in broken:
        print(f"BROKEN: {line}")
    return 1 if broken else 0


def _started(number: int, folder: Path) -> stage.Worker:
    """A worker that leads, or stands by."""
    worker = stage.Worker(number, folder)
    worker.start()
    log = folder / f"worker{number}-1.log"
    _wait(lambda: any(word in log.read_text() for word in ("leadership_acquired", "standing_by")))
    return worker


def _replaced(leader: stage.Worker, stand_by: stage.Worker) -> float:
    """Kill the leader; returns the seconds to the first claim of the other."""
    from scheduling.models import JobRun

    _wait(JobRun.objects.filter(process__pid=leader.pid).exists)
    killed = time.time()
    leader.signal(SIGKILL)
    leader.wait(10)
    claims = JobRun.objects.filter(process__pid=stand_by.pid, claimed_at__isnull=False)
    _wait(claims.exists)
    claimed = claims.earliest("claimed_at").claimed_at
    return claimed.timestamp() - killed


def _broken(folder: Path) -> list[str]:
    rows, notes = campaign.rows(), campaign.notes(folder / "notes")
    return [
        *checks.started_twice(notes),
        *checks.starts_without_row(rows, notes),
        *checks.not_covered([row for row in rows if row.job == "tick"], timedelta(seconds=1)),
        *checks.still_open(rows),
    ]


def _wait(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("It did not happen within a minute.")
        time.sleep(0.02)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.failover", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kills", type=int, default=50)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
