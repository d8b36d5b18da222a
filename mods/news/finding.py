"""What a rule finds of a job, a mod or the worker, and what of it is worth telling: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..compatibility import is_newer
from .models import Event

# States of jobs; "" is well.
FAILING, LATE = "failing", "late"
# The worker's: while there is none. Otherwise since when its leader leads.
DOWN = "down"
# Of a tracked mod: the whole mod is gone. Or its installed release is, see ``release_gone``.
MOD_GONE = "mod"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a subject stands. ``state`` None: nobody can tell yet, so it stays as it was."""

    subject: str
    state: str | None
    # Where a subject is seen for the first time, it counts as having been like this before.
    before: str
    # When it came to be so, where that is known and it is not so any more.
    at: datetime | None = None
    told: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to tell. ``good``: it ended, or is what one hoped for."""

    event: str
    subject: str
    good: bool = False
    told: Mapping[str, object] = field(default_factory=dict)


def release_gone(version: str) -> str:
    return f"release {version}"


def finding(event: str, old: str, seen: Seen, *, tell_recovery: bool) -> Finding | None:
    """What there is to tell of a change from the state ``old``; None where it is no news."""
    new = seen.state or ""
    good = not new
    if event == Event.MOD_UPDATE:
        news, good = bool(new) and (not old or is_newer(old, new) is not False), True
    elif event == Event.MOD_READY:
        news, good = bool(new), True
    elif event == Event.NO_WORKER:
        good = new != DOWN
        # Who was told that there is none need not hear for how long there was none.
        news = not good or (tell_recovery if old == DOWN else bool(seen.told.get("gap")))
    elif event == Event.MOD_RETRACTED and good:
        # Who installed another release instead has made it well by themselves.
        back = old in (MOD_GONE, release_gone(str(seen.told.get("installed"))))
        news = back and tell_recovery
    elif event == Event.JOB_RECOVERED:
        news = good
    else:
        news = not good or tell_recovery
    if not news:
        return None
    return Finding(event=event, subject=seen.subject, good=good, told=seen.told)
