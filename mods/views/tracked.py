"""The mods that the operator's server runs, and where more are added."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scheduling.access import SignedIn, may, staff_may

from .. import modpicker, tracked_list, uploads
from ..tracked_list import Tracked
from ..tracking_steps import Outcome
from .rows import Rows

# What of the list is shown, by the word in the address.
SHOWN: dict[str, Callable[[Tracked], bool]] = {
    "updates": lambda each: each.has_update,
    "problems": lambda each: bool(each.problems or each.unmet),
}


@staff_may("view", "mods.trackedmod")
@require_safe
def tracked_page(request: SignedIn) -> HttpResponse:
    return page_with(request)


def page_with(
    request: SignedIn,
    *,
    done: Outcome | None = None,
    typed: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, with what came of the last thing that was done."""
    known = tracked_list.tracked()
    show = request.GET.get("show", "")
    may_add = may(request.user, "add", "mods.trackedmod")
    asked = request.GET.get("q", "").strip()[:100] if may_add else ""
    context = {
        "title": _("Tracked mods"),
        "has_permission": True,
        "rows": Rows(list(filter(SHOWN[show], known)) if show in SHOWN else known, request.GET),
        "total": len(known),
        "shown": show if show in SHOWN else "",
        "updates": _count(known, "updates"),
        "problems": _count(known, "problems"),
        "unread": sum(each.is_unread for each in known),
        "may_refresh": may(request.user, "change", "jobschedule"),
        "may_add": may_add,
        "may_change": may(request.user, "change", "mods.trackedmod"),
        "may_remove": may(request.user, "delete", "mods.trackedmod"),
        "asked": asked,
        "found": modpicker.find(asked, known) if asked else [],
        "done": done,
        "typed": typed,
        "problem": problem,
        "limits": {"file": uploads.MAX_FILE >> 20, "total": uploads.MAX_TOTAL >> 20},
    }
    return render(request, "mods/tracked.html", context, status=status)


def _count(known: list[Tracked], show: str) -> int:
    return sum(map(SHOWN[show], known))
