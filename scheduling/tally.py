"""How several runs ended, counted. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .models import Status
from .runchart import Ended

_NOT_JUDGED = (Status.QUEUED, Status.RUNNING, Status.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """``counts``: how many runs ended so, for each status that came up. ``success`` is in
    percent, of those that ended and that nobody cancelled; None where there were none of these."""

    total: int
    counts: list[tuple[str, int]]
    success: float | None


def tally(runs: Iterable[Ended]) -> Tally:
    counted = Counter(run.status for run in runs)
    good = counted[Status.SUCCEEDED]
    judged = counted.total() - sum(counted[status] for status in _NOT_JUDGED)
    return Tally(
        total=counted.total(),
        counts=[(status, counted[status]) for status in Status.values if counted[status]],
        success=round(100 * good / judged, 1) if judged else None,
    )
