"""Saving schedules that came with a form, wherever on the site it stands."""

import contextlib
from collections.abc import Sequence
from copy import copy
from functools import cache

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from .. import history
from ..access import SignedIn, may, staff_may
from ..errors import InvalidSchedule
from ..models import JobSchedule
from ..outlook import annotated, outlook
from ..preview import Applied
from ..preview import preview as foretell
from ..when_form import AdminNames, WhenForm, save

# As the pages name the fields, and as the admin does.
FORMS = (WhenForm, AdminNames)


def saved(request: SignedIn, forms: Sequence[WhenForm]) -> bool:
    """Save all of these forms or none, and tell what changed; False when they now say what is
    wrong with them. Raises PermissionDenied."""
    if not may(request.user, "change", "jobschedule"):
        raise PermissionDenied
    told = save(forms, request.user)
    if told is None:
        return False
    for text in told:
        messages.success(request, _("Saved. %s") % text)
    if not told:
        messages.info(request, _("Nothing was changed."))
    return True


@staff_may("view", "jobschedule")
@require_safe
def preview(request: SignedIn, name: str) -> HttpResponse:
    """What would come of the fields as they stand, while somebody types; without fields, what
    comes of the schedule as it is stored."""
    schedule = get_object_or_404(_with_what_was_applied(), name=name)
    forms = [form(schedule, request.GET) for form in FORMS]
    when = next((form for form in forms if form.is_sent), forms[0])
    context = {"title": name, "has_permission": True, "when": when, "schedule": schedule}
    if not when.is_sent or not when.errors:
        wanted = copy(schedule)
        for field, value in (when.wanted if when.is_sent else {}).items():
            setattr(wanted, field, value)
        with contextlib.suppress(InvalidSchedule):
            context["preview"] = foretell(schedule, wanted, applied(schedule), now())
    page = "_preview.html" if request.htmx else "preview.html"
    return render(request, f"scheduling/{page}", context)


# The same for each request, and building it takes as long as asking.
@cache
def _with_what_was_applied() -> QuerySet[JobSchedule]:
    began = history.runs_that_began(OuterRef("name"))
    return annotated(JobSchedule.objects.all()).annotate(has_run=Exists(began))


def applied(schedule: JobSchedule) -> Applied:
    """Of a schedule that came with what was applied of it; asks for its newest slot."""
    seen, moment = outlook(schedule), now()
    try:
        trigger = schedule.trigger()
    except InvalidSchedule:
        trigger = None
    spec = seen.state.applied_spec if seen.state else {}
    paused = bool(spec.get("paused"))
    before_the_pause = seen.state.paused_slot_at if seen.state and paused else None
    return Applied(
        schedule=schedule.spec(moment)["schedule"] if seen.applied else spec.get("schedule"),
        trigger=trigger if seen.applied else None,
        registered=seen.registered,
        paused=paused,
        next_run=seen.next_run_time or before_the_pause,
        last_slot=history.last_slot(schedule.name),
        has_run=schedule.__dict__["has_run"],
    )
