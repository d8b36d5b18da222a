"""The marks of the day's chart. There can be a thousand of them, so each is written at once."""

import html
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from urllib.parse import urlencode

from django import template
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ..forecast import Meeting
from ..lanes import Mark, Window
from ..models import Status

register = template.Library()

# Top and height in a row of 28: what went wrong is higher than what went well, what somebody
# ended is low, so that no colour is needed to see it.
_BARS = {
    "succeeded": (9, 10),
    "running": (7, 14),
    "failed": (3, 22),
    "timed_out": (3, 22),
    "lost": (3, 22),
    "cancelled": (12, 4),
    "planned": (9, 10),
}
_SHAPES = {"missed", "skipped", "queued"}
_MIDDLE = 14
MAX_NAMED = 6


class Words:
    """What the marks of a window say; its phrases are looked up once."""

    def __init__(self, shown: Window) -> None:
        self._zone = shown.zone
        # With the offset where the window has two of them.
        self._length = None if shown.has_clock_change else 19
        self._labels = {status.value: html.escape(str(status.label)) for status in Status}
        self._labels["planned"] = html.escape(_("planned"))
        self._several = html.escape(_("%(count)s runs from %(begin)s to %(end)s"))
        self._bad = html.escape(_("%s of them did not go well"))

    def of(self, mark: Mark) -> str:
        """Without the job's name; escaped."""
        begin, label = self.exact(mark.begin), self._labels[mark.kind]
        if mark.stands_for_several:
            end = self.exact(mark.end)
            words = self._several % {"count": mark.count, "begin": begin, "end": end}
            return f"{words}, {self._bad % mark.bad if mark.bad else label}"
        if mark.kind in ("planned", "running") or mark.end == mark.begin:
            return f"{begin}, {label}"
        return f"{begin} – {self.exact(mark.end)[11:]}, {label}"  # noqa: RUF001

    def exact(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).isoformat(" ", "seconds")[: self._length]


@register.simple_tag
def marks(drawn: Sequence[Mark], name: str, words: Words, shown: Window, part: str = "") -> str:
    """The marks of one lane as links that say when and what; with ids where they are kept
    apart over a refresh of this ``part``."""
    return mark_safe("".join(_drawn(drawn, name, words, shown, part)))  # noqa: S308 - escaped


def _drawn(
    drawn: Sequence[Mark], name: str, words: Words, shown: Window, part: str
) -> Iterator[str]:
    told, job, listed = html.escape(name), html.escape(job_page(name)), ""
    run = reverse("scheduling-run", args=[0])[:-2]
    for mark in drawn:
        if mark.kind == "planned":
            href = job
        elif mark.stands_for_several:
            listed = listed or _listed(name)
            href = html.escape(_between(listed, mark.begin, mark.end, shown.zone))
        else:
            href = f"{run}{mark.key}/"
        identity = f' id="{part}-{mark.key or f"{mark.begin.timestamp():.0f}"}"' if part else ""
        text = f"{told}: {words.of(mark)}"
        yield f'<a{identity} href="{href}">{_shape(mark)}<title>{text}</title></a>'


def _shape(mark: Mark) -> str:
    several = " day-several" if mark.stands_for_several else ""
    if mark.kind in _SHAPES and mark.width < 1 and not several:
        return f'<use href="#day-{mark.kind}" class="day-{mark.kind}" x="{mark.x}%" y="{_MIDDLE}"/>'
    top, height = _BARS.get(mark.kind, (12, 4))
    return (
        f'<rect class="day-{mark.kind}{several}" x="{mark.x}%" y="{top}" '
        f'width="{mark.width}%" height="{height}"/>'
    )


def runs_between(name: str, begin: datetime, end: datetime, zone: tzinfo) -> str:
    """The list of a job's runs whose slots lie there."""
    return _between(_listed(name), begin, end, zone)


def _listed(name: str) -> str:
    return f"{reverse('scheduling-runs')}?{urlencode({'job': name})}"


def _between(listed: str, begin: datetime, end: datetime, zone: tzinfo) -> str:
    # A run that began late has an earlier slot.
    since = (begin - timedelta(minutes=1)).astimezone(zone)
    until = (end + timedelta(seconds=1)).astimezone(zone)
    return f"{listed}&since={since:%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M:%S}"


@register.filter
def job_page(name: str) -> str:
    """Its address; nowhere for a name that scripts wrote and no address can hold."""
    return _job_page(name, get_script_prefix())


# Asked for several times a lane.
@lru_cache(maxsize=1_000)
def _job_page(name: str, _prefix: str) -> str:
    try:
        return reverse("scheduling-job", args=[name])
    except NoReverseMatch:
        return "#"


@register.simple_tag
def meeting_mark(meeting: Meeting, words: Words, shown: Window) -> SafeString:
    """On the lane on top: where several jobs begin in the same minute."""
    told = f"{words.exact(meeting.at)}: {', '.join(meeting.names[:MAX_NAMED])}"
    if rest := len(meeting.names[MAX_NAMED:]):
        told += " " + _("and %s more") % rest
    if meeting.also:
        told += "; " + _("more of them nearby: %s") % meeting.also
    text = html.escape(told)
    return mark_safe(  # noqa: S308 - escaped above
        f'<a id="m{meeting.at.timestamp():.0f}" href="#day-meetings"><use href="#day-together" '
        f'class="day-together" x="{shown.x(meeting.at)}%" y="{_MIDDLE}"/>'
        f"<title>{text}</title></a>"
    )
