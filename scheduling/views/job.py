"""All about one job: how it stands, how long it takes, what is set, what happened."""

from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from .. import changes
from ..access import SignedIn, may, staff_may
from ..activity import activity, with_activity
from ..audit import who_paused
from ..differences import policies
from ..live import part
from ..models import JobRun, JobSchedule
from ..outlook import annotated, outlook
from ..pause_form import PauseForm
from ..revert import earlier
from ..runchart import chart, last_ended
from ..summary import for_list
from ..tally import tally
from ..when_form import WhenForm
from .when import saved

HISTORY = 20
# Of the changes that are read for going back, so many are shown unfolded.
CHANGES, SHOWN_CHANGES = 20, 5


@staff_may("view", "jobschedule")
@require_http_methods(["GET", "HEAD", "POST"])
def job_page(request: SignedIn, name: str) -> HttpResponse:
    if request.method != "POST":
        return job_with(request, name)
    forms = WhenForm.sent([get_object_or_404(JobSchedule, name=name)], request.POST)
    if saved(request, forms):
        return redirect("scheduling-job", name)
    return job_with(request, name, when=forms[0] if forms else None)


def job_with(
    request: SignedIn,
    name: str,
    *,
    when: WhenForm | None = None,
    refused: PauseForm | None = None,
) -> HttpResponse:
    """The page; ``when`` and ``refused`` are forms that say what is wrong with them."""
    schedule = _schedule(name)
    context = {
        "title": name,
        "has_permission": True,
        **_head(request, schedule),
        **({**_times(name), **_history(name)} if may(request.user, "view", "jobrun") else {}),
        **_earlier(schedule),
        "when": when or WhenForm(schedule),
        "pause_form": refused or PauseForm(f"pause-{name}"),
        "policies": policies(schedule),
        "may_change": may(request.user, "change", "jobschedule"),
    }
    return render(request, "scheduling/job.html", context)


@staff_may("view", "jobschedule")
@require_safe
def job_head(request: SignedIn, name: str) -> HttpResponse:
    """How the job stands, to be fetched anew."""
    return part(request, "scheduling/_job_head.html", _head(request, _schedule(name)))


@staff_may("view", "jobrun")
@require_safe
def job_times(request: SignedIn, name: str) -> HttpResponse:
    """How long the last runs took, to be fetched anew."""
    return part(request, "scheduling/_job_times.html", _times(name))


@staff_may("view", "jobrun")
@require_safe
def job_history(request: SignedIn, name: str) -> HttpResponse:
    """The newest runs, to be fetched anew."""
    return part(request, "scheduling/_job_history.html", _history(name))


def _schedule(name: str) -> JobSchedule:
    return get_object_or_404(_schedules(), name=name)


# The same for each request, and building it takes as long as asking.
@cache
def _schedules() -> QuerySet[JobSchedule]:
    return with_activity(annotated(JobSchedule.objects.all()))


def _head(request: SignedIn, schedule: JobSchedule) -> dict[str, Any]:
    seen = outlook(schedule)
    return {
        "outlook": seen,
        "schedule": schedule,
        "activity": activity(schedule),
        "paused_by": who_paused([schedule]).get(schedule.pk, "") if seen.paused else "",
        "may_view_runs": may(request.user, "view", "jobrun"),
    }


def _times(name: str) -> dict[str, Any]:
    ended = last_ended(JobRun.objects.filter(job_name=name))
    return {"name": name, "chart": chart(ended), "tally": tally(ended)}


def _history(name: str) -> dict[str, Any]:
    runs = for_list(JobRun.objects.filter(job_name=name)).order_by("-scheduled_for", "-attempt")
    return {"name": name, "runs": list(runs[:HISTORY])}


def _earlier(schedule: JobSchedule) -> dict[str, Any]:
    made = changes.of_schedule(schedule, CHANGES + 1)
    first = changes.first_of(schedule) if len(made) > CHANGES else None
    if made and first is None:
        first = made[-1]
    states = earlier(schedule, made[:CHANGES], first, now())
    return {"shown_changes": states[:SHOWN_CHANGES], "older_changes": states[SHOWN_CHANGES:]}
