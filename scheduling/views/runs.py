"""The history as a list."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..access import SignedIn, staff_may
from ..forms import RunFilter
from ..live import part
from ..models import JobRun
from ..paging import BadCursor, page
from ..summary import for_list


@staff_may("view", "jobrun")
@require_safe
def runs_page(request: SignedIn) -> HttpResponse:
    wanted = RunFilter(request.GET)
    before, problem = request.GET.get("before", ""), ""
    try:
        listed = _listed(wanted, before)
    except BadCursor as error:
        listed, before, problem = _listed(wanted), "", str(error)
    context = {
        "title": _("Runs"),
        "has_permission": True,
        "filter": wanted,
        "problem": problem,
        "query": urlencode(wanted.query),
        "is_newest": not before,
        **listed,
    }
    return render(request, "scheduling/runs.html", context)


@staff_may("view", "jobrun")
@require_safe
def newest(request: SignedIn) -> HttpResponse:
    """The top of the list, to be fetched anew."""
    wanted = RunFilter(request.GET)
    return part(request, "scheduling/_runs.html", {"filter": wanted, **_listed(wanted)})


def _listed(wanted: RunFilter, before: str = "") -> dict[str, Any]:
    shown = page(wanted.apply(for_list(JobRun.objects.all())), before)
    query = {**wanted.query, "before": shown.next}
    return {
        "runs": shown.runs,
        "newest": f"?{urlencode(wanted.query)}" if before else "",
        "older": f"?{urlencode(query)}" if shown.next else "",
    }
