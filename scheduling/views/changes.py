"""Who did what, as a list."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from .. import changes
from ..access import SignedIn, may, staff_may
from ..change_filter import ChangeFilter
from ..live import part


@staff_may("view", "jobschedule")
@require_safe
def changes_page(request: SignedIn) -> HttpResponse:
    wanted, before, problem = ChangeFilter(request.GET), request.GET.get("before", ""), ""
    try:
        context = _list(request, wanted, before)
    except changes.BadPlace as error:
        before, problem = "", str(error)
        context = _list(request, wanted)
    context |= {
        "title": _("Changes"),
        "has_permission": True,
        "filter": wanted,
        "problem": problem,
        "newest": f"?{urlencode(wanted.query)}" if before else "",
        "live_query": urlencode(wanted.query),
    }
    return render(request, "scheduling/changes.html", context)


@staff_may("view", "jobschedule")
@require_safe
def newest(request: SignedIn) -> HttpResponse:
    """The top of the list, to be fetched anew."""
    return part(request, "scheduling/_changes.html", _list(request, ChangeFilter(request.GET)))


def _list(request: SignedIn, wanted: ChangeFilter, before: str = "") -> dict[str, Any]:
    page = changes.page(job=wanted.asked["job"], by=wanted.asked["by"], before=before)
    older = f"?{urlencode({**wanted.query, 'before': page.older})}" if page.older else ""
    return {
        "page": page,
        "older": older,
        "narrowed": bool(wanted.query),
        "may_view_runs": may(request.user, "view", "jobrun"),
    }
