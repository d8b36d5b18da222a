"""/api/v1/runs: the history."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from .. import actions
from ..forms import RunFilter, whole_number
from ..models import JobRun
from ..paging import PAGE, BadCursor, page
from . import shapes
from .auth import allows, needs
from .documented import tells
from .envelope import ApiError, ok, refusals

router = Router(tags=["runs"])
MAX_LIMIT = 200
KNOWN = ("job", "status", "trigger", "since", "until", "before", "limit")


@router.get("", auth=needs("view", "jobrun"), openapi_extra=tells("runs", "next"))
def list_runs(
    request: HttpRequest,
    job: str = "",
    status: str = "",
    trigger: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
    limit: str = "",
) -> Any:
    """Newest first, without log, traceback and result; ``next`` is the cursor ``before``.

    ``since`` and ``until`` bound the slot, as dates and times with their offset or in the
    server's zone.
    """
    if unknown := [name for name in request.GET if name not in KNOWN]:
        told = {"name": unknown[0][:60], "known": ", ".join(KNOWN)}
        raise ApiError(422, _("%(name)s is not a filter of runs. Known: %(known)s.") % told)
    asked = {"job": job, "status": status, "trigger": trigger, "since": since, "until": until}
    wanted = RunFilter(asked)
    if not wanted.is_valid():
        raise ApiError(422, _refusal(asked, next(iter(wanted.errors))))
    size = whole_number(limit) if limit else PAGE
    if size is None or not 1 <= size <= MAX_LIMIT:
        raise ApiError(422, _("limit must be from 1 to %(most)d.") % {"most": MAX_LIMIT})
    try:
        found = page(wanted.apply(JobRun.objects.without_details()), before, size)
    except BadCursor as error:
        raise ApiError(422, str(error)) from None
    return ok(**shapes.runs(found))


@router.get("/{run_id}", auth=needs("view", "jobrun"), openapi_extra=tells("run"))
def get_run(request: HttpRequest, run_id: int) -> Any:
    run = shapes.run(_run(run_id))
    if not allows(request, "change", "jobrun"):
        # Source code and values that are nobody's business who only looks.
        run["traceback"] = ""
    return ok(run=run)


@router.post("/{run_id}/cancel", auth=needs("change", "jobrun"), openapi_extra=tells("run"))
def cancel_run(request: HttpRequest, run_id: int, why: shapes.Because | None = None) -> Any:
    """End a queued run, or ask a running one to stop, with a reason if one is sent."""
    run, why = _run(run_id), why or shapes.Because()
    try:
        with refusals():
            actions.cancel(run, request.auth, reason=why.reason)  # type: ignore[attr-defined]
    except actions.NotActive as error:
        raise ApiError(409, str(error), "RUN_NOT_ACTIVE") from None
    return ok(run=shapes.run(run))


def _refusal(asked: dict[str, str], field: str) -> str:
    told = {"field": field, "value": repr(asked[field][:50])}
    if field in ("since", "until"):
        text = _("%(field)s: %(value)s is no date and time like 2026-01-31T14:00:00+00:00.")
        return text % told
    return _("No run has the %(field)s %(value)s.") % told


def _run(run_id: int) -> JobRun:
    run = JobRun.objects.filter(pk=run_id).first()
    if run is None:
        message = _("There is no run %(run)d.") % {"run": run_id}
        raise ApiError(404, message, "RUN_NOT_FOUND")
    return run
