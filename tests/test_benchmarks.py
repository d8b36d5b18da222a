"""The benchmarks of the pages and of a day, with a history that is short."""

import os
import subprocess
import sys
from pathlib import Path

from tests import once

PROJECT = Path(__file__).resolve().parent.parent


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.pages", "--rows", "400", "--requests", "2"),
            *("--database-url", f"sqlite:///{folder}/pages.sqlite3", *arguments),
        ],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@once.on_postgresql
def test_the_benchmark_asks_for_every_page_and_tells_what_is_over(tmp_path: Path) -> None:
    from scheduling.urls import urlpatterns

    answer = run(tmp_path)
    lines = [line for line in answer.stdout.splitlines() if line.startswith("| `")]
    assert answer.stdout.startswith("400 runs were written")
    for pattern in urlpatterns:
        [line] = [line for line in lines if line.startswith(f"| `/{pattern.pattern} (")]
        assert "(answers 405)" in line or "(answers" not in line
    assert any(line.startswith("| `/api/v1/runs (call)") for line in lines)
    over = [line for line in lines if not line.endswith("|  |")]
    assert answer.returncode == (1 if over else 0), answer.stderr
    # How quick they are depends on what else this machine does; queries and bytes do not.
    assert not [line for line in over if "queries" in line.rsplit("|", 2)[1]]


@once.on_postgresql
def test_a_day_in_made_up_time_has_each_slot_once(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    database = f"sqlite:///{tmp_path}/day.sqlite3"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.day", "--schedules", "40"),
            *("--database-url", database),
        ],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "each once, and all succeeded" in done.stdout


def test_every_benchmark_can_be_named_to_one_command() -> None:
    from benchmarks.__main__ import names

    assert {"compare", "failover", "ingest", "pages", "search", "worker"} <= set(names())
    assert not {"past", "addresses", "__main__"} & set(names())


def test_who_names_no_benchmark_hears_which_there_are() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks", "pgaes"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("Name one of: compare, ")


@once.on_postgresql
def test_the_catalogue_is_measured_with_as_many_mods_as_one_wants(tmp_path: Path) -> None:
    from vsmanager.standin import catalogue

    body = catalogue.encode({"statuscode": "200", "mods": catalogue.made_up(150)})
    (tmp_path / "mods.json").write_bytes(body)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.ingest", f"{tmp_path}/mods.json"),
            *("--database", "sqlite", "--mods", "400", "--rounds", "2"),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    head, _line, *lines = done.stdout.splitlines()
    assert head.startswith("| 400 mods, ")
    assert head.endswith(" | SQLite |")
    assert len(lines) == 9
