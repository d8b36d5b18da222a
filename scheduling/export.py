"""Runs as CSV, row by row, so that a million of them need no more memory than a page."""

import csv
import re
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from .models import JobRun
from .paging import page
from .querysets import JobRunQuerySet
from .summary import error_line, for_list, result_line

CHUNK = 500
COLUMNS = (
    *("id", "job", "status", "trigger", "slot", "started", "finished"),
    *("lag_seconds", "duration_seconds", "attempt", "slots", "worker"),
    *("requested_by", "reason", "error", "result"),
)
# Where a cell begins that a spreadsheet would take for a formula. Some separate cells by
# semicolons or tabs whatever the file does, and then take no heed of quotation marks inside a
# line. The last four are the wide forms of the first.
_FORMULA = re.compile(r'(\A|[;\t\r\n])(?="*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])')


class _Echo:
    """What csv writes to; gives the line back."""

    def write(self, line: str) -> str:
        return line


def lines(runs: JobRunQuerySet) -> Generator[str]:
    """All the runs, newest first, in queries of CHUNK runs each: none of them stays open
    while a slow reader takes its time."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    cursor, more = "", True
    while more:
        found = page(for_list(runs), cursor, CHUNK)
        yield "".join(writer.writerow(_cells(run)) for run in found.runs)
        cursor, more = found.next, bool(found.next)


def _cells(run: JobRun) -> list[Any]:
    return [
        run.pk,
        text(run.job_name),
        run.status,
        run.trigger,
        _moment(run.scheduled_for),
        _moment(run.started_at),
        _moment(run.finished_at),
        _seconds(run.lag),
        _seconds(run.duration),
        run.attempt,
        run.slots,
        text(run.worker),
        text(run.requested_by),
        text(run.reason),
        text(error_line(run)),
        text(result_line(run)),
    ]


def text(value: str) -> str:
    """A cell that no spreadsheet takes for a formula, or for several cells with one."""
    return _FORMULA.sub(r"\1'", value)


def _moment(value: datetime | None) -> str:
    return timezone.localtime(value).isoformat(timespec="milliseconds") if value else ""


def _seconds(value: timedelta | None) -> str:
    return "" if value is None else f"{value.total_seconds():.3f}"
