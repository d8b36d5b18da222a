"""How jobs do, from the rows that their runs leave."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from scheduling.models import JobRun, JobSchedule, Status
from scheduling.querysets import JobScheduleQuerySet
from scheduling.recent import MAX_JOBS, newest_runs

from .finding import FAILING, Seen
from .models import NewsRule

_FAILED = (Status.FAILED, Status.TIMED_OUT, Status.LOST)
_OPEN = (Status.QUEUED, Status.RUNNING)
# Rows to read of a job: each slot may have retries, and some were missed or skipped.
_ROWS_PER_SLOT, _MORE_ROWS = 4, 10
# An outcome is written a little later than the run ended, and so may have been missed.
_WRITTEN_AFTER = timedelta(seconds=10)


@dataclass(slots=True, kw_only=True)
class Turn:
    """A job came into this state when a slot was decided; ``run`` is the newest of it."""

    state: str
    run: int
    at: datetime | None


def schedules(rule: NewsRule) -> JobScheduleQuerySet:
    """Those that a rule is about."""
    found: JobScheduleQuerySet = JobSchedule.objects.all()
    return found.filter(name=rule.job_name) if rule.job_name else found


def failing(rule: NewsRule, looked_at: datetime | None) -> Iterator[Seen]:
    """Of each job whether its last slots failed, as many in a row as the rule says.

    What it was in between, since somebody looked, comes before what it is now: a job that runs
    often may fail and recover within a minute.
    """
    columns = JobRun.objects.only("job_name", "status", "scheduled_for", "attempt", "finished_at")
    rows = rule.failures * _ROWS_PER_SLOT + _MORE_ROWS
    names = list(schedules(rule).order_by("name").values_list("name", flat=True))
    for batch in _batches(names, MAX_JOBS):
        for name, runs in newest_runs(batch, rows, runs=columns).items():
            found = turns(runs, rule.failures)
            for turn in found[:-1]:
                if looked_at and turn.at and turn.at > looked_at - _WRITTEN_AFTER:
                    yield _seen(name, turn)
            yield _seen(name, found[-1] if found else None, is_now=True)


def turns(runs: Iterable[JobRun], failures: int) -> list[Turn]:
    """What state the job came into, slot by slot, ``failing`` or ""; the last one is what it is.

    A slot fails when its last attempt did and no other waits. What never ran says nothing, and
    neither do fewer failures than it takes.
    """
    found: list[Turn] = []
    count = 0
    for slot in _slots(runs):
        last = _decided(slot)
        if last is None:
            continue
        count = 0 if last.status == Status.SUCCEEDED else count + 1
        state = "" if not count else FAILING if count >= failures else None
        if state is None:
            continue
        if found and found[-1].state == state:
            found[-1].run = last.pk
        else:
            found.append(Turn(state=state, run=last.pk, at=last.finished_at))
    return found


def _decided(slot: Sequence[JobRun]) -> JobRun | None:
    """The attempt that decided a slot; None while another waits, or where none ran."""
    if any(run.status in _OPEN for run in slot):
        return None
    ran = [run for run in slot if run.status in (*_FAILED, Status.SUCCEEDED)]
    return max(ran, key=lambda run: run.attempt, default=None)


def _seen(name: str, turn: Turn | None, *, is_now: bool = False) -> Seen:
    return Seen(
        subject=name,
        state=turn.state if turn else None,
        before="",
        at=None if is_now or turn is None else turn.at,
        told={"run": turn.run if turn else None},
    )


def _slots(runs: Iterable[JobRun]) -> Iterator[list[JobRun]]:
    """Oldest first."""
    in_order = sorted(runs, key=lambda run: run.scheduled_for)
    for _slot, attempts in groupby(in_order, key=lambda run: run.scheduled_for):
        yield list(attempts)


def _batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
