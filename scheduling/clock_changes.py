"""Which slots a clock change touches, as those who live by the schedule's zone see it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .triggers import Cron, Trigger


class ClockChange(TextChoices):
    """What a clock change does to a slot."""

    SHIFTED = "shifted", _("the clock has changed before it")
    TWICE = "twice", _("in the hour that comes twice")
    MADE_UP = "made_up", _("made up for: the clock skips its time")


def clock_changes(
    trigger: Trigger, slots: Sequence[datetime], zone: ZoneInfo, now: datetime
) -> list[ClockChange | None]:
    """For each slot; the first is compared with ``now``."""
    before = [now, *slots]
    return [_of(trigger, slot, earlier, zone) for earlier, slot in zip(before, slots, strict=False)]


def _of(trigger: Trigger, slot: datetime, earlier: datetime, zone: ZoneInfo) -> ClockChange | None:
    local = slot.astimezone(zone)
    if isinstance(trigger, Cron) and _ends_a_gap(slot, zone) and not trigger.names(slot):
        return ClockChange.MADE_UP
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return ClockChange.TWICE
    if local.utcoffset() != earlier.astimezone(zone).utcoffset():
        return ClockChange.SHIFTED
    return None


def _ends_a_gap(slot: datetime, zone: ZoneInfo) -> bool:
    a_minute_ago = (slot - timedelta(minutes=1)).astimezone(zone)
    return slot.astimezone(zone).utcoffset() != a_minute_ago.utcoffset()
