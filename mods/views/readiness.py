"""Whether the server's mods are ready for a version of the game."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scheduling.access import SignedIn, may, staff_may

from .. import readiness, targets
from ..compatibility import Fit
from ..models import GameVersion
from .rows import Rows


@staff_may("view", "mods.trackedmod")
@require_safe
def readiness_page(request: SignedIn) -> HttpResponse:
    known, problem = targets.versions(), ""
    chosen: GameVersion | None = None
    try:
        chosen = targets.choose(request.GET.get("version", ""), known)
    except targets.NoSuchVersion as error:
        problem, chosen = str(error), targets.newest_stable(known)
    tier, tiers = request.GET.get("tier", ""), list(map(str, Fit))
    report = readiness.report(chosen.version, now()) if chosen else None
    context = {
        "title": _("Upgrade readiness"),
        "has_permission": True,
        "problem": problem,
        "chosen": chosen,
        "versions": [each for each in known if not each.withdrawn_at or each == chosen],
        "report": report,
        "tier": tier if tier in tiers else "",
        "rows": Rows(
            [mod for mod in report.mods if tier not in tiers or mod.fit == tier] if report else [],
            request.GET,
        ),
        "may_add": may(request.user, "add", "mods.trackedmod"),
    }
    return render(request, "mods/readiness.html", context)
