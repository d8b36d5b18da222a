"""The history: runs as a list, and each run in full."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from .. import actions
from ..access import SignedIn, may, staff_may
from ..attempts import attempts_at
from ..forms import RunFilter
from ..models import JobRun, JobSchedule
from ..paging import BadCursor, Page, page
from ..summary import event, flatten, for_list


@staff_may("view", "jobrun")
@require_safe
def runs_page(request: SignedIn) -> HttpResponse:
    wanted = RunFilter(request.GET)
    runs = wanted.apply(for_list(JobRun.objects.all()))
    before, problem = request.GET.get("before", ""), ""
    try:
        shown = page(runs, before)
    except BadCursor as error:
        shown, before, problem = page(runs), "", str(error)
    context = {
        "title": "Runs",
        "has_permission": True,
        "filter": wanted,
        "runs": shown.runs,
        "problem": problem,
        "newest": f"?{urlencode(wanted.query)}" if before else "",
        "older": _older(wanted, shown),
    }
    return render(request, "scheduling/runs.html", context)


def _older(wanted: RunFilter, shown: Page) -> str:
    return f"?{urlencode({**wanted.query, 'before': shown.next})}" if shown.next else ""


@staff_may("view", "jobrun")
@require_safe
def run_page(request: SignedIn, run_id: int) -> HttpResponse:
    run = get_object_or_404(JobRun, pk=run_id)
    schedule = JobSchedule.objects.filter(name=run.job_name).first()
    context = {
        "title": f"{run.job_name}, run {run.pk}",
        "has_permission": True,
        "run": run,
        "attempts": attempts_at(run, schedule),
        "result": flatten(run.result),
        "log": [event(each) for each in run.log],
        "may_cancel": run.is_active and may(request.user, "change", "jobrun"),
        "may_run_again": bool(
            schedule and schedule.job and may(request.user, "change", "jobschedule")
        ),
    }
    return render(request, "scheduling/run.html", context)


@require_POST
@staff_may("change", "jobrun")
def cancel(request: SignedIn, run_id: int) -> HttpResponse:
    run = get_object_or_404(JobRun, pk=run_id)
    try:
        actions.cancel(run, request.user)
    except actions.NotActive as error:
        messages.error(request, str(error))
    else:
        asked = "Asked the job to stop." if run.is_active else "Cancelled before it started."
        messages.success(request, asked)
    return redirect("scheduling-run", run_id)
