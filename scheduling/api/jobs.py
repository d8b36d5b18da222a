"""/api/v1/jobs: what is scheduled, and what people do to it."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from .. import actions
from ..errors import UnknownJob
from ..models import JobSchedule
from ..outlook import annotated, outlook, outlooks
from . import shapes
from .auth import needs
from .documented import tells
from .envelope import ApiError, ok, refusals

router = Router(tags=["jobs"])


@router.get("", auth=needs("view", "jobschedule"), openapi_extra=tells("jobs"))
def list_jobs(request: HttpRequest) -> Any:  # noqa: ARG001
    """The jobs that are registered with the scheduler."""
    known = [each for each in outlooks(JobSchedule.objects.all()) if each.registered]
    return ok(jobs=[shapes.job(each) for each in known])


@router.delete("/{name}", auth=needs("delete", "jobschedule"), openapi_extra=tells("message"))
def delete_job(request: HttpRequest, name: str) -> Any:
    """Unschedule a job for good, over restarts too, until a person schedules it again."""
    schedule = _schedule(name)
    if not actions.unschedule(schedule, _caller(request)):
        raise _not_found(name)
    return ok(message=_("%(job)s is no longer scheduled.") % {"job": name})


@router.patch("/{name}", auth=needs("change", "jobschedule"), openapi_extra=tells("job"))
def change_job(request: HttpRequest, name: str, patch: shapes.SchedulePatch) -> Any:
    """Change a schedule. A cron text wins over the interval; "" takes it away."""
    schedule = _schedule(name)
    fields = {field: getattr(patch, field) for field in patch.model_fields_set}
    with refusals("INVALID_SCHEDULE"):
        actions.change(schedule, _caller(request), **fields)
    return _job(name)


@router.post(
    "/{name}/run",
    auth=needs("change", "jobschedule"),
    response={202: Any},
    openapi_extra=tells("run_id"),
)
def run_job(request: HttpRequest, name: str, why: shapes.Because | None = None) -> Any:
    """Queue a run for the worker, with a reason if one is sent."""
    schedule, why = _schedule(name), why or shapes.Because()
    try:
        with refusals():
            run = actions.run_now(schedule, _caller(request), reason=why.reason)
    except UnknownJob as error:
        raise ApiError(404, str(error), "JOB_NOT_FOUND") from None
    except actions.AlreadyQueued as error:
        raise ApiError(409, str(error), "RUN_ALREADY_QUEUED") from None
    return Status(202, ok(run_id=run.pk))


@router.post("/{name}/pause", auth=needs("change", "jobschedule"), openapi_extra=tells("job"))
def pause_job(request: HttpRequest, name: str, how: shapes.Pause | None = None) -> Any:
    """Pause, until a time if one is sent."""
    schedule, how = _schedule(name), how or shapes.Pause()
    with refusals("INVALID_SCHEDULE"):
        actions.pause(schedule, _caller(request), until=how.until, reason=how.reason)
    return _job(name)


@router.post("/{name}/resume", auth=needs("change", "jobschedule"), openapi_extra=tells("job"))
def resume_job(request: HttpRequest, name: str) -> Any:
    actions.resume(_schedule(name), _caller(request))
    return _job(name)


def _caller(request: HttpRequest) -> Any:
    return request.auth  # type: ignore[attr-defined]


def _schedule(name: str) -> JobSchedule:
    schedule = JobSchedule.objects.filter(name=name).first()
    if schedule is None:
        raise _not_found(name)
    return schedule


def _not_found(name: str) -> ApiError:
    message = _("No job called %(job)s is scheduled.") % {"job": repr(name)}
    return ApiError(404, message, "JOB_NOT_FOUND")


def _job(name: str) -> Any:
    return ok(job=shapes.job(outlook(annotated(JobSchedule.objects.all()).get(name=name))))
