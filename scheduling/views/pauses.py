"""The buttons that pause and resume, one job or all."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from .. import actions, jobsettings
from ..access import SignedIn, staff_may
from ..errors import SchedulingError
from ..forms import SettingsForm
from ..models import JobSchedule
from ..pause_form import ALL_JOBS, PauseForm
from .settings import settings_with


@require_POST
@staff_may("change", "jobschedule")
def pause(request: SignedIn, name: str) -> HttpResponse:
    schedule = get_object_or_404(JobSchedule, name=name)
    form = PauseForm(f"pause-{name}", request.POST)
    if not form.is_valid():
        return _refused(request, form)
    try:
        changed = actions.pause(schedule, request.user, **form.wanted)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        _tell(request, schedule, changed)
    return redirect("scheduling-settings")


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
    return redirect("scheduling-settings")


@require_POST
@staff_may("change", "jobschedule")
def pause_all(request: SignedIn) -> HttpResponse:
    form = PauseForm(ALL_JOBS, request.POST)
    if not form.is_valid():
        return _refused(request, form)
    if paused := actions.pause_all(request.user, **form.wanted):
        how = paused[0].pause_in_words(now()).removeprefix("paused")
        messages.success(request, f"Paused {_names(paused)}{how or '.'}")
    else:
        messages.info(request, "Nothing to do: every job is paused already.")
    return redirect("scheduling-settings")


@require_POST
@staff_may("change", "jobschedule")
def resume_all(request: SignedIn) -> HttpResponse:
    if resumed := actions.resume_all(request.user):
        messages.success(request, f"Resumed {_names(resumed)}.")
    else:
        messages.info(request, "Nothing to do: no job is paused.")
    return redirect("scheduling-settings")


def _tell(request: SignedIn, schedule: JobSchedule, changed: list[str]) -> None:
    name, pause = schedule.name, schedule.pause_in_words(now())
    if not changed:
        messages.info(request, f"Nothing to do for {name}.")
    elif pause:
        messages.success(request, f"Paused {name}{pause.removeprefix('paused') or '.'}")
    else:
        messages.success(request, f"Resumed {name}.")


def _names(schedules: list[JobSchedule]) -> str:
    return ", ".join(schedule.name for schedule in schedules)


def _refused(request: SignedIn, form: PauseForm) -> HttpResponse:
    return settings_with(request, SettingsForm(jobsettings.schedules()), refused=form)
