"""What failed of late, as the overview shows it."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from ..failures import Failures, Group, fixed_part
from ..kept import Kept
from .scheduling import with_fresh_times

register = template.Library()
_rows = Kept()


@register.simple_tag
def failure_rows(failures: Failures) -> SafeString:
    """A row a group; each is kept until something of it changes."""
    windows = tuple(
        (name, start, failures.is_complete(name)) for name, start in failures.starts.items()
    )
    rows = "".join([_row(group, windows) for group in failures.shown])
    return mark_safe(with_fresh_times(rows))  # noqa: S308 - rendered by the template


def _row(group: Group, windows: tuple[Any, ...]) -> str:
    shown = (group.newest, tuple(group.counts.items()), windows)

    def made() -> str:
        context = {"newest": group.newest, "counts": _counts(group, windows)}
        return get_template("scheduling/_overview_failure.html").render(context)

    return _rows.get(shown, made)


def _counts(group: Group, windows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """For each window how many, and the address of the list of them."""
    counts = []
    for window, start, is_complete in windows:
        asked = {
            "job": group.newest.job_name,
            "status": group.newest.status,
            "since": f"{localtime(start):%Y-%m-%dT%H:%M}",
            "error": fixed_part(group.newest.text),
        }
        counts.append(
            {
                "window": window,
                "count": group.counts[window],
                "is_complete": is_complete,
                "url": f"{reverse('scheduling-runs')}?{urlencode(asked)}",
            }
        )
    return counts
