"""The versions of the game, and what changed upstream."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scheduling.access import SignedIn, staff_may

from .. import changelist
from ..models import Channel, GameVersion, Kind, SourceCheck

_NEW = timedelta(days=7)


@staff_may("view", "mods.gameversion")
@require_safe
def versions_page(request: SignedIn) -> HttpResponse:
    known, since = list(GameVersion.objects.order_by("-packed")), now() - _NEW
    checked = dict(SourceCheck.objects.values_list("source", "checked_at"))
    channels = [
        {
            "name": channel.value,
            "label": channel.label,
            "checked_at": checked.get(channel.value),
            "listed": [v for v in known if v.channel == channel and not v.withdrawn_at],
            "withdrawn": [v for v in known if v.channel == channel and v.withdrawn_at],
            "new": _new((v for v in known if v.channel == channel), since),
        }
        for channel in Channel
    ]
    context = {
        "title": _("Game versions"),
        "has_permission": True,
        "channels": channels,
    }
    return render(request, "mods/versions.html", context)


def _new(versions: Iterable[GameVersion], since: datetime) -> set[str]:
    """Those that came lately, and not with all the others when the channel was first read."""
    seen = {each.version: each.first_seen_at for each in versions}
    first_load = min(seen.values(), default=since)
    return {version for version, at in seen.items() if at >= since and at > first_load}


@staff_may("view", "mods.change")
@require_safe
def changes_page(request: SignedIn) -> HttpResponse:
    kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    problem = ""
    if kind and kind not in Kind.values:
        kind, problem = "", _("There is no such kind of change: all are shown.")
    try:
        shown = changelist.page(kind, before)
    except changelist.BadCursor as error:
        shown, before, problem = changelist.page(kind), "", str(error)
    asked = {"kind": kind} if kind else {}
    context = {
        "title": _("What changed"),
        "has_permission": True,
        "kinds": Kind.choices,
        "kind": kind,
        "problem": problem,
        "changes": shown.changes,
        "newest": f"?{urlencode(asked)}" if before else "",
        "older": f"?{urlencode({**asked, 'before': shown.next})}" if shown.next else "",
    }
    return render(request, "mods/changes.html", context)
