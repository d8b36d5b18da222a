"""Mods, releases and versions of the game to track and compare."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from mods.gameversion import Version
from mods.models import GameVersion, Mod, ModDetail, Release, TrackedMod

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
_releases = count(1)


def mod(modid: int, *identifiers: str, **fields: Any) -> Mod:
    usual = {
        "assetid": modid + 1_000,
        "name": identifiers[0].title() if identifiers else f"Tool {modid}",
        "author": "ann",
        "type": "mod",
        "side": "both",
        "identifiers": list(identifiers),
        "downloads": 10,
        "first_seen_at": NOON,
        "changed_at": NOON,
        "content_hash": str(modid),
    }
    return Mod.objects.create(modid=modid, **{**usual, **fields})


def fetched(of: Mod, **fields: Any) -> ModDetail:
    return ModDetail.objects.create(mod=of, **{"tried_at": NOON, "fetched_at": NOON, **fields})


def release(of: Mod, version: str, *game_versions: str, **fields: Any) -> Release:
    number = next(_releases)
    usual = {
        "identifier": of.identifiers[0],
        "packed": Version.parse(version).packed,
        "file_url": f"https://moddbcdn.vintagestory.at/{number}.zip",
        "created_at": NOON,
        "first_seen_at": NOON,
        "changed_at": NOON,
        "content_hash": str(number),
    }
    return Release.objects.create(
        releaseid=number,
        mod=of,
        version=version,
        game_versions=list(game_versions),
        **{**usual, **fields},
    )


def tracked(identifier: str, version: str = "", of: Mod | None = None, **fields: Any) -> TrackedMod:
    usual = {"origin": "list", "added_by": "ann", "added_at": NOON, "updated_at": NOON}
    return TrackedMod.objects.create(
        identifier=identifier, version=version, mod=of, **{**usual, **fields}
    )


def game(version: str, **fields: Any) -> GameVersion:
    usual = {
        "packed": Version.parse(version).packed,
        "channel": "unstable" if "-" in version else "stable",
        "first_seen_at": NOON,
        "changed_at": NOON,
    }
    return GameVersion.objects.create(version=version, **{**usual, **fields})
