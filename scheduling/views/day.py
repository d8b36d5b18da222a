"""The schedule of the day: what ran and what is to come, a lane a job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from .. import day
from ..access import SignedIn, may, staff_may
from ..forecast import Forecast, Meeting, gathered, largest, meetings
from ..lanes import SPANS, Mark, Window, apart, ticks, window
from ..live import part
from ..models import JobSchedule
from ..templatetags.day import MAX_NAMED, Words, runs_between

# Heights in the chart, in pixels.
HEAD, ROW = 32, 28
# More are told by their number.
LISTED = 12
# So many marks of meetings have room in a row.
MEETINGS = 110
# Whoever looks further than this looks at nothing.
_FURTHEST = timedelta(days=3_660)
_MAX_OPEN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """``marks`` are drawn; from ``band`` on or up to it there are more than can be."""

    name: str
    number: int
    schedule: JobSchedule
    marks: list[Mark]
    band: dict[str, Any] | None = None
    strokes: str = ""
    expected: Forecast | None = None
    counts: Sequence[tuple[str, int]] = ()

    @property
    def key(self) -> str:
        return f"d{self.number}"

    @property
    def y(self) -> int:
        return HEAD + ROW * (self.number + 1)


@staff_may("view", "jobschedule")
@require_safe
def day_page(request: SignedIn) -> HttpResponse:
    now = timezone.now()
    shown, problem = _window(request, now)
    schedules = day.lane_schedules(after := request.GET.get("after", ""))
    more, schedules = len(schedules) > day.LANES, schedules[: day.LANES]
    names = [schedule.name for schedule in schedules]
    may_view_runs = may(request.user, "view", "jobrun")
    runs = day.read_past(shown, names, now) if may_view_runs else dict.fromkeys(names, ())
    lanes = [
        _past_lane(schedule, number, shown, runs[schedule.name], len(names))
        for number, schedule in enumerate(schedules)
    ]
    open_runs = [each for of_job in runs.values() for each in day.open_runs(of_job)]
    context = {
        "title": _("Day"),
        "has_permission": True,
        "problem": problem,
        "lanes": lanes,
        "ticks": list(ticks(shown)),
        "may_view_runs": may_view_runs,
        "after": after,
        "more": _link(shown, after=names[-1]) if more else "",
        "first": _link(shown) if after else "",
        "live_url": _live_url(shown, now, after, open_runs),
        **_moves(shown, after),
        **_live(shown, schedules, now, open_runs, now, may_view_runs),
    }
    return render(request, "scheduling/day.html", context)


@staff_may("view", "jobschedule")
@require_safe
def day_part(request: SignedIn) -> HttpResponse:
    """What changes while somebody looks; ``from`` and ``open`` say what the page has."""
    now = timezone.now()
    shown, _problem = _window(request, now)
    schedules = day.lane_schedules(request.GET.get("after", ""))[: day.LANES]
    since = max(_moment(request.GET.get("from", "")) or now, shown.since)
    known = [int(each) for each in request.GET.get("open", "").split(".") if _is_id(each)]
    may_view_runs = may(request.user, "view", "jobrun")
    context = _live(shown, schedules, since, known[:_MAX_OPEN], now, may_view_runs)
    return part(request, "scheduling/_day_live.html", context)


def _live(
    shown: Window,
    schedules: Sequence[JobSchedule],
    since: datetime,
    known: Sequence[int],
    now: datetime,
    may_view_runs: bool,
) -> dict[str, Any]:
    names = [schedule.name for schedule in schedules]
    expected = {each.name: day.expect(each, shown, now) for each in schedules}
    recent = day.read_recent(names, since, known, now) if may_view_runs and now in shown else []
    # Drawn to the minute, so that within one nothing changes that is none.
    minute = now.replace(second=0, microsecond=0)
    fresh: dict[str, list[Mark]] = {name: [] for name in names}
    for run in recent:
        if drawn := day.run_mark(shown, run, minute):
            fresh[run.job_name].append(drawn)
    lanes = [
        Lane(
            name=each.name,
            number=number,
            schedule=each,
            marks=apart(fresh[each.name], day.MAX_MARKS)
            + day.coming(each, shown, expected[each.name]),
            band=_to_come(shown, expected[each.name]),
            strokes=day.strokes(shown, expected[each.name]),
            expected=expected[each.name],
        )
        for number, each in enumerate(schedules)
    ]
    met = meetings(expected)
    return {
        "shown": shown,
        "words": Words(shown),
        "live_lanes": lanes,
        "height": HEAD + ROW * (len(lanes) + 1) + 4,
        "now": minute if now in shown else None,
        "now_x": shown.x(minute),
        "now_label_left": shown.x(minute) > 90,
        "is_running": any(run.finished_at is None for run in recent),
        "is_full": len(recent) > day.MAX_RECENT or now - since > day.LOOKED_AT,
        "meetings": gathered(met, (shown.until - shown.since) / MEETINGS),
        "listed": [_named(each) for each in largest(met, LISTED)],
        "more_meetings": max(len(met) - LISTED, 0),
    }


def _named(meeting: Meeting) -> dict[str, Any]:
    rest = len(meeting.names) - MAX_NAMED
    return {"at": meeting.at, "names": meeting.names[:MAX_NAMED], "rest": max(rest, 0)}


def _past_lane(
    schedule: JobSchedule,
    number: int,
    shown: Window,
    runs: tuple[day.Ran, ...],
    lanes: int,
) -> Lane:
    past = day.past(shown, runs, lanes)
    band = None
    if past.read_from:
        href = runs_between(schedule.name, shown.since, past.read_from, shown.zone)
        band = {"width": shown.x(past.read_from), "href": href}
    counts = sorted(past.counts.items())
    return Lane(
        name=schedule.name,
        number=number,
        schedule=schedule,
        marks=past.marks,
        band=band,
        counts=counts,
    )


def _to_come(shown: Window, expected: Forecast) -> dict[str, Any] | None:
    """From the first slot to the end of the window, when more are to come than can be drawn."""
    if not expected.cut:
        return None
    x = shown.x(expected.slots[0])
    return {"x": x, "width": round(100 - x, 2)}


def _window(request: SignedIn, now: datetime) -> tuple[Window, str]:
    """What is asked for; around now, and why, when that is not understood."""
    span, at, problem = request.GET.get("span", "24h"), request.GET.get("at", ""), ""
    if span not in SPANS:
        span, problem = "24h", _("There is no such span: 24h and 7d are known.")
    moment = _moment(at) if at else now
    if moment is None or abs(moment - now) > _FURTHEST:
        moment, problem = (
            now,
            _("Write a time of the last or next ten years, like 2026-01-31T14:00."),
        )
    return window(span, moment, timezone.get_current_timezone()), problem


def _moment(text: str) -> datetime | None:
    """In UTC; a time without an offset is one of the page's zone."""
    try:
        # The space is a plus that somebody left as it was.
        found = parse_datetime(text.replace(" ", "+")) if len(text) < 40 else None
        if found and found.tzinfo is None:
            found = found.replace(tzinfo=timezone.get_current_timezone())
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _link(shown: Window, at: datetime | None = None, span: str = "", after: str = "") -> str:
    moment = (at or shown.middle).astimezone(shown.zone)
    query = {"span": span or shown.span, "at": f"{moment.isoformat(timespec='minutes')}"}
    return f"?{urlencode(query | ({'after': after} if after else {}))}"


def _moves(shown: Window, after: str) -> dict[str, Any]:
    """Links to other windows, with the same lanes."""
    kept = {"after": after} if after else {}
    return {
        "earlier": _link(shown, shown.moved(-1), after=after),
        "later": _link(shown, shown.moved(1), after=after),
        "today": f"?{urlencode({'span': shown.span} | kept)}",
        "spans": [
            (span, f"?{urlencode({'span': span} | kept)}", span == shown.span) for span in SPANS
        ],
    }


def _live_url(shown: Window, now: datetime, after: str, open_runs: Sequence[int]) -> str:
    query = {
        "span": shown.span,
        "at": shown.middle.isoformat(),
        "from": now.isoformat(),
        "open": ".".join(map(str, open_runs[:_MAX_OPEN])),
        "after": after,
    }
    return f"{reverse('scheduling-day-part')}?{urlencode(query)}"
