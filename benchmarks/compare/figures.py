"""Numbers as people read them, and rows found by what they measure: pure."""

import re
from collections.abc import Sequence
from typing import Any

from .arithmetic import ratio
from .results import Row

NOTHING = "–"  # noqa: RUF001 - as the docs write it


def duration(seconds: float | None) -> str:
    """``4 ms``, ``0.3 ms`` or ``2.1 s``."""
    if seconds is None:
        return NOTHING
    if seconds >= 1:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    return milliseconds(seconds * 1000)


def milliseconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:.0f} ms" if value >= 10 else f"{value:.{1 if value >= 1 else 2}f} ms"


def number(value: float | None, digits: int = 0) -> str:
    return NOTHING if value is None else f"{value:,.{digits}f}"


def share(part: float | None, whole: float | None) -> str:
    """In per cent; 100 % only when nothing is missing. What was caught up with is no matter."""
    if part is None or not whole:
        return NOTHING
    percent = part * 100 / whole
    if 100 < percent < 100.5:
        return "100 %"
    if part < whole and percent > 99.9:
        return f"{min(percent, 99.99):.2f} %"
    return f"{percent:.0f} %" if percent == round(percent) else f"{percent:.1f} %"


def times(value: float | None, ours: float | None) -> str:
    """How many times ours it is."""
    found = ratio(value, ours)
    if found is None:
        return NOTHING
    digits = 0 if found >= 100 else 1 if found >= 0.1 else 2
    return f"{found:,.{digits}f} ×"  # noqa: RUF001 - as the docs write it


def reason(text: str) -> str:
    """Why there is no figure, without what only this machine has."""
    text = re.sub(r"\w+://\S+", "…", text)
    text = re.sub(r"(?:/[\w.+-]+){2,}/?", "…", text)
    text = " ".join(text.replace("|", "/").split())
    return text if len(text) <= 160 else f"{text[:159]}…"


def of(rows: Sequence[Row], measure: str, schedules: int | None = None) -> list[Row]:
    return [
        row
        for row in rows
        if row["measure"] == measure and schedules in (None, row.get("schedules"))
    ]


def is_ours(row: Row) -> bool:
    return row["contestant"].startswith("vsmanager")


def ours_for(row: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """What ours did in the same measure on the same database; on SQLite if it has none."""
    kind = "PostgreSQL" if _is_on_postgresql(row["contestant"]) else "SQLite"
    same = of(rows, row["measure"], row.get("schedules"))
    found = [each for each in same if each["contestant"] == f"vsmanager, {kind}"]
    return found[0]["values"] if found else {}


def _is_on_postgresql(name: str) -> bool:
    return "PostgreSQL" in name or name.startswith(("celery", "procrastinate"))
