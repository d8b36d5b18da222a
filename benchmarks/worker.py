"""Measures a real worker: memory, idle cost, and how soon an edit is applied.

    python benchmarks/worker.py [--catalogue FILE --feed DIR] [--database-url URL]
                                [--idle SECONDS] [--edits N]

Starts a stand-in for the upstreams and ``manage.py runscheduler`` on a database of its own,
lets both jobs fetch twice, and prints a table.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATABASE_URL": options.database_url or f"sqlite:///{folder}/db.sqlite3",
            "SECRET_KEY": "only for a benchmark, gone in a minute",
            "LOG_FORMAT": "json",
            "DJANGO_SETTINGS_MODULE": "vsmanager.settings",
        }
        sys.path.insert(0, str(PROJECT))
        stand_in = _start(["-m", "vsmanager.standin", *_content(options)], stdout=subprocess.PIPE)
        address = stand_in.stdout.readline().strip() if stand_in.stdout else ""
        os.environ["MODDB_URL"] = os.environ["VERSIONS_URL"] = address
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, check=True)
        with Path(folder, "log").open("w") as log:
            worker = _start(["manage.py", "runscheduler"], stdout=log, stderr=log)
        try:
            print("| what | measured |\n|---|---|")
            for what, measured in _measure(worker.pid, options):
                print(f"| {what} | {measured} |", flush=True)
        finally:
            for process in (worker, stand_in):
                process.send_signal(signal.SIGTERM)
                process.wait()


def _measure(pid: int, options: argparse.Namespace):
    import django

    django.setup()
    from mods.models import GameVersion, Mod
    from scheduling.models import JobRun, JobSchedule

    begun = time.perf_counter()
    succeeded = JobRun.objects.filter(status="succeeded")
    _wait(lambda: succeeded.count() == 2)
    yield "start of the worker to both first runs succeeded", f"{time.perf_counter() - begun:.1f} s"
    yield "mods, game versions", f"{Mod.objects.count():,}, {GameVersion.objects.count()}"
    first = succeeded.get(job_name="mod_cache_refresh")
    yield "first load of the catalogue", f"{first.result['seconds']:.2f} s"
    JobSchedule.objects.update(interval_seconds=10)
    _wait(lambda: succeeded.filter(job_name="mod_cache_refresh").count() == 3)
    again = succeeded.filter(job_name="mod_cache_refresh").first()
    yield "refresh with nothing changed", f"{again.result['seconds'] * 1000:.0f} ms"
    JobSchedule.objects.update(interval_seconds=86_400)
    time.sleep(1)
    latencies = sorted(_edit(number) for number in range(options.edits))
    yield (
        f"an edited interval is applied ({options.edits} edits)",
        f"median {statistics.median(latencies) * 1000:.0f} ms, worst {latencies[-1] * 1000:.0f} ms",
    )
    before, since = _cpu(pid), time.perf_counter()
    time.sleep(options.idle)
    share = (_cpu(pid) - before) / (time.perf_counter() - since)
    yield f"idle for {options.idle} s: share of one core", f"{share:.2%}"
    yield "memory at its highest", f"{_peak_memory(pid):.0f} MB"


def _edit(number: int) -> float:
    """Change an interval; returns the seconds until the worker has applied it."""
    from scheduling.models import JobSchedule, ScheduleState

    saved = time.time()
    JobSchedule.objects.filter(name="mod_cache_refresh").update(interval_seconds=50_000 + number)
    schedule = JobSchedule.objects.get(name="mod_cache_refresh")
    applied = ScheduleState.objects.filter(
        schedule=schedule, applied_revision__gte=schedule.revision
    )
    _wait(applied.exists)
    state = applied.get()
    time.sleep(number * 0.037 % 0.2)  # so that edits meet the worker's looks at any moment
    return state.applied_at.timestamp() - saved


def _wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("It did not happen within a minute.")
        time.sleep(0.005)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _peak_memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _start(arguments: list[str], **options) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, *arguments], cwd=PROJECT, text=True, **options)


def _content(options: argparse.Namespace) -> list[str]:
    given = {"--catalogue": options.catalogue, "--feed": options.feed}
    return [part for name, path in given.items() if path for part in (name, str(path))]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogue", type=Path, help="a body of GET /api/mods")
    parser.add_argument("--feed", type=Path, help="a folder with stable.json and unstable.json")
    parser.add_argument("--database-url", help="an empty PostgreSQL; default: SQLite")
    parser.add_argument("--idle", type=int, default=60, help="seconds (default: 60)")
    parser.add_argument("--edits", type=int, default=50, help="default: 50")
    return parser.parse_args()


if __name__ == "__main__":
    main()
