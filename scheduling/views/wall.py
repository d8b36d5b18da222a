"""A screen on the wall: what is wrong can be seen from across the room."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..access import SignedIn, may, staff_may
from ..failures import COUNTED, count_since
from ..glance import page
from ..live import part
from ..outlook import worker_state

JOBS = "scheduling/_wall_jobs.html"
WORKER = "scheduling/_wall_worker.html"
# No wall shows more, and SQLite refuses much deeper conditions.
MOST_JOBS = 200
# To find the last outcome behind attempts that still wait.
_SLOTS = 5
_DAY = timedelta(hours=24)
# Up to so many tiles they are large, up to so many they are of middle size.
_FEW, _SOME = 8, 30


@staff_may("view", "jobschedule")
@require_safe
def wall(request: SignedIn) -> HttpResponse:
    moment = now()
    jobs, worker = _jobs(request, moment), _worker(request, moment)
    wrong = jobs["wrong_jobs"] + worker["wrong_worker"]
    sign = f"✗ {wrong}" if wrong else "✓"
    context = {
        "title": f"{sign} {_('Wall')}",
        "has_permission": True,
        "wrong": wrong,
        **jobs,
        **worker,
    }
    return render(request, "scheduling/wall.html", context)


@staff_may("view", "jobschedule")
@require_safe
def jobs_part(request: SignedIn) -> HttpResponse:
    return part(request, JOBS, _jobs(request, now()))


@staff_may("view", "jobschedule")
@require_safe
def worker_part(request: SignedIn) -> HttpResponse:
    return part(request, WORKER, _worker(request, now()))


def _jobs(request: SignedIn, moment: datetime) -> dict[str, Any]:
    slots = _SLOTS if may(request.user, "view", "jobrun") else 0
    found = page(moment, size=MOST_JOBS, slots=slots)
    count = len(found.jobs)
    return {
        "jobs": found.jobs,
        "more": found.more,
        "wrong_jobs": sum(job.level == "bad" for job in found.jobs),
        "size": "few" if count <= _FEW else "some" if count <= _SOME else "many",
    }


def _worker(request: SignedIn, moment: datetime) -> dict[str, Any]:
    worker = worker_state(moment)
    may_view_runs = may(request.user, "view", "jobrun")
    return {
        "worker": worker,
        "wrong_worker": 0 if worker.leader and (worker.hands is None or worker.hands.alive) else 1,
        "may_view_runs": may_view_runs,
        "failed": count_since(moment - _DAY) if may_view_runs else 0,
        "most": COUNTED,
    }
