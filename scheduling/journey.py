"""The path of a run: due, claimed, started, finished, or where it ended before. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from .models import JobRun, Status

_TO_THE_END = (Status.SUCCEEDED, Status.FAILED)


class Reached(StrEnum):
    DONE = "done"
    NOW = "now"  # here it is
    END = "end"  # here it ended
    AHEAD = "ahead"  # to come
    NEVER = "never"  # it ended before


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``status`` is set where the run is or ended; ``took`` is the time since the step before,
    ``meaning`` says what that time was."""

    name: str
    reached: Reached
    at: datetime | None = None
    status: str = ""
    took: timedelta | None = None
    meaning: str = ""


def steps(run: JobRun, now: datetime) -> list[Step]:
    """The four boxes of a run's path."""
    due = run.not_before or run.scheduled_for
    # A run that is not waiting has passed these, whether or not its row kept the time.
    claimed = run.claimed_at or run.started_at
    begun = run.started_at is not None and not run.never_began
    path = [
        (_("Due"), due, not run.is_active or bool(claimed) or due <= now, ""),
        (_("Claimed"), run.claimed_at, bool(claimed) and not run.never_began, _("waited")),
        (_("Started"), run.started_at, begun, _("set off in") if run.claimed_at else _("lag")),
    ]
    shown: list[Step] = []
    before: datetime | None = None
    here = True
    for name, at, passed, meaning in path:
        if passed:
            took = at - before if at and before else None
            shown.append(Step(name=name, reached=Reached.DONE, at=at, took=took, meaning=meaning))
            before = at or before
        else:
            shown.append(_stop(run, name, before, at) if here else _beyond(run, name))
            here = False
    shown.append(_stop(run, _("Finished"), before) if here else _beyond(run, _("Finished")))
    return shown


def _stop(run: JobRun, name: str, before: datetime | None, planned: datetime | None = None) -> Step:
    """Where the run is, or where it ended."""
    if run.is_active:
        return Step(
            name=name if planned else _("Now"), reached=Reached.NOW, at=planned, status=run.status
        )
    took = run.finished_at - before if run.finished_at and before else None
    ran = run.started_at is not None and not run.never_began
    return Step(
        name=_("Finished") if run.status in _TO_THE_END else _("Ended"),
        reached=Reached.END,
        at=run.finished_at,
        status=run.status,
        took=took,
        meaning=_("ran") if ran else _("after"),
    )


def _beyond(run: JobRun, name: str) -> Step:
    return Step(name=name, reached=Reached.AHEAD if run.is_active else Reached.NEVER)
