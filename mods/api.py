"""/api/v1/mods, /versions and /changes: what the upstreams told us."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from ninja import Router

from scheduling.api.auth import needs
from scheduling.api.documented import tells
from scheduling.api.envelope import ApiError, ok
from scheduling.forms import whole_number

from . import changelist, modpaging
from . import search as searching
from .models import Change, Channel, GameVersion, Kind, Mod, SourceCheck
from .modpaging import PAGE, Sort

router = Router(tags=["mods"])
MAX_LIMIT = 200
SIDES = ("client", "server", "both")


@router.get(
    "/versions",
    auth=needs("view", "mods.gameversion"),
    openapi_extra=tells("versions", "latest", "checked_at"),
)
def list_versions(request: HttpRequest, channel: str = "") -> Any:
    """Those in the feeds, newest first by the game's own order."""
    known(request, ("channel",))
    _one_of("channel", channel, Channel.values)
    listed = GameVersion.objects.listed().order_by("-packed")
    versions = [each for each in listed if channel in ("", each.channel)]
    checked = dict(SourceCheck.objects.values_list("source", "checked_at"))
    latest = {each.channel: each.version for each in listed if each.is_latest}
    return ok(
        versions=[_version(each) for each in versions],
        latest={name: latest.get(name) for name in Channel.values},
        checked_at={name: _moment(checked.get(name)) for name in Channel.values},
    )


@router.get("/mods", auth=needs("view", "mods.mod"), openapi_extra=tells("mods", "next"))
def list_mods(
    request: HttpRequest,
    search: str = "",
    side: str = "",
    tag: str = "",
    before: str = "",
    limit: str = "",
) -> Any:
    """Those in the catalogue, newest first; ``next`` is the cursor ``before``.

    Each word of ``search`` begins one of name, author, summary, identifiers or tags.
    """
    known(request, ("search", "side", "tag", "before", "limit"))
    _one_of("side", side, SIDES)
    try:
        shown = modpaging.page(_wanted(search, side, tag), Sort.NEWEST, before, _size(limit))
    except modpaging.BadCursor as error:
        raise ApiError(422, str(error)) from None
    return ok(mods=[_mod(each) for each in shown.mods], next=shown.next or None)


@router.get("/changes", auth=needs("view", "mods.change"), openapi_extra=tells("changes", "next"))
def list_changes(request: HttpRequest, kind: str = "", before: str = "", limit: str = "") -> Any:
    """What changed upstream, newest first; ``next`` is the cursor ``before``."""
    known(request, ("kind", "before", "limit"))
    _one_of("kind", kind, Kind.values)
    try:
        shown = changelist.page(kind, before, _size(limit))
    except changelist.BadCursor as error:
        raise ApiError(422, str(error)) from None
    return ok(changes=[_change(each) for each in shown.changes], next=shown.next or None)


def _wanted(text: str, side: str, tag: str) -> Any:
    mods = searching.narrowed(Mod.objects.listed(), text, tag)
    return mods.filter(side=side) if side else mods


def known(request: HttpRequest, names: Sequence[str]) -> None:
    """Refuses a call with parameters that it does not know."""
    if unknown := [name for name in request.GET if name not in names]:
        told = {"name": unknown[0][:60], "known": ", ".join(names)}
        raise ApiError(422, _("%(name)s is not a parameter of this call. Known: %(known)s.") % told)


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value and value not in allowed:
        told = {"name": name, "allowed": ", ".join(allowed)}
        raise ApiError(422, _("%(name)s must be one of: %(allowed)s.") % told)


def _size(limit: str) -> int:
    size = whole_number(limit) if limit else PAGE
    if size is None or not 1 <= size <= MAX_LIMIT:
        raise ApiError(422, _("limit must be from 1 to %(most)d.") % {"most": MAX_LIMIT})
    return size


def _moment(value: datetime | None) -> str | None:
    return localtime(value).isoformat() if value else None


def _version(each: GameVersion) -> dict[str, Any]:
    return {
        "version": each.version,
        "channel": each.channel,
        "is_latest": each.is_latest,
        "server_filename": each.server_filename,
        "server_url": each.server_url,
        "server_md5": each.server_md5,
        "server_size": each.server_size,
        "first_seen_at": _moment(each.first_seen_at),
    }


def _mod(each: Mod) -> dict[str, Any]:
    names = ("modid", "name", "author", "side", "type", "summary", "downloads", "tags")
    return {
        **{name: getattr(each, name) for name in names},
        "identifiers": each.identifiers,
        "last_released": _moment(each.last_released),
        "first_seen_at": _moment(each.first_seen_at),
    }


def _change(each: Change) -> dict[str, Any]:
    return {
        "id": each.pk,
        "kind": each.kind,
        "at": _moment(each.at),
        "modid": each.mod_id,
        "subject": each.subject,
        "version": each.version,
        "before": each.before,
        "after": each.after,
    }
