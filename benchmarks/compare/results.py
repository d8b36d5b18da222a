"""What was measured, kept as JSON so that the tables can be written again."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from . import databases
from .contestant import PROJECT, Contestant

STORED = PROJECT / "docs" / "benchmarks.json"


class Row(TypedDict):
    """One measure of one contestant: its numbers (medians), or why there are none."""

    measure: str
    contestant: str
    schedules: NotRequired[int]
    values: dict[str, Any]
    problem: str
    seconds: NotRequired[float]


class Results(TypedDict):
    about: dict[str, str]
    rows: list[Row]


def about(contestants: Sequence[Contestant], postgres: str, settings: str) -> dict[str, str]:
    """Versions, machine, day and commit."""
    pins = {pin for each in contestants for pin in each.requirements}
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _commit(),
        "machine": f"{_processor()}, {os.cpu_count()} cores",
        "load": f"{os.getloadavg()[0]:.1f}",
        "versions": ", ".join(
            [
                f"Python {platform.python_version()}",
                f"SQLite {databases.sqlite_version()}",
                f"PostgreSQL {postgres}",
                f"Redis {databases.redis_version()}",
                *sorted((pin.replace("==", " ") for pin in pins), key=str.lower),
            ]
        ),
        "settings": settings,
    }


def store(results: Results, path: Path = STORED) -> None:
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def load(path: Path = STORED) -> Results:
    if not path.exists():
        sys.exit("Nothing was measured yet: run python -m benchmarks compare first.")
    results: Results = json.loads(path.read_text())
    return results


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
