"""The button that takes a schedule back to how it was."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from .. import changes
from ..access import SignedIn, staff_may
from ..errors import SchedulingError
from ..forms import whole_number
from ..models import JobSchedule
from ..revert import AFTER, BEFORE, go_back, state

_NEVER = -1


@require_POST
@staff_may("change", "jobschedule")
def revert(request: SignedIn, name: str, entry_id: int) -> HttpResponse:
    """Back to how it was after the change ``entry_id``, or before it with ``side=before``."""
    schedule = get_object_or_404(JobSchedule, name=name)
    change, side = changes.entry_of(schedule, entry_id), request.POST.get("side", AFTER)
    if change is None or side not in (BEFORE, AFTER) or not state(change, side):
        raise Http404
    seen = whole_number(request.POST.get("revision", ""))
    # What nobody can have seen is told like a change that came meanwhile.
    revision = _NEVER if seen is None else seen
    try:
        changed = go_back(schedule, change, side, request.user, revision=revision)
    except ValidationError as error:
        why = " ".join(error.messages)
        messages.error(request, _("It can't go back to that: %s") % why)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        _tell(request, changed)
    return redirect("scheduling-job", name)


def _tell(request: SignedIn, changed: list[str]) -> None:
    if changed:
        messages.success(request, _("Taken back: %s") % ", ".join(changed))
    else:
        messages.info(request, _("Nothing to do: it is like that already."))
