"""A run in full, and what people may do to it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from .. import actions
from ..access import SignedIn, may, staff_may
from ..errors import SchedulingError
from ..live import part
from ..models import Cause, JobRun, JobSchedule
from ..story import story_of
from ..templatetags.runs import headline


@staff_may("view", "jobrun")
@require_safe
def run_page(request: SignedIn, run_id: int) -> HttpResponse:
    context = _told(request, run_id)
    run = context["run"]
    title = f"{headline(run)}, {_('run %s') % run.pk}"
    context = {"title": title, "has_permission": True, **context}
    return render(request, "scheduling/run.html", context)


@staff_may("view", "jobrun")
@require_safe
def run_part(request: SignedIn, run_id: int) -> HttpResponse:
    """All of the page that changes while the run goes on."""
    return part(request, "scheduling/_run.html", _told(request, run_id))


def _told(request: SignedIn, run_id: int) -> dict[str, Any]:
    try:
        story = story_of(run_id, timezone.now())
    except OverflowError:
        # SQLite has no numbers that long.
        story = None
    if story is None:
        raise Http404
    run, may_run = story.run, may(request.user, "change", "jobschedule")
    return {
        "story": story,
        "run": run,
        "attempts": story.attempts,
        "may_see_traceback": may(request.user, "change", "jobrun"),
        "may_cancel": run.is_active and may(request.user, "change", "jobrun"),
        "may_run_again": may_run and story.can_run_again,
        "may_view_job": story.has_schedule and may(request.user, "view", "jobschedule"),
    }


@require_POST
@staff_may("change", "jobrun")
def cancel(request: SignedIn, run_id: int) -> HttpResponse:
    run = get_object_or_404(JobRun, pk=run_id)
    try:
        actions.cancel(run, request.user, reason=request.POST.get("reason", ""))
    except (ValidationError, actions.NotActive) as error:
        messages.error(request, _in_words(error))
    else:
        asked = _("Asked the job to stop.") if run.is_active else _("Cancelled before it started.")
        messages.success(request, asked)
    return redirect("scheduling-run", run_id)


@require_POST
@staff_may("change", "jobschedule")
def run_again(request: SignedIn, run_id: int) -> HttpResponse:
    """Queue a run of the same job; leads to it, or to the one that waits already."""
    name = get_object_or_404(JobRun.objects.only("job_name"), pk=run_id).job_name
    schedule, shown = get_object_or_404(JobSchedule, name=name), run_id
    try:
        shown = actions.run_now(schedule, request.user, reason=request.POST.get("reason", "")).pk
    except actions.AlreadyQueued as error:
        waiting = JobRun.objects.queued().filter(job_name=name, trigger=Cause.MANUAL)
        shown = waiting.values_list("pk", flat=True).first() or run_id
        messages.error(request, str(error))
    except (ValidationError, SchedulingError) as error:
        messages.error(request, _in_words(error))
    else:
        messages.success(request, _("Queued a run of %s.") % name)
    if may(request.user, "view", "jobrun"):
        return redirect("scheduling-run", shown)
    return redirect("scheduling-settings")


def _in_words(error: ValidationError | SchedulingError) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
