"""What becomes of the slots of one job that have come. Pure: no database, no clock."""

from collections.abc import Collection
from dataclasses import dataclass, replace
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
    """The runs of the job that are going on already; ``waiting`` of them for a worker."""

    count: int = 0
    since: datetime | None = None
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A row to write: a run to start (``running``), or slots that don't start and why."""

    status: Status
    slot: datetime
    slots: int = 1
    until: datetime | None = None
    reason: str = ""
    # Of slots that don't start the newest, oldest first, and what their reason is made of.
    recent: tuple[datetime, ...] = ()
    why: str = ""
    made_up_for: bool = False

    def without(self, taken: Collection[datetime]) -> "Decision | None":
        """What is left of it when some of its slots have their rows already, because the clock
        was set back over them; None when nothing is."""
        if self.slot not in taken:
            return self
        left = [slot for slot in self.recent if slot not in taken]
        if not left:
            return None
        slots = len(self.recent) - self.recent.index(left[0])
        return replace(
            self,
            slot=left[0],
            slots=slots,
            until=self.until if slots > 1 else None,
            reason=_late(self.why, slots, counted=True, made_up_for=self.made_up_for),
        )


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
    return [
        Decision(
            status=Status.MISSED,
            slot=due.first,
            slots=missed,
            until=last if missed > 1 else None,
            reason=_late(why, missed, counted=due.counted, made_up_for=made_up_for),
            recent=tuple(due.recent[: len(due.recent) - len(startable)]),
            why=why,
            made_up_for=made_up_for,
        )
    ]


def _late(why: str, slots: int, *, counted: bool, made_up_for: bool) -> str:
    if slots == 1:
        return reasons.SLOT_LATE % {"why": why}
    several = reasons.SLOTS_LATE if counted else reasons.MORE_SLOTS_LATE
    reason = several % {"why": why, "count": f"{slots:,}"}
    return f"{reason} {reasons.MADE_UP_FOR}" if made_up_for else reason


def _still_running(policy: Policy, busy: Busy) -> str:
    if busy.since is None:
        return reasons.TOO_MANY % {"count": policy.max_instances}
    since = f"{busy.since:%Y-%m-%d %H:%M:%S} UTC"
    if policy.max_instances == 1:
        if busy.waiting:
            return reasons.STILL_WAITING % {"since": since}
        return reasons.STILL_RUNNING % {"since": since}
    return reasons.SEVERAL_RUNNING % {"count": busy.count, "since": since}
