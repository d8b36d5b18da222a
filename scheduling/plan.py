"""What becomes of the slots of one job that have come. Pure: no database, no clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from . import reasons
from .models import Status
from .triggers import MAX_RECENT, Due


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a job takes late and overlapping slots.

    ``catch_up``: one run however late (interval jobs); else a slot that is later than
    ``grace`` is missed (cron jobs, whose time of day means something).
    """

    catch_up: bool
    grace: timedelta
    coalesce: bool = True
    max_instances: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """The runs of the job that are going on already."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A row to write: a run to start (``running``), or slots that don't start and why."""

    status: Status
    slot: datetime
    slots: int = 1
    until: datetime | None = None
    reason: str = ""


def decide(
    due: Due, policy: Policy, busy: Busy, now: datetime, leading_since: datetime
) -> list[Decision]:
    """The rows for the slots in ``due``, oldest first.

    ``leading_since`` tells slots that had no worker from those whose worker was too slow.
    """
    wanted = due.recent[-1:] if policy.coalesce else due.recent[-(MAX_RECENT - 1) :]
    startable = [slot for slot in wanted if policy.catch_up or now - slot <= policy.grace]
    free = max(policy.max_instances - busy.count, 0)
    return [
        *_missed(due, startable, leading_since, made_up_for=bool(startable[:free])),
        *(Decision(status=Status.RUNNING, slot=slot) for slot in startable[:free]),
        *(
            Decision(status=Status.SKIPPED, slot=slot, reason=_still_running(policy, busy))
            for slot in startable[free:]
        ),
    ]


def _missed(
    due: Due, startable: list[datetime], leading_since: datetime, *, made_up_for: bool
) -> list[Decision]:
    missed = due.count - len(startable)
    if not missed:
        return []
    last = due.recent[-len(startable) - 1]
    if last < leading_since:
        why = reasons.NO_WORKER
    elif due.first < leading_since:
        why = reasons.NO_WORKER_AT_FIRST
    else:
        why = reasons.TOO_BUSY
    reason = reasons.SLOT_LATE % {"why": why}
    if missed > 1:
        several = reasons.SLOTS_LATE if due.counted else reasons.MORE_SLOTS_LATE
        reason = several % {"why": why, "count": f"{missed:,}"}
        if made_up_for:
            reason += f" {reasons.MADE_UP_FOR}"
    return [
        Decision(
            status=Status.MISSED,
            slot=due.first,
            slots=missed,
            until=last if missed > 1 else None,
            reason=reason,
        )
    ]


def _still_running(policy: Policy, busy: Busy) -> str:
    if busy.since is None:
        return reasons.TOO_MANY % {"count": policy.max_instances}
    since = f"{busy.since:%Y-%m-%d %H:%M:%S} UTC"
    if policy.max_instances == 1:
        return reasons.STILL_RUNNING % {"since": since}
    return reasons.SEVERAL_RUNNING % {"count": busy.count, "since": since}
