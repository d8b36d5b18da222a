"""Times, statuses and the state of the worker, as the pages show them."""

import re
from collections.abc import Hashable
from datetime import datetime, timedelta
from functools import lru_cache
from html import escape

from django import template
from django.contrib import admin
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .. import summary, triggers
from ..kept import Kept
from ..live import tag
from ..models import JobRun, Status
from ..outlook import worker_state
from ..retold import retold

register = template.Library()
register.filter(retold)

# Each status is told by a word and a sign as well as by its colour.
SIGNS = {
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


# Short, and the same in all languages; times.js has them too.
_MONTH = 30 * 86_400
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@register.simple_tag
def site_name() -> str:
    """What the project calls itself, in its admin and on these pages."""
    return str(admin.site.site_title)


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
    """``in 4 min`` or ``3 h ago``, with the exact time on hover; the browser keeps it fresh."""
    if value is None:
        return ""
    return _time(timezone.localtime(value), in_relation(value, timezone.now()), "past")


@register.filter
def coming(value: datetime | None) -> str:
    """``in 4 min``, or ``was due 3 h ago`` while no worker runs."""
    if value is None:
        return ""
    return _time(timezone.localtime(value), _due(value, timezone.now()), "due")


@register.filter
def reachable(time: str) -> str:
    """Let Tab come to a time, so that its exact one is shown to those who can't hover. Times in
    links are reached with them, and those in the rows of lists would be too many."""
    return mark_safe(time.replace(" title=", ' tabindex="0" title=', 1))  # noqa: S308 - a time


def in_relation(value: datetime, now: datetime) -> str:
    seconds = round((value - now).total_seconds())
    if abs(seconds) < 2:
        return _("now")
    pattern = _("in %s") if seconds > 0 else _("%s ago")
    return pattern % coarse(abs(seconds))


def _due(value: datetime, now: datetime) -> str:
    seconds = round((now - value).total_seconds())
    return _("was due %s ago") % coarse(seconds) if seconds >= 2 else in_relation(value, now)


_RELATIVE = re.compile(r'(<time datetime="([^"]+)"[^>]* data-relative="(past|due)">)[^<]*')


def with_fresh_times(html: str) -> str:
    """What was rendered earlier, with its relative times as they are now."""
    now = timezone.now()

    def fresh(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[2])
        return found[1] + (_due(at, now) if found[3] == "due" else in_relation(at, now))

    return _RELATIVE.sub(fresh, html)


def coarse(seconds: int) -> str:
    """``3 h 59 min``: the two largest units are enough; past a month the hours mean nothing."""
    largest = next(place for place, (_unit, size) in enumerate(_UNITS) if seconds >= size)
    if seconds >= _MONTH:
        seconds -= seconds % _UNITS[0][1]
    parts = []
    for unit, size in _UNITS[largest : largest + 2]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{thousands(count)} {unit}")
    return " ".join(parts)


def _exact(local: datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M:%S}"


def _time(local: datetime, text: str, relative: str = "") -> SafeString:
    # Without format_html, which takes several times as long: pages are full of times.
    kind = f' data-relative="{relative}"' if relative else ""
    title = escape(f"{_exact(local)} {local.tzname()}")
    return mark_safe(  # noqa: S308 - escaped, but for words of this module
        f'<time datetime="{local.isoformat(timespec="milliseconds")}" title="{title}"{kind}>'
        f"{escape(text)}</time>"
    )


@register.filter
def span(value: timedelta | None) -> str:
    """A short time: ``8 ms``, ``1.3 s``, ``4 min 10 s``, ``2 h 5 min``, as the reader's
    language writes it."""
    if value is None:
        return ""
    seconds = value.total_seconds()
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    # By what it is when rounded: nothing takes 1000 ms, or 60.0 s.
    if round(seconds, 3) < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if round(seconds, 1) < 60:
        return f"{sign}{decimal(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{sign}{minutes} min {rest} s"
    return f"{sign}{minutes // 60} h {minutes % 60} min"


def decimal(number: float) -> str:
    """``1.3`` or ``1,3``: rounded, where Django would cut the rest off."""
    return number_format(f"{number:.1f}", force_grouping=True)


@register.filter
def thousands(number: int) -> str:
    """``12,345``, or as the reader's language writes it."""
    return number_format(number, force_grouping=True)


@register.filter
def every(seconds: int) -> str:
    """``every 4 hours``; ``disabled`` for 0."""
    return triggers.in_words(seconds, "", "UTC")


@register.filter
def status_badge(status: str) -> str:
    return _badge(Status(status), get_language() or "")


# The language is not read here, but the words depend on it.
@lru_cache(maxsize=100)
def _badge(status: Status, _language: str) -> SafeString:
    return format_html(
        '<span class="vs-badge vs-{}"><span aria-hidden="true">{}</span> {}</span>',
        status.value,
        SIGNS[status],
        status.label,
    )


@register.filter
def summary_line(run: JobRun) -> str:
    return summary.line(run)


@register.simple_tag(takes_context=True)
def live(context: Context, name: str, url: str, template: str) -> SafeString:
    """A part of the page that the browser fetches anew from ``url`` (see ``live.part``)."""
    with context.push():
        content = get_template(template).template.render(context)  # type: ignore[attr-defined]
    return format_html(
        '<div id="live-{}" data-live hx-get="{}" hx-trigger="refresh" hx-swap="innerMorph" '
        'hx-ptag="{}">{}</div>',
        name,
        url,
        tag(content),
        content,
    )


_kept = Kept()


@register.simple_tag(takes_context=True)
def kept(context: Context, template: str, *shown: Hashable) -> SafeString:
    """A part that shows nothing but ``shown``, the same to everybody: rendered once, and kept
    for the next time. None among it says that there is more to it, so that it is not kept."""

    def made() -> str:
        with context.push():
            return get_template(template).template.render(context)  # type: ignore[attr-defined, no-any-return]

    html = made() if None in shown else _kept.get((template, shown), made)
    return mark_safe(with_fresh_times(html))  # noqa: S308 - rendered by the template


@register.simple_tag(takes_context=True)
def worker_line(context: Context, template: str) -> SafeString:
    """Who leads, or in red that nobody does: live, on every page."""
    with context.push(worker=worker_state(timezone.now())):
        url = f"{reverse('scheduling-worker')}?on={template}"
        return live(context, "worker", url, f"scheduling/_worker_{template}.html")
