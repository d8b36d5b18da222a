"""The Job Configuration UI: every job, its interval, and what became of the last edit."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import actions, declared
from ..access import SignedIn, may, staff_may
from ..activity import Activity, activity, with_activity
from ..audit import who_paused
from ..errors import SchedulingError
from ..live import part
from ..models import JobSchedule
from ..outlook import Outlook, annotated, outlook, outlooks
from ..pause_form import ALL_JOBS, PauseForm
from ..when_form import WhenForm
from .back import back
from .when import saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job on the page; ``paused_by`` is empty when nobody knows."""

    outlook: Outlook
    activity: Activity
    when: WhenForm
    pause: PauseForm
    paused_by: str = ""


@staff_may("view", "jobschedule")
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: SignedIn) -> HttpResponse:
    if request.method != "POST":
        return settings_with(request)
    forms = WhenForm.sent(JobSchedule.objects.all(), request.POST)
    if saved(request, forms):
        return redirect("scheduling-settings")
    return settings_with(request, forms)


def settings_with(
    request: SignedIn, whens: Sequence[WhenForm] = (), refused: PauseForm | None = None
) -> HttpResponse:
    """The page with these forms; ``refused`` is the one of a pause that can't be."""
    seen = list(outlooks(with_activity(JobSchedule.objects.all())))
    paused = [each.schedule for each in seen if each.paused]
    paused_by = who_paused(paused) if paused else {}
    pauses = _pause_forms(seen, refused)
    typed = {when.schedule.pk: when for when in whens}
    rows = [
        Row(
            outlook=each,
            activity=activity(each.schedule),
            when=typed.get(each.schedule.pk) or WhenForm(each.schedule),
            pause=pauses[f"pause-{each.schedule.name}"],
            paused_by=paused_by.get(each.schedule.pk, ""),
        )
        for each in seen
    ]
    context = {
        "title": _("Settings"),
        "has_permission": True,
        "has_errors": any(when.errors for when in whens),
        "rows": rows,
        "drift": declared.compared(now()),
        "pause_all": pauses[ALL_JOBS],
        "some_paused": bool(paused),
        "some_running": len(paused) < len(seen),
        "may_change": may(request.user, "change", "jobschedule"),
        "may_view_runs": may(request.user, "view", "jobrun"),
    }
    return render(request, "scheduling/settings.html", context)


def _pause_forms(seen: list[Outlook], refused: PauseForm | None) -> dict[str, PauseForm]:
    names = [ALL_JOBS, *(f"pause-{each.schedule.name}" for each in seen)]
    forms = {name: PauseForm(name) for name in names}
    return {**forms, refused.form_id: refused} if refused else forms


@staff_may("view", "jobschedule")
@require_safe
def applied_fragment(request: SignedIn, name: str) -> HttpResponse:
    """Whether the worker has applied a schedule, and what follows, to be fetched anew."""
    schedules = with_activity(annotated(JobSchedule.objects.all()))
    schedule = get_object_or_404(schedules, name=name)
    may_view_runs = may(request.user, "view", "jobrun")
    context = {
        "outlook": outlook(schedule),
        "activity": activity(schedule),
        "may_view_runs": may_view_runs,
    }
    shown = "_saved" if request.GET.get("part") == "line" else "_applied"
    return part(request, f"scheduling/{shown}.html", context)


@require_POST
@staff_may("change", "jobschedule")
def run_now(request: SignedIn, name: str) -> HttpResponse:
    """Queue a run, and look at it; what can't be goes back to the page that asked."""
    schedule = get_object_or_404(JobSchedule, name=name)
    try:
        run = actions.run_now(schedule, request.user, reason=request.POST.get("reason", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return back(request, "scheduling-settings")
    except SchedulingError as error:
        messages.error(request, str(error))
        return back(request, "scheduling-settings")
    messages.success(request, _("Queued a run of %(job)s.") % {"job": name})
    if may(request.user, "view", "jobrun"):
        return redirect("scheduling-run", run.pk)
    return back(request, "scheduling-settings")
