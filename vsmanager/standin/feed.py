"""Made-up version feeds with the platforms and file names of each era, or feeds from a folder."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mods.gameversion import Version

Feed = dict[str, dict[str, Any]]
Feeds = dict[str, Feed]

_STABLE = [
    "1.9.14",
    "1.17.12",
    "1.18.7",
    "1.18.8",
    "1.18.14",
    "1.18.15",
    "1.19.8",
    "1.20.12",
    "1.21.6",
    "1.22.6",
    "1.22.7",
]
_UNSTABLE = [
    "1.20.0-rc.9",
    "1.21.0-rc.7",
    "1.22.0-rc.1",
    "1.22.0-rc.2",
    "1.22.0-rc.9",
    "1.22.0-rc.10",
]

_OLD_FILES = {
    "windows": "vs_install_{}.exe",
    "linux": "vs_archive_{}.tar.gz",
    "server": "vs_server_{}.tar.gz",
    "mac-x64": "vs_mac_{}.tar.gz",
}
_FILES = {
    "windows": "vs_install_win-x64_{}.exe",
    "windowsupdate": "vs_update_win-x64_{}.exe",
    "linux": "vs_client_linux-x64_{}.tar.gz",
    "linuxserver": "vs_server_linux-x64_{}.tar.gz",
    "windowsserver": "vs_server_win-x64_{}.zip",
    "mac-x64": "vs_client_osx-x64_{}.tar.gz",
    "mac-arm64": "vs_client_osx-arm64_{}.tar.gz",
}


def made_up() -> Feeds:
    return {"stable": _feed("stable", _STABLE), "unstable": _feed("unstable", _UNSTABLE)}


def from_folder(folder: Path) -> Feeds:
    """``stable.json`` and ``unstable.json`` of a folder."""
    return {
        channel: json.loads((folder / f"{channel}.json").read_bytes())
        for channel in ("stable", "unstable")
    }


def publish(feed: Feed, channel: str, version: str) -> Feed:
    """The feed with a newer version on top, which takes over the mark of the latest."""
    older = {
        name: {
            platform: {key: value for key, value in artifact.items() if key != "latest"}
            for platform, artifact in platforms.items()
        }
        for name, platforms in feed.items()
    }
    return {version: entry(channel, version, latest=True), **older}


def next_patch(feed: Feed) -> str:
    """The version that would follow the newest of a feed."""
    major, minor, patch = str(max(map(Version.parse, feed))).partition("-")[0].split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def latest(feed: Feed) -> str:
    marked = (name for name, platforms in feed.items() if any(map(_marked, platforms.values())))
    return next(marked, next(iter(feed), ""))


def gameversions(feeds: Feeds) -> dict[str, Any]:
    """``GET /api/gameversions`` of the mod database: ascending, its ids the packed versions."""
    versions = sorted({Version.parse(name) for feed in feeds.values() for name in feed})
    rows = [{"tagid": -each.packed, "name": str(each), "color": "#CCCCCC"} for each in versions]
    return {"statuscode": "200", "gameversions": rows}


def entry(channel: str, version: str, *, latest: bool = False) -> dict[str, Any]:
    """What a feed holds for a version: an artifact for each platform of its era."""
    artifacts = {}
    for platform, pattern in _files(Version.parse(version)).items():
        filename = pattern.format(version)
        artifacts[platform] = {
            "filename": filename,
            "filesize": "51.4 MB" if "server" in platform else "590.5 MB",
            "md5": hashlib.md5(filename.encode(), usedforsecurity=False).hexdigest(),
            "urls": {
                "cdn": f"https://cdn.vintagestory.at/gamefiles/{channel}/{filename}",
                "local": f"https://account.vintagestory.at/files/{channel}/{filename}",
            },
        } | ({"latest": 1} if latest else {})
    return artifacts


def _files(version: Version) -> dict[str, str]:
    if version < Version.parse("1.18.8"):
        return _OLD_FILES
    if version < Version.parse("1.18.15"):
        return {key: _FILES.get(key, _FILES["linuxserver"]) for key in _OLD_FILES}
    if version < Version.parse("1.22.0-rc.1"):
        return {key: name for key, name in _FILES.items() if key != "mac-arm64"}
    return _FILES


def _feed(channel: str, versions: Iterable[str]) -> Feed:
    newest_first = sorted(versions, key=Version.parse, reverse=True)
    return {name: entry(channel, name, latest=name == newest_first[0]) for name in newest_first}


def _marked(artifact: dict[str, Any]) -> bool:
    return bool(artifact.get("latest"))
