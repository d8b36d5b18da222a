"""Times, statuses and the state of the worker, as the pages show them."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .. import summary, triggers
from ..models import JobRun, Status
from ..outlook import worker_state

register = template.Library()

# Each status is told by a word and a sign as well as by its colour.
_SIGNS = {
    Status.QUEUED: "…",
    Status.RUNNING: "▶",
    Status.SUCCEEDED: "✓",
    Status.FAILED: "✗",
    Status.TIMED_OUT: "!",
    Status.CANCELLED: "⊘",
    Status.MISSED: "○",
    Status.SKIPPED: "↷",
    Status.LOST: "?",
}


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@register.filter
def moment(value: datetime | None) -> str:
    """The time in the page's zone, with the date unless it is today; all of it on hover."""
    if value is None:
        return ""
    local, today = timezone.localtime(value), timezone.localdate()
    return _time(local, f"{local:%H:%M:%S}" if local.date() == today else _exact(local))


@register.filter
def minute(value: datetime | None) -> str:
    """``moment`` to the minute, for times that people choose."""
    if value is None:
        return ""
    local, today = timezone.localtime(value), timezone.localdate()
    date = "" if local.date() == today else f"{local:%Y-%m-%d} "
    return _time(local, f"{date}{local:%H:%M:%S}".removesuffix(":00"))


@register.filter
def relative(value: datetime | None) -> str:
    """``in 4 minutes`` or ``3 hours ago``, with the exact time on hover."""
    if value is None:
        return ""
    return _time(timezone.localtime(value), in_relation(value, timezone.now()))


@register.filter
def coming(value: datetime | None) -> str:
    """``in 4 minutes``, or ``was due 3 hours ago`` while no worker runs."""
    late = value is not None and value < timezone.now() - timedelta(seconds=2)
    return format_html("{}{}", "was due " if late else "", relative(value))


def planned(slot: datetime, zone: tzinfo) -> SafeString:
    """``2026-05-04 04:30:00 Europe/Berlin, in 6 hours 12 minutes``."""
    return format_html("{} {}, {}", _exact(slot.astimezone(zone)), str(zone), relative(slot))


def in_relation(value: datetime, now: datetime) -> str:
    seconds = round((value - now).total_seconds())
    if abs(seconds) < 2:
        return "now"
    words = _coarse(abs(seconds))
    return f"in {words}" if seconds > 0 else f"{words} ago"


def _coarse(seconds: int) -> str:
    """The two largest units are enough."""
    largest = next(place for place, (_unit, size) in enumerate(_UNITS) if seconds >= size)
    parts = []
    for unit, size in _UNITS[largest : largest + 2]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts)


def _exact(local: datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M:%S}"


def _time(local: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{} {}">{}</time>',
        local.isoformat(timespec="milliseconds"),
        _exact(local),
        local.tzname(),
        text,
    )


@register.filter
def span(value: timedelta | None) -> str:
    """A short time: ``8 ms``, ``1.3 s``, ``4 min 10 s``, ``2 h 5 min``."""
    if value is None:
        return ""
    seconds = value.total_seconds()
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{sign}{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{sign}{minutes} min {rest} s"
    return f"{sign}{minutes // 60} h {minutes % 60} min"


@register.filter
def thousands(number: int) -> str:
    """``12,345``."""
    return f"{number:,}"


@register.filter
def every(seconds: int) -> str:
    """``every 4 hours``; ``disabled`` for 0."""
    return triggers.in_words(seconds, "", "UTC")


@register.filter
def status_badge(status: str) -> str:
    known = Status(status)
    return format_html(
        '<span class="vs-badge vs-{}"><span aria-hidden="true">{}</span> {}</span>',
        known.value,
        _SIGNS[known],
        known.label,
    )


@register.filter
def summary_line(run: JobRun) -> str:
    return summary.line(run)


@register.inclusion_tag("scheduling/_worker.html")
def worker_banner() -> dict[str, Any]:
    """Says in red that no worker is running; nothing when one is."""
    state = worker_state(datetime.now(UTC))
    return {"down": state.leader is None, "last_heard": state.last_heard}
