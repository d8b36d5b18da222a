"""A schedule taken back to how it was."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils.timezone import localtime

from . import actions
from .audit import PAUSE
from .changes import Change, Deed
from .differences import Difference, differences, state_in_words
from .models import JobSchedule

# As it was before a change, or from then on.
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """How a schedule was from ``change`` on, or before it (``side``), and what going back
    there would change now: nothing where ``differences`` is empty.

    A pause is not gone back to: what only began or ended one is told, but leads nowhere.
    """

    change: Change
    side: str
    in_words: str
    differences: list[Difference]

    @property
    def is_of_a_pause(self) -> bool:
        return self.side == AFTER and self.change.deed in (Deed.PAUSED, Deed.RESUMED)

    @property
    def shown(self) -> tuple[object, ...]:
        """All that the job's page shows of it."""
        change = self.change
        return (
            *(change.id, self.side, self.in_words, tuple(self.differences)),
            *(change.who, change.at, change.reason),
            *(tuple(change.texts), tuple(change.differences)),
        )


def earlier(
    schedule: JobSchedule, changes: Iterable[Change], first: Change | None, now: datetime
) -> list[Earlier]:
    """What this schedule can go back to, newest first: how it was from each of ``changes``
    on, and before ``first``."""
    sides = [(change, AFTER) for change in changes]
    if first:
        sides.append((first, BEFORE))
    return [_earlier(schedule, change, side, now) for change, side in sides if state(change, side)]


def state(change: Change, side: str) -> dict[str, Any]:
    """The fields to set for going back there; {} when it is not known how it was."""
    fields = change.before if side == BEFORE else change.after
    return {name: value for name, value in fields.items() if name not in PAUSE}


def go_back(
    schedule: JobSchedule, change: Change, side: str, by: User, *, revision: int
) -> list[str]:
    """Set all but the pause as it was then; what changed in words, [] if nothing did.

    Raises what ``actions.change`` raises: what was valid then may not be any more.
    """
    when = f"{'before' if side == BEFORE else 'on'} {localtime(change.at):%Y-%m-%d %H:%M:%S %Z}"
    reason = f"back to how it was {when}"
    return actions.change(schedule, by, revision=revision, reason=reason, **state(change, side))


def _earlier(schedule: JobSchedule, change: Change, side: str, now: datetime) -> Earlier:
    then = copy(schedule)
    for name, value in state(change, side).items():
        setattr(then, name, value)
    found = Earlier(
        change=change,
        side=side,
        in_words=state_in_words(then),
        differences=differences(schedule, then, now),
    )
    return replace(found, differences=[]) if found.is_of_a_pause else found
