"""The buttons that pause and resume, one job or all."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from .. import actions
from ..access import SignedIn, staff_may
from ..errors import SchedulingError
from ..models import JobSchedule
from ..models.schedule import to_the_minute
from ..pause_form import ALL_JOBS, PauseForm
from .back import back
from .job import job_with
from .settings import settings_with


@require_POST
@staff_may("change", "jobschedule")
def pause(request: SignedIn, name: str) -> HttpResponse:
    schedule = get_object_or_404(JobSchedule, name=name)
    form = PauseForm(f"pause-{name}", request.POST)
    if not form.is_valid():
        if request.POST.get("next") == reverse("scheduling-job", args=[name]):
            return job_with(request, name, refused=form)
        return _refused(request, form)
    try:
        changed = actions.pause(schedule, request.user, **form.wanted)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        _tell(request, schedule, changed)
    return back(request, "scheduling-settings")


@require_POST
@staff_may("change", "jobschedule")
def resume(request: SignedIn, name: str) -> HttpResponse:
    schedule = get_object_or_404(JobSchedule, name=name)
    try:
        changed = actions.resume(schedule, request.user)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        _tell(request, schedule, changed)
    return back(request, "scheduling-settings")


@require_POST
@staff_may("change", "jobschedule")
def pause_all(request: SignedIn) -> HttpResponse:
    form = PauseForm(ALL_JOBS, request.POST)
    if not form.is_valid():
        return _refused(request, form)
    if paused := actions.pause_all(request.user, **form.wanted):
        messages.success(request, _paused(paused))
    else:
        messages.info(request, _("Nothing to do: every job is paused already."))
    return redirect("scheduling-settings")


@require_POST
@staff_may("change", "jobschedule")
def resume_all(request: SignedIn) -> HttpResponse:
    if resumed := actions.resume_all(request.user):
        messages.success(request, _("Resumed %(jobs)s.") % {"jobs": _names(resumed)})
    else:
        messages.info(request, _("Nothing to do: no job is paused."))
    return redirect("scheduling-settings")


def _tell(request: SignedIn, schedule: JobSchedule, changed: list[str]) -> None:
    if not changed:
        messages.info(request, _("Nothing to do for %(job)s.") % {"job": schedule.name})
    elif schedule.is_paused(now()):
        messages.success(request, _paused([schedule]))
    else:
        messages.success(request, _("Resumed %(jobs)s.") % {"jobs": schedule.name})


def _paused(schedules: list[JobSchedule]) -> str:
    """``Paused tides until 2026-11-24 08:00 UTC: deploy``: all of them alike."""
    until, reason = schedules[0].paused_until, schedules[0].pause_reason
    if until and reason:
        text = _("Paused %(jobs)s until %(until)s: %(reason)s")
    elif until:
        text = _("Paused %(jobs)s until %(until)s")
    else:
        text = _("Paused %(jobs)s: %(reason)s") if reason else _("Paused %(jobs)s.")
    told = to_the_minute(until) if until else ""
    return text % {"jobs": _names(schedules), "until": told, "reason": reason}


def _names(schedules: list[JobSchedule]) -> str:
    return ", ".join(schedule.name for schedule in schedules)


def _refused(request: SignedIn, form: PauseForm) -> HttpResponse:
    return settings_with(request, refused=form)
