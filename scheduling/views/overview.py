"""The first page: every job at a glance, what failed last, and what the project adds."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..access import SignedIn, may, staff_may
from ..failures import recent_failures
from ..glance import page
from ..live import part
from ..strips import SLOTS

JOBS = "scheduling/_overview_jobs.html"
FAILURES = "scheduling/_overview_failures.html"
EXTRA = "scheduling/_overview_extra.html"
_LONGEST_NAME = 100


@staff_may("view", "jobschedule")
@require_safe
def overview(request: SignedIn) -> HttpResponse:
    moment = now()
    jobs = _jobs(request, moment)
    context: dict[str, Any] = {
        "title": _("Overview"),
        "has_permission": True,
        "jobs_url": f"{reverse('scheduling-overview-jobs')}{jobs['query']}",
        **jobs,
    }
    if jobs["may_view_runs"]:
        context["failures"] = recent_failures(moment)
    return render(request, "scheduling/overview.html", context)


@staff_may("view", "jobschedule")
@require_safe
def jobs_part(request: SignedIn) -> HttpResponse:
    return part(request, JOBS, _jobs(request, now()))


@staff_may("view", "jobrun")
@require_safe
def failures_part(request: SignedIn) -> HttpResponse:
    return part(request, FAILURES, {"failures": recent_failures(now())})


@staff_may("view", "jobschedule")
@require_safe
def extra_part(request: SignedIn) -> HttpResponse:
    """What other apps have to tell: the template knows them, this package does not."""
    return part(request, EXTRA, {})


def _jobs(request: SignedIn, moment: datetime) -> dict[str, Any]:
    like = request.GET.get("q", "").strip()[:_LONGEST_NAME]
    after = request.GET.get("after", "")[:_LONGEST_NAME]
    may_view_runs = may(request.user, "view", "jobrun")
    found = page(moment, like=like, after=after, slots=SLOTS if may_view_runs else 0)
    return {
        "jobs": found.jobs,
        "like": like,
        "after": after,
        "query": _query(q=like, after=after),
        "newest": (_query(q=like) or "?") if after else "",
        "more": _query(q=like, after=found.jobs[-1].name) if found.more else "",
        "may_change": may(request.user, "change", "jobschedule"),
        "may_view_runs": may_view_runs,
    }


def _query(**given: str) -> str:
    kept = {name: value for name, value in given.items() if value}
    return f"?{urlencode(kept)}" if kept else ""
