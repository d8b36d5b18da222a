"""What of a schedule the worker acts on. Pure."""

from datetime import datetime
from typing import Protocol


class Wanted(Protocol):
    """A row of JobSchedule, or as much of it as this takes."""

    @property
    def interval_seconds(self) -> int: ...
    @property
    def cron(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def paused(self) -> bool: ...
    @property
    def paused_until(self) -> datetime | None: ...
    @property
    def misfire_grace_seconds(self) -> int: ...
    @property
    def coalesce(self) -> bool: ...
    @property
    def max_instances(self) -> int: ...


def is_paused(wanted: Wanted, now: datetime) -> bool:
    """Whether it is paused at this moment: a pause with an end ends by itself."""
    return wanted.paused and not (wanted.paused_until and wanted.paused_until <= now)


def spec(wanted: Wanted, now: datetime) -> dict[str, object]:
    """What is to be scheduled at this moment: where specs are equal nothing is to be done."""
    return {
        "schedule": f"{wanted.cron} {wanted.timezone}" if wanted.cron else wanted.interval_seconds,
        "paused": is_paused(wanted, now),
        "grace_seconds": wanted.misfire_grace_seconds,
        "coalesce": wanted.coalesce,
        "max_instances": wanted.max_instances,
    }
