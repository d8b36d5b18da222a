"""What only the pages of runs show."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import partial
from html import escape
from operator import attrgetter

from django import template
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..kept import Kept
from ..models import JobRun, Status
from ..summary import Event, Progress, progress_of
from .scheduling import SIGNS, coarse, decimal, thousands

register = template.Library()


@register.filter
def headline(run: JobRun) -> str:
    """For the title of a page, so that a tab in the background tells how it went."""
    status = Status(run.status)
    return f"{SIGNS[status]} {run.job_name}: {status.label}"


@register.filter
def elapsed(since: datetime | None) -> str:
    """``12 s``, going on in the browser, with the exact beginning on hover."""
    if since is None:
        return ""
    seconds = round((timezone.now() - since).total_seconds())
    local = timezone.localtime(since)
    return format_html(
        '<time datetime="{}" title="{} {}" data-relative="elapsed">{}</time>',
        local.isoformat(timespec="milliseconds"),
        _("since %s") % f"{local:%Y-%m-%d %H:%M:%S}",
        local.tzname(),
        coarse(max(seconds, 1)),
    )


@register.filter
def in_short(run: JobRun) -> str:
    """``45 %``, or ``1,234 done``; empty for a run that reports no progress."""
    progress = progress_of(run)
    if progress is None:
        return ""
    if progress.percent is not None:
        return f"{progress.percent} %"
    return _("%s done") % _amount(progress.done)


@register.filter
def in_full(progress: Progress) -> str:
    """``45 of 100 (45 %)``."""
    if progress.total is None:
        return _("%s done") % _amount(progress.done)
    told = {"done": _amount(progress.done), "total": _amount(progress.total)}
    return _("%(done)s of %(total)s") % told + f" ({progress.percent} %)"


def _amount(value: float) -> str:
    return thousands(int(value)) if value == int(value) else decimal(value)


@register.filter
def lines(count: int) -> str:
    return ngettext("%s line", "%s lines", count) % thousands(count)


# All that the row of a run shows.
_SHOWN = attrgetter(
    *("pk", "status", "job_name", "scheduled_for", "slots", "trigger", "not_before"),
    *("started_at", "finished_at", "attempt", "worker", "error_begin", "result_begin"),
)
_rows = Kept()


@register.simple_tag
def run_rows(runs: Iterable[JobRun], names_job: bool) -> SafeString:
    """The rows of a list; those of runs that have ended are kept for the next time.

    Without the name of its job a row leads to its run by its slot.
    """
    template, labels = get_template("scheduling/_run_row.html"), _labels()

    def made(run: JobRun) -> str:
        return template.render({"run": run, "labels": labels, "names_job": names_job})

    return mark_safe(  # noqa: S308 - rendered by the template
        "".join(
            made(run) if run.is_active else _rows.get((names_job, _SHOWN(run)), partial(made, run))
            for run in runs
        )
    )


def _labels() -> dict[str, str]:
    """What a row says before each cell where there is no room for a head."""
    return {
        "Status": _("Status"),
        "Job": _("Job"),
        "Slot": _("Slot"),
        "Trigger": _("Trigger"),
        "Lag": _("Lag"),
        "Duration": _("Duration"),
        "Attempt": _("Attempt"),
        "Worker": _("Worker"),
        "Summary": _("Summary"),
    }


@register.simple_tag
def log_lines(log: list[Event]) -> SafeString:
    """The rows of a log. Written here and not in a template, and with as little markup as can
    be, because there are up to 500 of them that are fetched anew every 3 seconds."""
    zone = timezone.get_current_timezone()
    return mark_safe("".join([_row(each, zone) for each in log]))  # noqa: S308


def _row(event: Event, zone: tzinfo) -> str:
    level, at = escape(event.level), ""
    if event.at:
        local = event.at.astimezone(zone)
        at = f'<time title="{local:%Y-%m-%d %H:%M:%S %Z}">{local:%H:%M:%S}</time>'
    fields = [f"<i>{escape(name)}</i>={escape(text)}" for name, text in event.fields]
    return (
        f'<tr data-level="{level}"><td>{at}</td><td>{level}</td>'
        f'<td><b class="vs-event">{escape(event.event)}</b> {" ".join(fields)}</td></tr>'
    )
