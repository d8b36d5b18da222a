"""What a schedule would do, before it is saved: its next runs, and what is different. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _

from . import triggers
from .clock_changes import ClockChange, clock_changes
from .errors import InvalidSchedule
from .frequency import frequency
from .fresh_slot import fresh_slot
from .models import JobSchedule
from .triggers import Interval, Trigger

SHOWN = 10
# What comes so soon is told as "at once": the worker needs no longer to notice an edit.
AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What the worker made of the schedule so far.

    ``schedule`` is that part of the applied spec, ``trigger`` what it runs on; ``next_run`` is
    the slot that it has settled, before a pause too, and ``last_slot`` the newest that has come.
    """

    schedule: object = None
    trigger: Trigger | None = None
    registered: bool = False
    paused: bool = False
    next_run: datetime | None = None
    last_slot: datetime | None = None
    has_run: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A coming run, as the clock of the schedule and other clocks show it."""

    at: datetime
    local: datetime
    utc: datetime
    change: ClockChange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``change`` says in one line what saving does, ``pause`` how long it is paused.

    ``waits`` is True when somebody has to resume it first: the slots are those that it had if
    that were done now.
    """

    words: str
    zone: ZoneInfo
    slots: list[Slot]
    change: str
    pause: str = ""
    waits: bool = False


def preview(stored: JobSchedule, wanted: JobSchedule, applied: Applied, now: datetime) -> Preview:
    """Of ``wanted``, against what is stored. Raises InvalidSchedule."""
    trigger, zone = wanted.trigger(), triggers.check_zone(wanted.timezone)
    first = next_run(wanted, applied, now)
    return Preview(
        words=wanted.in_words,
        zone=zone,
        slots=_slots(trigger, first, zone, now) if trigger and first else [],
        change="; ".join(_changes(stored, wanted, applied, now)),
        pause=_waiting(wanted, now),
        waits=_waits(wanted, now),
    )


def next_run(schedule: JobSchedule, applied: Applied, now: datetime) -> datetime | None:
    """When the worker will run it next, by its own rules (see ``reconcile``): after a pause that
    ends by itself, and as if it were resumed now after one that does not."""
    trigger = _trigger(schedule)
    if trigger is None:
        return None
    settled = bool(applied.next_run) and schedule.spec(now)["schedule"] == applied.schedule
    slot = applied.next_run if settled else fresh_slot(trigger, _last_slot(applied, now), now)
    resumed = (schedule.paused_until or now) if schedule.is_paused(now) else None
    if resumed is None and applied.paused and settled:
        # The pause is over, and the worker has not looked since.
        resumed = now
    if slot is None or resumed is None or slot > resumed:
        return slot
    # What comes during a pause is given up, and the grid goes on. A cron text has none to count
    # on from, and a long pause would hold many of its slots.
    if isinstance(trigger, Interval):
        return trigger.due(slot, resumed).next
    return trigger.get_next_fire_time(None, resumed)


def _waits(schedule: JobSchedule, now: datetime) -> bool:
    return schedule.is_paused(now) and schedule.paused_until is None


def _last_slot(applied: Applied, now: datetime) -> datetime | None:
    """With those that have come meanwhile: an edit makes the worker give them up."""
    last, first, before = applied.last_slot, applied.next_run, applied.trigger
    if before is None or first is None or first > now:
        return last
    newest = before.due(first, now).recent[-1]
    return max(newest, last or newest)


def _trigger(schedule: JobSchedule) -> Trigger | None:
    try:
        return schedule.trigger()
    except InvalidSchedule:
        return None


def _slots(trigger: Trigger, first: datetime, zone: ZoneInfo, now: datetime) -> list[Slot]:
    slots = list(islice(trigger.upcoming(first), SHOWN))
    changes = clock_changes(trigger, slots, zone, now)
    return [
        Slot(at=slot, local=slot.astimezone(zone), utc=slot.astimezone(UTC), change=change)
        for slot, change in zip(slots, changes, strict=True)
    ]


def _changes(
    stored: JobSchedule, wanted: JobSchedule, applied: Applied, now: datetime
) -> Iterator[str]:
    before, after = _trigger(stored), _trigger(wanted)
    if stored.spec(now)["schedule"] == wanted.spec(now)["schedule"]:
        yield _("nothing changes")
        if after and wanted.is_paused(now):
            yield _waiting(wanted, now)
        return
    if after is None:
        yield _("does not run any more")
        if before:
            yield _("until now %s") % frequency(before, now).words
        return
    yield from _how_often(before, after, now)
    yield from _when(before and next_run(stored, applied, now), wanted, applied, now)


def _how_often(before: Trigger | None, after: Trigger, now: datetime) -> Iterator[str]:
    often = frequency(after, now)
    if before is None:
        yield often.words
        yield _("was off until now")
    elif (until_now := frequency(before, now)) == often:
        yield _("%s as before") % often.words
    else:
        yield often.instead_of(until_now)


def _when(
    before: datetime | None, wanted: JobSchedule, applied: Applied, now: datetime
) -> Iterator[str]:
    after = next_run(wanted, applied, now)
    if wanted.is_paused(now):
        yield _waiting(wanted, now)
        if _waits(wanted, now):
            return
        if _begins_at_once(wanted, applied):
            yield _("runs as soon as that ends, since it has never run")
        if after:
            yield _moves(before, after, wanted, now)
        return
    if not applied.registered and _begins_at_once(wanted, applied):
        yield _("runs at once, since it has never run")
    if after is None:
        return
    if after <= now + AT_ONCE:
        yield _runs_at_once(applied, now)
        return
    yield _moves(before, after, wanted, now)
    yield _("does not run at once")


def _waiting(wanted: JobSchedule, now: datetime) -> str:
    if _waits(wanted, now):
        return _("runs only when it is resumed")
    return wanted.pause_in_words(now)


def _begins_at_once(wanted: JobSchedule, applied: Applied) -> bool:
    return bool(not applied.has_run and wanted.job and wanted.job.run_at_once)


def _runs_at_once(applied: Applied, now: datetime) -> str:
    last = _last_slot(applied, now)
    if last is None:
        return _("runs at once")
    ago = triggers.seconds_in_words(_rounded((now - last).total_seconds()))
    return _("runs at once, since its last slot was %s ago") % ago


def _rounded(seconds: float) -> int:
    """To what matters to a person: full minutes from two minutes on, full hours from two days."""
    size = next((size for least, size in ((172_800, 3_600), (120, 60)) if seconds >= least), 1)
    return round(seconds / size) * size


def _moves(before: datetime | None, after: datetime, wanted: JobSchedule, now: datetime) -> str:
    page = get_current_timezone_name()
    # Beside times by another clock it has to be told whose this is.
    zone = "" if page == wanted.timezone else f" {page}"
    told = f"{_clock(after, now)}{zone}"
    if before is None:
        return _("next run at %s") % told
    if abs(after - before) < AT_ONCE:
        return _("next run stays at %s") % told
    times = {"before": _clock(before, now), "after": told}
    return _("next run moves from %(before)s to %(after)s") % times


def _clock(moment: datetime, now: datetime) -> str:
    """By the page's clock, with the date unless it is today."""
    local = localtime(moment)
    date = "" if local.date() == localtime(now).date() else f"{local:%Y-%m-%d} "
    return f"{date}{local:%H:%M:%S}".removesuffix(":00")
