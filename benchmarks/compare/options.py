"""What a comparison can be told."""

import argparse
from dataclasses import dataclass

MEASURES = ("firing", "queries", "idle", "apply", "doubles", "kill", "ingest", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times in seconds."""

    seconds: float
    schedules: tuple[int, ...]
    repeats: int
    idle: float
    edits: int
    doubles: float
    after_kill: float
    warm_up: float
    rows: int
    measures: tuple[str, ...]
    only: tuple[str, ...]
    database_url: str
    catalogue: str
    report_only: bool
    write: bool

    @property
    def in_words(self) -> str:
        count = "once each" if self.repeats == 1 else f"{self.repeats} times, medians shown"
        return (
            f"{self.seconds:g} s of firing, {count}; {self.idle:g} s idle; {self.edits} edits; "
            f"{self.doubles:g} s of two schedulers; {self.after_kill:g} s after a kill."
        )


def read(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks compare",
        description="Gives vsmanager and its peers the same work in turn, on this machine, and "
        "writes what it measured into docs/benchmarks.md.",
    )
    add = parser.add_argument
    add("--only", action="append", default=[], metavar="NAME", help="those with this in the name")
    add("--measure", action="append", default=[], choices=MEASURES, help="default: all")
    add("--schedules", type=int, action="append", default=[], help="default: 100, 1000 and 3000")
    add("--seconds", type=float, help="that are measured once all fire (default: 20)")
    add("--repeats", type=int, help="of each; the median counts (default: 3)")
    add("--idle", type=float, help="seconds of nothing to do (default: 60)")
    add("--quick", action="store_true", help="5 s, once, 100 schedules: to see whether it works")
    add("--database-url", default="", help="a PostgreSQL that is there; default: one of our own")
    add("--catalogue", default="", metavar="FILE", help="a body of GET /api/mods to ingest")
    add("--rows", type=int, help="of the history whose first page is asked for (1000000)")
    add("--report-only", action="store_true", help="write the tables anew from what is stored")
    add("--dry-run", action="store_true", help="print the tables, leave the docs alone")
    given = parser.parse_args(arguments)
    quick = given.quick
    return Options(
        seconds=given.seconds or (5 if quick else 20),
        schedules=tuple(sorted(given.schedules)) or ((100,) if quick else (100, 1_000, 3_000)),
        repeats=given.repeats or (1 if quick else 3),
        idle=given.idle or (10 if quick else 60),
        edits=2 if quick else 5,
        doubles=5 if quick else 20,
        after_kill=15 if quick else 40,
        warm_up=5,
        rows=given.rows or (10_000 if quick else 1_000_000),
        measures=tuple(given.measure) or MEASURES,
        only=tuple(given.only),
        database_url=given.database_url,
        catalogue=given.catalogue,
        report_only=given.report_only,
        # What was hurried, or is of some alone, is not for the docs.
        write=given.report_only or not (given.dry_run or quick or given.only or given.measure),
    )
