"""What failed of late, the same errors together: one bug, one line."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Left

from .models import JobRun
from .moments import Unread, read
from .strips import FAILED
from .summary import LINE
from .text import clean

# More than this are not read, but told as "at least".
MOST = 500
# To count is quicker than to read.
COUNTED = 500
GROUPS = 12
WINDOWS = {"1 h": timedelta(hours=1), "24 h": timedelta(hours=24), "7 d": timedelta(days=7)}
# The windows begin at full five minutes: what is counted is what the link to it shows, and
# a part that is fetched anew stays the same in between.
STEP = timedelta(minutes=5)
_READ = 240
_QUOTED = re.compile(r"""(['"`])[^'"`]*[0-9][^'"`]*\1""")
_HEX = re.compile(r"0x[0-9a-f]+|\b(?=[0-9a-f-]*[0-9])[0-9a-f][0-9a-f-]{7,}\b", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+")


class Failure(NamedTuple):
    """A run that failed, timed out or was lost."""

    id: int
    job_name: str
    status: str
    scheduled_for: datetime
    error_begin: str

    @property
    def text(self) -> str:
        """The first line of its error."""
        return _first_line(self.error_begin)


@dataclass(slots=True, kw_only=True)
class Group:
    """The failures of a job with one and the same error; ``counts`` by the name of a window."""

    newest: Failure
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Failures:
    """Those of the last 7 days. When there were more than are read, the counts are the least
    that there were, from ``known_since`` on."""

    groups: list[Group]
    starts: dict[str, datetime]
    known_since: datetime | None = None

    @cached_property
    def shown(self) -> list[Group]:
        return self.groups[:GROUPS]

    @property
    def hidden(self) -> int:
        return len(self.groups) - len(self.shown)

    def is_complete(self, window: str) -> bool:
        return self.known_since is None or self.known_since < self.starts[window]


@lru_cache(maxsize=2_048)
def _first_line(error: str) -> str:
    lines = error.strip().splitlines()
    return clean(lines[0], LINE) if lines else ""


@lru_cache(maxsize=2_048)
def fingerprint(text: str) -> str:
    """The same for errors that differ in numbers, addresses and quoted ids only."""
    for pattern in (_QUOTED, _HEX, _NUMBER):
        text = pattern.sub("#", text)
    return text


def fixed_part(text: str) -> str:
    """The longest piece that errors of the same fingerprint share."""
    return max(fingerprint(text).split("#"), key=len).strip()


def starts(now: datetime) -> dict[str, datetime]:
    """When each window begins."""
    full = now - timedelta(
        minutes=now.minute % (STEP.seconds // 60), seconds=now.second, microseconds=now.microsecond
    )
    return {name: full - length for name, length in WINDOWS.items()}


# Most of them were there the last time too.
@lru_cache(maxsize=2_048)
def _failure(run: int, job: str, status: str, slot: Any, error: str) -> Failure:
    return Failure(run, job, status, read(slot), error)


def recent_failures(now: datetime) -> Failures:
    """In one query that reads at most MOST of each kind, however many there are."""
    since = starts(now)
    found = [_failure(*row) for row in _newest(min(since.values()))]
    cut = found[MOST - 1].scheduled_for if len(found) > MOST else None
    return Failures(groups=_grouped(found[:MOST], since), starts=since, known_since=cut)


def _newest(since: datetime) -> "QuerySet[JobRun, Any]":
    # A query for each status walks the index backwards and stops; together they would be
    # sorted whole.
    parts = []
    for status in FAILED:
        part = JobRun.objects.filter(status=status, scheduled_for__gte=since)
        part = part.order_by("-scheduled_for")[: MOST + 1]
        if not connection.features.supports_slicing_ordering_in_compound:
            # SQLite takes a LIMIT inside a UNION only one level down.
            part = JobRun.objects.filter(pk__in=part.values("pk")).order_by()
        parts.append(
            part.annotate(slot=Unread("scheduled_for")).values_list(
                "id", "job_name", "status", "slot", Left("error", _READ)
            )
        )
    rows = parts[0].union(*parts[1:], all=True)
    return rows.order_by("-slot", "-id")[: MOST + 1]


def _grouped(failures: Iterable[Failure], since: dict[str, datetime]) -> list[Group]:
    """Newest first, as ``failures`` are."""
    groups: dict[tuple[str, str, str], Group] = {}
    for failure in failures:
        key = (failure.job_name, failure.status, fingerprint(failure.text))
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(newest=failure)
        for name, start in since.items():
            if failure.scheduled_for >= start:
                group.counts[name] += 1
    return list(groups.values())


def count_since(since: datetime) -> int:
    """How many failed since then; counted up to COUNTED."""
    failed = JobRun.objects.filter(status__in=FAILED, scheduled_for__gte=since)
    return failed.order_by().values("pk")[:COUNTED].count()
