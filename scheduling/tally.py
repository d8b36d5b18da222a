"""How several runs ended, counted. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .models import Status
from .runchart import Ended

_FAILED = (Status.FAILED, Status.TIMED_OUT, Status.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """``counts``: how many runs ended so, for each status that came up. ``success`` is in
    percent, of those that succeeded or failed; None where there were none of these."""

    total: int
    counts: list[tuple[str, int]]
    success: float | None


def tally(runs: Iterable[Ended]) -> Tally:
    counted = Counter(run.status for run in runs)
    good = counted[Status.SUCCEEDED]
    judged = good + sum(counted[status] for status in _FAILED)
    return Tally(
        total=counted.total(),
        counts=[(status, counted[status]) for status in Status.values if counted[status]],
        success=round(100 * good / judged, 1) if judged else None,
    )
