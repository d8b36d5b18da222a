"""A made-up comparison."""

from typing import Any

from benchmarks.compare.results import Results, Row

ABOUT = {
    "when": "2026-11-25",
    "commit": "abc1234",
    "machine": "a machine, 2 cores",
    "load": "0.5",
    "versions": "Python 3.11.7",
    "settings": "20 s of firing.",
}


def row(measure: str, contestant: str, problem: str = "", **values: Any) -> Row:
    made = Row(measure=measure, contestant=contestant, values=values, problem=problem)
    if measure in ("firing", "queries"):
        made["schedules"] = 100
    return made


def fired(contestant: str, count: int = 2_000, **values: Any) -> Row:
    usual = {"late_p50": 0.01, "late_p99": 0.02, "late_max": 0.03, "cpu_own": 0.0001}
    return row(
        "firing",
        contestant,
        **{"fired": count, "expected": 2_000, **usual, "cpu": 0.0002, "memory": 70.0, **values},
    )


OURS = fired("vsmanager, SQLite")
OURS_TOO = fired("vsmanager, PostgreSQL", cpu=0.0004)
PEER = fired("huey, Redis", 1_000, late_p99=2.345, cpu=0.0008)
QUICK = fired("APScheduler, memory", cpu=0.0001, late_p99=0.005)
ABSENT = row("firing", "celery-beat, no results", "There is no redis-server on the PATH.")


def results(*rows: Row) -> Results:
    return Results(about=ABOUT, rows=[*rows])
