"""The history of an installation, in the words of the campaign's checks."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.campaign.checks import Note, Row, not_covered, started_twice

_COLUMNS = ["job_name", "scheduled_for", *(field.name for field in fields(Row)[2:])]


def rows(installation: Any, job: str) -> list[Row]:
    statement = f"SELECT {', '.join(_COLUMNS)} FROM scheduling_jobrun WHERE job_name = %s"
    names = [field.name for field in fields(Row)]
    found = [
        Row(**{name: _moment(value) for name, value in zip(names, values, strict=True)})
        for values in installation.sql(statement, job)
    ]
    return sorted(found, key=lambda row: (row.slot, row.attempt))


def notes(installation: Any) -> list[Note]:
    """The starts of ``tick``."""
    if not installation.ticks.exists():
        return []
    lines = [line.rsplit(" ", 1) for line in installation.ticks.read_text().splitlines()]
    return [
        Note(job="tick", slot=datetime.fromisoformat(slot), attempt=1, pid=int(pid))
        for slot, pid in lines
    ]


def broken_ticks(installation: Any) -> list[str]:
    """Seconds that ``tick`` ran twice, or that no row stands for."""
    starts = notes(installation)
    return [
        *started_twice(starts),
        *not_covered(rows(installation, "tick"), timedelta(seconds=1)),
        *(f"no row: {note}" for note in starts if note.key not in _keys(installation)),
    ]


def _keys(installation: Any) -> set[tuple[str, datetime, int]]:
    return {row.key for row in rows(installation, "tick")}


def _moment(value: Any) -> Any:
    # SQLite gives moments as text.
    if isinstance(value, str) and value[:2] == "20" and value[4:5] == "-":
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value
