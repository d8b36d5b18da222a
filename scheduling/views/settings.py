"""The Job Configuration UI: every job, its interval, and what became of the last edit."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import actions, jobsettings
from ..access import SignedIn, may, staff_may
from ..audit import who_paused
from ..errors import SchedulingError
from ..forms import SettingsForm
from ..jobsettings import EditsRefused
from ..models import JobSchedule
from ..outlook import Outlook, annotated, outlook, outlooks
from ..pause_form import ALL_JOBS, PauseForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job on the page; ``field`` is there when its interval is a named setting.

    ``seen`` and ``revision`` travel with the form: what the editor of this page has read.
    ``paused_by`` is empty when nobody knows.
    """

    outlook: Outlook
    field: BoundField | None = None
    seen: int | None = None
    revision: int | None = None
    pause: PauseForm
    paused_by: str = ""


@staff_may("view", "jobschedule")
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: SignedIn) -> HttpResponse:
    if request.method == "POST":
        return _save(request)
    return settings_with(request, SettingsForm(jobsettings.schedules()))


@staff_may("change", "jobschedule")
def _save(request: SignedIn) -> HttpResponse:
    form = SettingsForm(jobsettings.schedules(), request.POST)
    moved_on: dict[str, JobSchedule] = {}
    if form.is_valid():
        try:
            told = jobsettings.save(form.edits(), request.user)
        except EditsRefused as refused:
            moved_on = refused.moved_on
            for setting, name in jobsettings.names().items():
                if name in refused.messages:
                    form.add_error(setting, refused.messages[name])
        else:
            _tell(request, told)
            return redirect("scheduling-settings")
    return settings_with(request, form, moved_on)


def _tell(request: SignedIn, told: list[str]) -> None:
    for text in told:
        messages.success(request, f"Saved. {text}")
    if not told:
        messages.info(request, "Nothing was changed.")


def settings_with(
    request: SignedIn,
    form: SettingsForm,
    moved_on: dict[str, JobSchedule] | None = None,
    refused: PauseForm | None = None,
) -> HttpResponse:
    """The page with these forms; ``refused`` is the one of a pause that can't be."""
    seen = list(outlooks(JobSchedule.objects.all()))
    paused = [each.schedule for each in seen if each.paused]
    paused_by = who_paused(paused) if paused else {}
    forms = _pause_forms(seen, refused)
    rows = [
        Row(
            outlook=each,
            pause=forms[f"pause-{each.schedule.name}"],
            paused_by=paused_by.get(each.schedule.pk, ""),
            **_field(each, form, moved_on or {}),
        )
        for each in seen
    ]
    context = {
        "title": "Settings",
        "has_permission": True,
        "form": form,
        "rows": rows,
        "pause_all": forms[ALL_JOBS],
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


def _field(each: Outlook, form: SettingsForm, moved_on: dict[str, JobSchedule]) -> dict[str, Any]:
    job = each.schedule.job
    setting = job.setting if job else ""
    if setting not in form.fields:
        return {}
    # After a refusal the form still says what its editor saw, unless they were just told
    # what has changed since: then saving again is meant.
    told = each.schedule.name in moved_on
    kept = form.is_bound and not told
    return {
        "field": form[setting],
        "seen": form.seen(setting) if kept else each.schedule.interval_seconds,
        "revision": form.revision(setting) if kept else each.schedule.revision,
    }


@staff_may("view", "jobschedule")
@require_safe
def applied_fragment(request: SignedIn, name: str) -> HttpResponse:
    """Whether the worker has applied a schedule, and what follows, to be fetched anew."""
    schedule = get_object_or_404(annotated(JobSchedule.objects.all()), name=name)
    may_view_runs = may(request.user, "view", "jobrun")
    context = {"outlook": outlook(schedule), "may_view_runs": may_view_runs}
    return render(request, "scheduling/_applied.html", context)


@require_POST
@staff_may("change", "jobschedule")
def run_now(request: SignedIn, name: str) -> HttpResponse:
    schedule = get_object_or_404(JobSchedule, name=name)
    try:
        run = actions.run_now(schedule, request.user)
    except SchedulingError as error:
        messages.error(request, str(error))
        return redirect("scheduling-settings")
    messages.success(request, f"Queued a run of {name}.")
    if may(request.user, "view", "jobrun"):
        return redirect("scheduling-run", run.pk)
    return redirect("scheduling-settings")
