"""What is counted and divided: pure."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The body of a job began: its name, its slot and when, in seconds since 1970."""

    name: str
    slot: float
    at: float

    @property
    def late(self) -> float:
        return self.at - self.slot


def read_starts(text: str) -> list[Start]:
    """The lines that jobs left; what a kill left of a last line counts for nothing."""
    lines = (line.split() for line in text.split("\n")[:-1])
    return [
        Start(name=parts[0], slot=float(parts[1]), at=float(parts[2]))
        for parts in lines
        if len(parts) == 3
    ]


def expected(schedules: int, every: int, seconds: float) -> int:
    """How many slots come in so many seconds that begin with a slot."""
    return schedules * math.ceil(seconds / every)


def within(starts: Iterable[Start], begin: float, end: float) -> list[Start]:
    """Those that began in this time, each slot once, at its first start."""
    first: dict[tuple[str, float], Start] = {}
    for start in sorted(starts, key=lambda start: start.at):
        first.setdefault((start.name, start.slot), start)
    return [start for start in first.values() if begin <= start.at < end]


def doubled(starts: Iterable[Start], every: int) -> int:
    """Starts of slots that had started already.

    Slots of schedulers that drift are taken for the nearest one of a grid.
    """
    found = Counter((start.name, round(start.slot / every)) for start in starts)
    return sum(count - 1 for count in found.values())


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def lateness(starts: Sequence[Start]) -> dict[str, float]:
    """In seconds; nothing when nothing started."""
    late = [start.late for start in starts]
    if not late:
        return {}
    return {"p50": percentile(late, 50), "p99": percentile(late, 99), "max": max(late)}


def ratio(value: float | None, ours: float | None) -> float | None:
    """How many times ours it is; None where one of them was not measured or is nothing."""
    return value / ours if value is not None and ours else None


def middle(measured: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of what was measured several times the median of each number, and the first text."""
    names = dict.fromkeys(name for each in measured for name in each)
    return {name: _middle([each[name] for each in measured if name in each]) for name in names}


def _middle(values: list[Any]) -> Any:
    numbers = [value for value in values if isinstance(value, (int, float))]
    return statistics.median(numbers) if len(numbers) == len(values) else values[0]
