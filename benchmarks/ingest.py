"""How long the catalogue takes: first load, and a refresh in which nothing changed.

    .venv/bin/python benchmarks/ingest.py path/to/mods.json

The body is served by the stand-in on loopback, in a process of its own, and fetched by the real
job into a fresh SQLite database with the project's options. Prints a table in Markdown.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ROUNDS = 9


def main(body: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, upstream(body) as process:
        address = process.stdout.readline().strip() if process.stdout else ""
        os.environ |= {
            "DATABASE_URL": f"sqlite:///{folder}/ingest.sqlite3",
            "DJANGO_SETTINGS_MODULE": "vsmanager.settings",
            "MODDB_URL": address,
            "LOG_LEVEL": "WARNING",
        }
        try:
            measure(body.read_bytes())
        finally:
            process.terminate()


def upstream(body: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vsmanager.standin", "--catalogue", str(body.resolve())]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def measure(body: bytes) -> None:
    sys.path.insert(0, str(PROJECT))
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    start = peak()
    first, loads, again = ingest(body)
    ratio = again / loads
    print("| what | measured |\n|---|---|")
    print(f"| first load, fetched over HTTP | {first:.3f} s |")
    print(f"| `json.loads` of the same body, median of {ROUNDS} | {loads * 1000:.1f} ms |")
    print(f"| refresh with nothing changed, median of {ROUNDS} | {again * 1000:.1f} ms |")
    print(f"| refresh by json.loads | {ratio:.2f} times |")
    print(f"| peak memory (before the first load) | {peak():.0f} MB ({start:.0f} MB) |")


def ingest(body: bytes) -> tuple[float, float, float]:
    """Seconds of the first load, of json.loads and of a refresh, these two in turn."""
    from mods.jobs import mod_cache_refresh

    def refresh(created: bool) -> None:
        result = mod_cache_refresh()
        if result is None or bool(result["created"]) is not created:
            raise SystemExit(f"The refresh did something else than what is measured: {result}")

    first = seconds(lambda: refresh(created=True))
    loads, again = [], []
    for _ in range(ROUNDS):
        loads.append(seconds(lambda: json.loads(body)))
        again.append(seconds(lambda: refresh(created=False)))
    return first, statistics.median(loads), statistics.median(again)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak() -> float:
    """Peak resident memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
