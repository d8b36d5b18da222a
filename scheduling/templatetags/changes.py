"""The rows of who did what."""

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from ..changes import Change, Page
from ..kept import Kept

register = template.Library()
_rows = Kept()


@register.simple_tag
def change_rows(page: Page, may_view_runs: bool) -> SafeString:
    """A row a change; an entry of the log stays as it is, so its row is kept."""
    return mark_safe(  # noqa: S308 - rendered by the template
        "".join([_row(change, page, may_view_runs) for change in page.changes])
    )


def _row(change: Change, page: Page, may_view_runs: bool) -> str:
    job_is_there = change.job in page.jobs
    leads_to_run = may_view_runs and change.run in page.runs
    shown = (
        *(change.id, change.at, change.who, change.deed, change.job, change.run, change.reason),
        *(tuple(change.texts), tuple(change.differences), job_is_there, leads_to_run),
    )

    def made() -> str:
        return get_template("scheduling/_change_row.html").render(
            {"change": change, "job_is_there": job_is_there, "leads_to_run": leads_to_run}
        )

    return _rows.get(shown, made)
