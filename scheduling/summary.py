"""What a run gave, short enough for a line or laid out for a table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, TextField
from django.db.models.functions import Cast, Left
from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .models import JobRun
from .querysets import JobRunQuerySet
from .retold import retold
from .text import clean

LINE = 120
MAX_ROWS = 300
_READ = 600


def for_list(runs: JobRunQuerySet) -> JobRunQuerySet:
    """The runs as a list shows them: of the long columns only the beginning leaves the
    database."""
    return (
        runs.without_details()
        .defer("error")
        .annotate(
            error_begin=Left("error", 2 * LINE),
            result_begin=Left(Cast("result", TextField()), _READ, output_field=CharField()),
        )
    )


def line(run: JobRun) -> str:
    """The error, or else the result, in one line; of a run that came out of ``for_list``."""
    return error_line(run) or result_line(run)


def error_line(run: JobRun) -> str:
    return clean(retold(" ".join(run.__dict__["error_begin"].split())), LINE)


def result_line(run: JobRun) -> str:
    result = run.__dict__["result_begin"]
    if not result:
        return ""
    try:
        value = json.loads(result)
    except ValueError:
        return clean(result, LINE)
    return clean(in_words(value), LINE)


def in_words(value: Any) -> str:
    """``{"received": 3, "created": 0, "latest": None}`` as ``received 3``: what is not, is not
    told. Parts that are objects themselves stand apart: ``stable: received 3; unstable: ...``.
    """
    if isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values()):
        return "; ".join(f"{name}: {_told(part)}" for name, part in value.items())
    return _told(value)


def _told(value: Any) -> str:
    rows = flatten(value)
    told = [f"{name} {text}".strip() for name, text in rows if text not in ("0", _("none"))]
    return ", ".join(told) or _("nothing")


def flatten(value: Any) -> list[tuple[str, str]]:
    """Any JSON as rows of a name and a text; nested names are joined with a dot."""
    rows = []
    for row in _rows(value, ""):
        rows.append(row)
        if len(rows) == MAX_ROWS:
            break
    return rows


def _rows(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _rows(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for number, inner in enumerate(value, 1):
            yield from _rows(inner, f"{name}.{number}" if name else str(number))
    elif value is not None or name:
        yield name, _text(value)


def _text(value: Any) -> str:
    if value is None or value in ([], {}):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number_format(value, force_grouping=True)
    if isinstance(value, list):
        return ", ".join(_text(inner) for inner in value)
    return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of a run's log."""

    at: datetime | None
    level: str
    event: str
    fields: list[tuple[str, str]]


def event(logged: Any) -> Event:
    """The stored event, whatever it holds."""
    fields = dict(logged) if isinstance(logged, dict) else {"event": str(logged)}
    return Event(
        at=_moment(fields.pop("at", None)),
        level=str(fields.pop("level", "info")),
        event=str(fields.pop("event", "")),
        fields=flatten(fields) if fields else [],
    )


def _moment(text: Any) -> datetime | None:
    try:
        return parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run came. ``total`` is None when nobody knows it."""

    done: float
    total: float | None
    text: str

    @property
    def percent(self) -> int | None:
        return int(100 * min(self.done / self.total, 1)) if self.total else None


def progress_of(run: JobRun) -> Progress | None:
    """What the run reports; None when it reports nothing that can be understood."""
    told = run.progress if isinstance(run.progress, dict) else {}
    done, text = _count(told.get("done")), told.get("text")
    if done is None:
        return None
    total = _count(told.get("total")) or None
    return Progress(done=done, total=total, text=str(text) if text else "")


def _count(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # What is no finite number is no count either.
    return value if is_number and 0 <= value < 1e15 else None
