"""Saving schedules that came with a form, wherever on the site it stands."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..access import SignedIn, may, staff_may
from ..foretold import ASKED, foretell, foretold, with_what_was_applied
from ..when_form import AdminNames, WhenForm, save

# As the pages name the fields, and as the admin does.
FORMS = (WhenForm, AdminNames)


def saved(request: SignedIn, forms: Sequence[WhenForm]) -> bool:
    """Save all of these forms or none, and tell what changed; False when they now say what is
    wrong with them, or what would come of them. Raises PermissionDenied."""
    if not may(request.user, "change", "jobschedule"):
        raise PermissionDenied
    told = None if ASKED in request.POST else save(forms, request.user)
    if told is None:
        for form in forms:
            foretell(form)
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
    schedule = get_object_or_404(with_what_was_applied(), name=name)
    forms = [form(schedule, request.GET) for form in FORMS]
    when = next((form for form in forms if form.is_sent), forms[0])
    context = {
        "title": name,
        "has_permission": True,
        "when": when,
        "schedule": schedule,
        "preview": foretold(schedule, when),
    }
    page = "_preview.html" if request.htmx else "preview.html"
    return render(request, f"scheduling/{page}", context)
