"""The Job Configuration UI: every job, its interval, and what became of the last edit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import actions, jobsettings
from ..access import SignedIn, may, staff_may
from ..errors import SchedulingError
from ..forms import SettingsForm
from ..jobsettings import EditsRefused
from ..models import JobSchedule
from ..outlook import Outlook, annotated, outlook, outlooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job on the page; ``field`` is there when its interval is a named setting.

    ``seen`` and ``revision`` travel with the form: what the editor of this page has read.
    """

    outlook: Outlook
    field: BoundField | None
    seen: int | None
    revision: int | None


@staff_may("view", "jobschedule")
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: SignedIn) -> HttpResponse:
    if request.method == "POST":
        return _save(request)
    return _page(request, SettingsForm(jobsettings.schedules()))


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
    return _page(request, form, moved_on)


def _tell(request: SignedIn, told: list[str]) -> None:
    for text in told:
        messages.success(request, f"Saved. {text}")
    if not told:
        messages.info(request, "Nothing was changed.")


def _page(
    request: SignedIn, form: SettingsForm, moved_on: dict[str, JobSchedule] | None = None
) -> HttpResponse:
    rows = [_row(each, form, moved_on or {}) for each in outlooks(JobSchedule.objects.all())]
    context = {
        "title": "Settings",
        "has_permission": True,
        "form": form,
        "rows": rows,
        "has_fields": any(row.field for row in rows),
        "may_change": may(request.user, "change", "jobschedule"),
        "may_view_runs": may(request.user, "view", "jobrun"),
    }
    return render(request, "scheduling/settings.html", context)


def _row(each: Outlook, form: SettingsForm, moved_on: dict[str, JobSchedule]) -> Row:
    job = each.schedule.job
    setting = job.setting if job else ""
    if setting not in form.fields:
        return Row(outlook=each, field=None, seen=None, revision=None)
    # After a refusal the form still says what its editor saw, unless they were just told
    # what has changed since: then saving again is meant.
    told = each.schedule.name in moved_on
    kept = form.is_bound and not told
    return Row(
        outlook=each,
        field=form[setting],
        seen=form.seen(setting) if kept else each.schedule.interval_seconds,
        revision=form.revision(setting) if kept else each.schedule.revision,
    )


@staff_may("view", "jobschedule")
@require_safe
def applied_fragment(request: SignedIn, name: str) -> HttpResponse:
    """The line that says whether the worker has applied a schedule, to be fetched anew."""
    schedule = get_object_or_404(annotated(JobSchedule.objects.all()), name=name)
    return render(request, "scheduling/_applied.html", {"outlook": outlook(schedule)})


def _job_action(act: Callable[[JobSchedule, Any], list[str]], done: str) -> Callable[..., Any]:
    @require_POST
    @staff_may("change", "jobschedule")
    def view(request: SignedIn, name: str) -> HttpResponse:
        schedule = get_object_or_404(JobSchedule, name=name)
        try:
            changed = act(schedule, request.user)
        except SchedulingError as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request, f"{done} {name}." if changed else f"Nothing to do for {name}."
            )
        return redirect("scheduling-settings")

    return view


pause = _job_action(actions.pause, "Paused")
resume = _job_action(actions.resume, "Resumed")


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
