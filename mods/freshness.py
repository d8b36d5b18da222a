"""How fresh what we know of the upstreams is, and the newest versions of the game."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, QuerySet, Subquery, Value

from scheduling.models import JobSchedule

from .models import Channel, GameVersion, Mod, SourceCheck
from .querysets import ModQuerySet

# The jobs that look, and what they look at.
_SOURCES = {"mod_cache_refresh": [SourceCheck.CATALOGUE], "server_versions_check": Channel.values}
# Later than after so many of its job's intervals is late.
_PATIENCE = 2
NEWEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """When a source was last read with success; ``every`` is None for a job without a schedule."""

    checked_at: datetime | None
    every: timedelta | None
    is_late: bool
    mods: int = 0


def freshness(now: datetime) -> dict[str, Freshness]:
    """Of the catalogue and of the versions, by the name of the job, in one query."""
    jobs = JobSchedule.objects.filter(name__in=_SOURCES).annotate(
        # Each from an index; those that are listed have none.
        mods=_count(Mod.objects.all()) - _count(Mod.objects.delisted()),
        **{
            f"checked_{number}": Subquery(_oldest_check(sources))
            for number, sources in enumerate(_SOURCES.values())
        },
    )
    return {schedule.name: _freshness(schedule, now) for schedule in jobs}


def _count(mods: ModQuerySet) -> Subquery:
    counted = mods.order_by().annotate(all=Value(1)).values("all").annotate(count=Count("pk"))
    return Subquery(counted.values("count"), output_field=BigIntegerField())


def _oldest_check(sources: list[str]) -> "QuerySet[SourceCheck, Any]":
    checks = SourceCheck.objects.filter(source__in=sources)
    return checks.order_by("checked_at").values("checked_at")[:1]


def _freshness(schedule: JobSchedule, now: datetime) -> Freshness:
    read = schedule.__dict__
    checked_at = read[f"checked_{list(_SOURCES).index(schedule.name)}"]
    slots = schedule.next_slots(2, now)
    every = slots[1] - slots[0] if len(slots) == 2 else None
    is_late = bool(every and checked_at and now - checked_at > _PATIENCE * every)
    return Freshness(checked_at=checked_at, every=every, is_late=is_late, mods=read["mods"])


def newest_versions() -> list[GameVersion]:
    """The latest of each channel first, then the newest of the others, by the game's order."""
    return list(
        GameVersion.objects.listed()
        .order_by("-is_latest", "-packed")
        .only("version", "channel", "is_latest", "first_seen_at")[:NEWEST]
    )
