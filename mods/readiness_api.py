"""/api/v1/readiness: whether the tracked mods are ready for a version of the game."""

from typing import Any

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router

from scheduling.api.auth import needs
from scheduling.api.documented import tells
from scheduling.api.envelope import ApiError, ok

from . import readiness, readiness_words, targets
from .api import known

router = Router(tags=["mods"])


@router.get(
    "",
    auth=needs("view", "mods.trackedmod"),
    openapi_extra=tells("version", "ready", "total", "counts", "mods"),
)
def get_readiness(request: HttpRequest, version: str = "") -> Any:
    """For a version of the game, the newest stable one if none is named; worst first."""
    known(request, ("version",))
    try:
        chosen = targets.choose(version, targets.versions())
    except targets.NoSuchVersion as error:
        raise ApiError(422, str(error), "VERSION_UNKNOWN") from None
    return ok(**readiness_words.told(readiness.report(chosen.version, now())))
