"""Where a new or changed schedule begins: for the worker, and for pages that foretell it. Pure."""

from datetime import datetime

from .triggers import Interval, Trigger


def fresh_slot(trigger: Trigger, last: datetime | None, now: datetime) -> datetime | None:
    """The first slot of a new or changed schedule whose ``last`` slot has come.

    A cron waits for its next match. An interval counts from the last slot; what has passed by
    that count starts now.
    """
    if last is None or not isinstance(trigger, Interval):
        first = trigger.get_next_fire_time(None, now)
        return first.replace(microsecond=0) if first else None
    if last > now:
        # The clock was set back. On full seconds it would meet slots that have their rows.
        anew = trigger.get_next_fire_time(None, now)
        return anew.replace(microsecond=anew.microsecond or 1)
    return max(trigger.get_next_fire_time(last, now), now).replace(microsecond=0)
