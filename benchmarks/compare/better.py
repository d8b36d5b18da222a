"""Where a peer is better than ours, in words: pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import contestants
from .figures import duration, is_ours, milliseconds, number, of, ours_for, share
from .results import Row

# Measure and figure, in words; less is better. Less than a tenth is within what runs differ by.
_LESS: dict[tuple[str, str], tuple[str, Callable[[float], str]]] = {
    ("firing", "late_p99"): ("lateness p99", duration),
    ("firing", "cpu"): (
        "CPU a run with database and broker",
        lambda value: milliseconds(value * 1000),
    ),
    ("firing", "memory"): ("memory", lambda value: f"{number(value)} MB"),
    ("idle", "cpu"): ("idle CPU a minute", lambda value: f"{number(value, 2)} s"),
    ("idle", "queries"): ("idle queries a minute", number),
    ("queries", "queries"): ("queries a run", lambda value: number(value, 1)),
    ("apply", "median"): ("an edit takes effect", duration),
    ("doubles", "doubled"): ("doubled runs", number),
}
MARGIN = 0.9


def sentences(rows: Sequence[Row]) -> list[str]:
    """One for each figure in which somebody is better."""
    found = [*_fired(rows), *_less(rows), *_repeated(rows), *_beside(rows)]
    return found or ["Nowhere in this run."]


def _fired(rows: Sequence[Row]) -> Iterator[str]:
    for row in of(rows, "firing"):
        theirs, ours = row["values"], ours_for(row, rows)
        if is_ours(row) or _is_slow(row) or not theirs or not ours:
            continue
        if _part(theirs) > _part(ours):
            yield (
                f"{row['contestant']}, {row.get('schedules', 0):,} schedules: fired "
                f"{share(theirs['fired'], theirs['expected'])} of expected, ours "
                f"{share(ours['fired'], ours['expected'])}."
            )


def _is_slow(row: Row) -> bool:
    """Whether it was given a minute where ours has a second, which can't be compared."""
    found = contestants.called(row["contestant"])
    return row["measure"] == "firing" and found is not None and found.least > 1


def _part(values: dict[str, Any]) -> float:
    # Who catches up fires more than is expected, which is no merit.
    return min(float(values["fired"] / values["expected"]), 1.0)


def _less(rows: Sequence[Row]) -> Iterator[str]:
    for (measure, name), (what, shown) in _LESS.items():
        for row in of(rows, measure):
            theirs, ours = row["values"].get(name), ours_for(row, rows).get(name)
            if is_ours(row) or theirs is None or ours is None or theirs >= ours * MARGIN:
                continue
            size = f", {row['schedules']:,} schedules" if "schedules" in row else ""
            fired = ", but it fires once a minute" if _is_slow(row) else ""
            if measure == "firing" and _part(row["values"]) < 0.99:
                fired = f", but it fired {share(row['values']['fired'], row['values']['expected'])}"
            yield f"{row['contestant']}{size}: {what} {shown(theirs)}, ours {shown(ours)}{fired}."


def _repeated(rows: Sequence[Row]) -> Iterator[str]:
    for row in of(rows, "kill"):
        ours = ours_for(row, rows)
        if row["values"].get("repeated") == "yes" and ours.get("repeated") not in (None, "yes"):
            yield (
                f"{row['contestant']} repeats a run that was killed "
                f"({duration(row['values']['after'])} after it began); ours does where the "
                "schedule allows retries, which it does not by default."
            )


def _beside(rows: Sequence[Row]) -> Iterator[str]:
    figures = (("ingest", "first"), ("ingest", "same"), ("ingest", "changed"), ("history", "p95"))
    words = {"first": "first load", "same": "nothing changed", "changed": "1 % changed"}
    for measure, name in figures:
        ours = {
            row["contestant"].rpartition(", ")[2]: row["values"].get(name)
            for row in of(rows, measure)
            if is_ours(row)
        }
        for row in of(rows, measure):
            base = ours.get(row["contestant"].rpartition(", ")[2])
            theirs = row["values"].get(name)
            if not is_ours(row) and base and theirs and theirs < base * MARGIN:
                shown = milliseconds if measure == "history" else duration
                what = words.get(name, "the first page, p95")
                yield f"{row['contestant']}: {what} {shown(theirs)}, ours {shown(base)}."
