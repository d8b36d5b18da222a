"""Quiet hours: from a time of the day to another one, in a zone. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def quiet_until(now: datetime, begins: time, ends: time, zone: str) -> datetime | None:
    """When the quiet hours of this moment end, in UTC; None when there are none.

    They belong to the day on which they begin, and may end on the next one. Of a time that a
    clock change brings twice, the first one counts, so they don't come back within an hour;
    one that it leaves out comes an hour later by the clock.
    """
    local = now.astimezone(ZoneInfo(zone))
    for day in (local.date() - _DAY, local.date()):
        start = _moment(datetime.combine(day, begins), zone)
        last = day if begins < ends else day + _DAY
        end = _moment(datetime.combine(last, ends), zone)
        if start <= now < end:
            return end
    return None


def _moment(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
