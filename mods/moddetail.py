"""The details of one mod, ``mod`` of ``GET /api/mod/{modid}``, checked field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from .fields import BadField, integer, kind, text, text_or_null, texts, time, web_address
from .gameversion import Version
from .modversion import strict
from .rejections import BadRow

# Begins every digest, in two letters. Count it up when details are read differently: all of them
# are then fetched anew, and what only our reading has changed is not taken for an edit.
FORMAT = "01"

_MAX_TEXT = 200_000
_MAX_CHANGELOG = 50_000
_MAX_RELEASES = 2_000
# What the mod database says of a release without versions of the game.
_NO_VERSION = "0.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """A usable release, under the names and within the lengths of ``models.Release``."""

    releaseid: int
    identifier: str
    version: str
    packed: int | None
    game_versions: list[str]
    filename: str
    file_url: str
    changelog: str
    created_at: datetime | None
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Usable details, under the names and within the lengths of ``models.ModDetail``."""

    modid: int
    text: str
    homepage_url: str
    source_url: str
    issues_url: str
    wiki_url: str
    releases: list[ReleaseRow]


def read(raw: Mapping[str, Any], asked: int) -> Detail:
    """The details of the mod that was asked for; raises BadRow, which names the field."""
    try:
        return _detail(raw, asked)
    except BadField as error:
        raise BadRow(f"mod {asked}: {error}") from None
    except KeyError as missing:
        raise BadRow(f"mod {asked} has no {missing.args[0]}") from None


def _detail(raw: Mapping[str, Any], asked: int) -> Detail:
    modid = integer(raw, "modid", least=1)
    if modid != asked:
        raise BadField(f"modid is {modid}, another mod's")
    return Detail(
        modid=modid,
        text=_told(raw, "text", _MAX_TEXT),
        homepage_url=web_address(_told(raw, "homepageurl")),
        source_url=web_address(_told(raw, "sourcecodeurl")),
        issues_url=web_address(_told(raw, "issuetrackerurl")),
        wiki_url=web_address(_told(raw, "wikiurl")),
        releases=_releases(raw["releases"]),
    )


def _releases(raw: object) -> list[ReleaseRow]:
    """All of them or none: one that was left out would seem to be retracted."""
    if not isinstance(raw, list):
        raise BadField(f"releases is {kind(raw)} instead of a list")
    if len(raw) > _MAX_RELEASES:
        raise BadField(f"releases are {len(raw):,}, more than the {_MAX_RELEASES:,} that are read")
    releases: dict[int, ReleaseRow] = {}
    for number, each in enumerate(raw, 1):
        release = _release(each, number)
        if release.releaseid in releases:
            raise BadField(f"release {release.releaseid} is there twice")
        releases[release.releaseid] = release
    return list(releases.values())


def _release(raw: object, number: int) -> ReleaseRow:
    if not isinstance(raw, dict):
        raise BadField(f"release {number:,} of the list is {kind(raw)} instead of an object")
    try:
        return _checked(raw)
    except BadField as error:
        raise BadField(f"release {number:,} of the list: {error}") from None
    except KeyError as missing:
        raise BadField(f"release {number:,} of the list has no {missing.args[0]}") from None


def _checked(raw: Mapping[str, Any]) -> ReleaseRow:
    # A tool has no identifier.
    identifier = text_or_null(raw, "modidstr", 255)
    version = text(raw, "modversion", 64)
    packed = strict(version)
    game_versions = _game_versions(raw)
    filename = "" if raw["filename"] == 0 else text_or_null(raw, "filename", 255)
    file_url = _secure(web_address(text_or_null(raw, "mainfile")))
    changelog = _told(raw, "changelog", _MAX_CHANGELOG)
    return ReleaseRow(
        releaseid=integer(raw, "releaseid", least=1),
        identifier=identifier,
        version=version,
        packed=packed.packed if packed else None,
        game_versions=game_versions,
        filename=filename,
        file_url=file_url,
        changelog=changelog,
        created_at=time(raw, "created"),
        content_hash=_digest(
            identifier, version, game_versions, filename, file_of(file_url), changelog
        ),
    )


def _told(raw: Mapping[str, Any], key: str, limit: int | None = None) -> str:
    """A text that may be missing: nothing else depends on it."""
    return text_or_null(raw, key, limit) if key in raw else ""


def _secure(address: str) -> str:
    return address if address.lower().startswith("https://") else ""


def _game_versions(raw: Mapping[str, Any]) -> list[str]:
    """Exactly the versions that are named, in the game's order; no release names one twice."""
    named = {each[:64] for each in texts(raw, "tags")} - {_NO_VERSION}
    return sorted(named, key=lambda each: (strict(each) or Version(0), each))


def file_of(address: str) -> str:
    """What tells one file from another: its name in storage, wherever it is served from."""
    try:
        return urlsplit(address).path.rpartition("/")[2]
    except ValueError:
        return address


def _digest(*values: Any) -> str:
    # 15 bytes in hexadecimal digits and the format fill the column.
    return FORMAT + blake2b(repr(values).encode(), digest_size=15).hexdigest()
