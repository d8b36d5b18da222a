"""Runs through Procrastinate's workers: how many a second, and how soon after their slots.

    python -m benchmarks.procrastinate [--schedules 500] [--workers 4] [--seconds 20]
                                       [--concurrency 10] [--database-url URL]

Starts a PostgreSQL, a leader and the workers; every schedule has a slot on every whole second,
and its job does nothing. Measured are the slots of ``--seconds`` seconds, after a few to warm up:
from the slot to the start of the job, as the history has it.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
WARM_UP = 5


def main() -> None:
    options = _options()
    url = options.database_url
    if url is None:
        from tests.postgres import start

        url = start()
    os.environ |= {
        "DATABASE_URL": url,
        "SECRET_KEY": "only for a benchmark, gone in a minute",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": options.log_level,
        "DJANGO_SETTINGS_MODULE": "benchmarks.manyjobs.settings",
        "SCHEDULER_EXECUTOR": options.executor,
        "MANY_JOBS": str(options.schedules),
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        _measure(options, Path(folder))


def _measure(options: argparse.Namespace, folder: Path) -> None:
    import django

    sys.path.insert(0, str(PROJECT))
    django.setup()
    from django.db import connection

    _prepare()
    hands = ["manage.py", "procrastinate", "worker", "--concurrency", str(options.concurrency)]
    started = []
    if options.executor == "procrastinate":
        started = [_start(hands, folder / f"worker-{n}.log") for n in range(options.workers)]
    leader = _start(["manage.py", "runscheduler"], folder / "leader.log")
    try:
        _wait_for_first_runs()
        time.sleep(WARM_UP)
        since = int(time.time()) + 1
        time.sleep(since - time.time())
        before = _cpu_of(leader, started)
        time.sleep(options.seconds)
        after = _cpu_of(leader, started)
        # What was due until then may still start.
        time.sleep(3)
        found = _ask(connection, since, options.seconds)
    finally:
        for process in [leader, *started]:
            process.send_signal(signal.SIGTERM)
        for process in [leader, *started]:
            process.wait()
    _print(options, found, {name: after[name] - before[name] for name in before})


def _prepare() -> None:
    """Only these jobs, however often this has run upon the database."""
    from scheduling.models import JobRun, JobSchedule

    JobRun.objects.all().delete()
    JobSchedule.objects.exclude(name__startswith="many-").update(interval_seconds=0)
    JobSchedule.objects.filter(name__startswith="many-").update(interval_seconds=1)


def _wait_for_first_runs() -> None:
    from scheduling.models import JobRun

    deadline = time.monotonic() + 60
    while not JobRun.objects.filter(status="succeeded").exists():
        if time.monotonic() > deadline:
            sys.exit("No run succeeded within a minute.")
        time.sleep(0.1)


_QUESTION = """
    SELECT count(*) FILTER (WHERE status = 'succeeded'),
           count(*) FILTER (WHERE status <> 'succeeded'),
           count(DISTINCT process_id),
           percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY started_at - scheduled_for),
           max(started_at - scheduled_for),
           percentile_disc(0.99) WITHIN GROUP (ORDER BY claimed_at - scheduled_for)
    FROM scheduling_jobrun WHERE scheduled_for >= to_timestamp(%s)
      AND scheduled_for < to_timestamp(%s)
"""


def _ask(connection: Any, since: int, seconds: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION, [since, since + seconds])
        ran, other, processes, (p50, p99), worst, claimed = cursor.fetchone()
    return {
        "ran": ran,
        "other": other,
        "processes": processes,
        "lateness": [span.total_seconds() * 1000 for span in (p50, p99, worst)],
        "claimed": claimed.total_seconds() * 1000,
    }


def _print(options: argparse.Namespace, found: dict[str, Any], cpu: dict[str, float]) -> None:
    expected = options.schedules * options.seconds
    p50, p99, worst = found["lateness"]
    rows = {
        "schedules of 1 s, seconds": f"{options.schedules}, {options.seconds}",
        "workers that ran something": found["processes"],
        "runs a second": f"{found['ran'] / options.seconds:.0f}",
        "fired of expected": f"{found['ran'] / expected:.2%} ({found['other']} skipped or missed)",
        "slot to claim, p99": f"{found['claimed']:.0f} ms",
        "slot to start, p50 / p99 / worst": f"{p50:.0f} / {p99:.0f} / {worst:.0f} ms",
        **{
            f"CPU of {name}, for each run": f"{seconds / max(found['ran'], 1) * 1000:.2f} ms"
            for name, seconds in cpu.items()
        },
        "load of the machine at the end": f"{os.getloadavg()[0]:.1f}",
    }
    print("| what | measured |\n|---|---|")
    for what, measured in rows.items():
        print(f"| {what} | {measured} |")


def _cpu_of(leader: Any, workers: list[Any]) -> dict[str, float]:
    """Seconds of CPU so far."""
    return {
        "the leader": _cpu(leader.pid),
        "the workers": sum(_cpu(worker.pid) for worker in workers),
        "the database": sum(_cpu(pid) for pid in _server()),
    }


def _server() -> list[int]:
    """The processes of the server that is asked, if it runs on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [(ours,)] = cursor.fetchall()
    parents = {int(path.name): _stat(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    if not parents.get(ours):
        return []
    postmaster = int(parents[ours][1])
    return [pid for pid, fields in parents.items() if fields and int(fields[1]) == postmaster]


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND if fields else 0.0


def _stat(pid: int) -> list[str]:
    """From the third field on: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return []


def _start(arguments: list[str], log: Path) -> "subprocess.Popen[str]":
    with log.open("w") as file:
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=PROJECT, text=True, stdout=file, stderr=file
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--schedules", type=int, default=500)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--database-url", help="a PostgreSQL of its own; default: starts one")
    parser.add_argument("--log-level", default="INFO")
    parser.add_argument(
        "--executor",
        default="procrastinate",
        choices=["procrastinate", "threads"],
        help="threads: the same schedules in the leader's own threads, to compare",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
