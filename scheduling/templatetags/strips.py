"""A job at a glance: the strip of its newest slots, and what is kept of its rendering."""

from collections.abc import Hashable, Iterable, Sequence
from functools import partial

from django import template
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .. import strips
from ..glance import Glance
from ..kept import Kept
from ..models import Status
from ..strips import Slot
from .scheduling import SIGNS, with_fresh_times

register = template.Library()


@register.filter
def strip(slots: tuple[Slot, ...], job: str) -> SafeString:
    """``{{ job.slots|strip:job.name }}``"""
    label = _("The last slots of %(job)s") % {"job": job}
    return strips.strip(slots, label, get_current_timezone(), get_language() or "")


_cells, _tiles = Kept(), Kept()


@register.simple_tag
def job_cells(job: Glance, may_view_runs: bool) -> SafeString:
    """What the overview says of a job, all but its buttons; kept until something of it changes."""

    def made() -> str:
        context = {"job": job, "schedule": job.outlook.schedule, "may_view_runs": may_view_runs}
        return get_template("scheduling/_overview_cells.html").render(context)

    shown = (*_shown(job), may_view_runs)
    return mark_safe(with_fresh_times(_cells.get(shown, made)))  # noqa: S308 - rendered


@register.simple_tag
def wall_tiles(jobs: Iterable[Glance]) -> SafeString:
    """A tile a job, kept in the same way."""

    def made(job: Glance) -> str:
        context = {"job": job, "schedule": job.outlook.schedule, "last": job.last}
        return get_template("scheduling/_wall_job.html").render(context)

    tiles = [_tiles.get((*_shown(job), job.trouble, job.busy), partial(made, job)) for job in jobs]
    return mark_safe(with_fresh_times("".join(tiles)))  # noqa: S308 - rendered


# So many letters fit a tile at each size.
_SIZES = ((10, ""), (15, " wall-long"), (100, " wall-longer"))


@register.simple_tag
def wall_state(sign: str, words: str) -> SafeString:
    """How a job stands, in letters as large as its longest word lets them be."""
    letters = max(len(word) for word in words.split())
    size = next(size for most, size in _SIZES if letters <= most)
    told = '<p class="wall-state{}"><span aria-hidden="true">{}</span> {}</p>'
    return format_html(told, size, sign, words)


@register.simple_tag
def wall_status(status: str) -> SafeString:
    return wall_state(SIGNS[Status(status)], str(Status(status).label))


def _shown(job: Glance) -> tuple[Hashable, ...]:
    """All that is told of a job, besides what is due or late at this moment."""
    schedule = job.outlook.schedule
    return (
        *(schedule.pk, schedule.name, schedule.interval_seconds, schedule.cron),
        *(schedule.timezone, job.paused, schedule.paused_until, schedule.pause_reason),
        *(job.outlook.problem, job.slots, job.running_since, job.last, job.next_run, job.is_off),
    )


@register.filter
def in_short(slots: Sequence[Slot]) -> str:
    return strips.in_short(slots)
