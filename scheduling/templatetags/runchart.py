"""The bars of a job's chart: too many of them for a loop in a template."""

from datetime import tzinfo
from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..models import Status
from ..runchart import LAG_GROUND, Bar, Chart, Ended
from .scheduling import SIGNS, span

register = template.Library()


@register.simple_tag
def job_bars(chart: Chart) -> SafeString:
    """Each links to its run. Tab comes to the last one, arrow keys to the others (job.js)."""
    runs = reverse("scheduling-run", args=[0]).removesuffix("0/")
    zone, language = get_current_timezone(), get_language() or ""
    bars = [_bar(chart, bar, runs, _label(bar.run, zone, language)) for bar in chart.bars]
    return mark_safe("".join(bars))  # noqa: S308 - numbers, and escaped labels


def _bar(chart: Chart, bar: Bar, runs: str, label: str) -> str:
    # Without format_html, since there are so many: nothing but the label needs to be escaped.
    run, tab = bar.run, 0 if bar is chart.bars[-1] else -1
    return (
        f'<a class="job-bar vs-is-{Status(run.status).value}" id="bar-{run.pk}" '
        f'href="{runs}{run.pk}/" tabindex="{tab}"><title>{label}</title>'
        f"{_shapes(chart, bar)}{_sign(bar)}</a>"
    )


def _shapes(chart: Chart, bar: Bar) -> str:
    at, width = f'<rect x="{bar.x}%"', f'width="{chart.width}%"'
    return (
        f'<rect class="job-place" x="{bar.x}%" width="{chart.place}%" height="{LAG_GROUND}"/>'
        f'{at} y="{bar.y}" {width} height="{bar.height}"/>'
        f'{at} class="job-lag" y="{bar.lag_y}" {width} height="{bar.lag_height}"/>'
    )


# Of a run that has ended it stays the same, while its bar moves on with each new run. The
# language is not read here, but the words depend on it.
@lru_cache(maxsize=4_000)
def _label(run: Ended, zone: tzinfo, _language: str) -> str:
    """Escaped."""
    words = _("%(when)s: %(status)s, run time %(took)s, lag %(lag)s") % {
        "when": f"{run.scheduled_for.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "status": Status(run.status).label,
        "took": span(run.duration),
        "lag": span(run.lag),
    }
    return escape(words)


def _sign(bar: Bar) -> str:
    """Above the bar of a run that did not succeed, or that is cut."""
    sign = "" if bar.run.status == Status.SUCCEEDED else SIGNS[Status(bar.run.status)]
    if bar.cut:
        sign += "⌃"
    if not sign:
        return ""
    return format_html('<text x="{}%" y="{}">{}</text>', bar.center, bar.sign_y, sign)
