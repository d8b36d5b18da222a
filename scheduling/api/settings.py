"""/api/v1/settings: the intervals of the jobs that have a named one."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Router

from .. import jobsettings, triggers
from ..errors import InvalidSchedule
from ..jobsettings import Edit, EditsRefused
from ..models import JobSchedule
from .auth import needs
from .documented import tells
from .envelope import ApiError, ok

router = Router(tags=["settings"])


@router.get("", auth=needs("view", "jobschedule"), openapi_extra=tells("settings"))
def get_settings(request: HttpRequest) -> Any:  # noqa: ARG001
    return _settings()


@router.patch("", auth=needs("change", "jobschedule"), openapi_extra=tells("settings"))
def change_settings(request: HttpRequest, values: Body[dict[str, Any]]) -> Any:
    """Set intervals in seconds, all or none; 0 = disabled."""
    schedules = jobsettings.schedules()
    if unknown := [name for name in values if name not in schedules]:
        told = {"name": repr(unknown[0][:60]), "known": ", ".join(schedules) or _("none")}
        message = _("There is no setting %(name)s. Settings: %(known)s.") % told
        raise ApiError(404, message, "SETTING_UNKNOWN")
    edits = [_edit(schedules[name], name, value) for name, value in values.items()]
    try:
        jobsettings.save(edits, request.auth)  # type: ignore[attr-defined]
    except EditsRefused as refused:
        raise ApiError(422, str(refused), "SETTING_INVALID") from None
    return _settings()


def _edit(schedule: JobSchedule, name: str, value: Any) -> Edit:
    try:
        seconds = triggers.check_interval(value, schedule.min_interval)
    except InvalidSchedule as error:
        raise ApiError(422, f"{name}: {error}", "SETTING_INVALID") from None
    return Edit(schedule=schedule, fields={"interval_seconds": seconds})


def _settings() -> Any:
    stored = jobsettings.schedules()
    return ok(settings={name: row.interval_seconds for name, row in stored.items()})
