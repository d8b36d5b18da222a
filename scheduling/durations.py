"""How long the runs of a job take, and whether the last one took unusually long. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

# Fewer runs than this say nothing about what is usual.
ENOUGH = 5
# So many times its usual time is slow, unless nobody could tell the difference.
TIMES = 2
TELLABLE = timedelta(milliseconds=100)
_SUCCEEDED = "succeeded"


class Timed(Protocol):
    """A run, as far as it is looked at here; ``JobRun`` is one."""

    @property
    def status(self) -> str: ...

    @property
    def duration(self) -> timedelta | None:
        """None while it goes on, and of a slot that never started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What several times have in common."""

    count: int
    shortest: timedelta
    median: timedelta
    p95: timedelta
    longest: timedelta


def figures(times: Iterable[timedelta]) -> Figures | None:
    """None where there are no times. The 95th percentile is one of the times (nearest rank)."""
    ordered = sorted(times)
    if not ordered:
        return None
    rank = -(-95 * len(ordered) // 100)
    return Figures(
        count=len(ordered),
        shortest=ordered[0],
        median=_median(ordered),
        p95=ordered[rank - 1],
        longest=ordered[-1],
    )


def _median(ordered: list[timedelta]) -> timedelta:
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[~middle]) / 2


def usual(runs: Iterable[Timed]) -> timedelta | None:
    """The median run time of those that succeeded; None if they are fewer than 5."""
    times = [run.duration for run in runs if run.status == _SUCCEEDED and run.duration is not None]
    return _median(sorted(times)) if len(times) >= ENOUGH else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """A run that took over twice its usual time."""

    took: timedelta
    usual: timedelta


def slow(runs: Sequence[Timed]) -> Slow | None:
    """Whether the last run was slow, and against what; None when it was not.

    ``runs`` are those of one job, oldest first, in whatever state. The last one that ended
    is compared with the usual time of those before it.
    """
    ended = [run for run in runs if run.duration is not None]
    if not ended or (took := ended[-1].duration) is None:
        return None
    before = usual(ended[:-1])
    if before is None or took <= TIMES * before or took - before < TELLABLE:
        return None
    return Slow(took=took, usual=before)
