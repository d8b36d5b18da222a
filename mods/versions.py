"""The game's version feeds: ``stable.json`` and ``unstable.json``, one object each."""

import re
from dataclasses import dataclass, field
from typing import Any

from scheduling.text import clean

from .errors import BadAnswer
from .fields import web_address
from .gameversion import InvalidVersion, Version
from .http import Client
from .rejections import BadRow, Rejections

# Before 1.18.15 there was one server for all platforms.
_SERVER_KEYS = ("linuxserver", "server")
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(B|KB|MB|GB)", re.IGNORECASE)
# The feed writes MB and means MiB.
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version of the feed with its Linux server archive ("" and None: not told)."""

    version: Version
    marked_latest: bool
    server_filename: str = ""
    server_url: str = ""
    server_md5: str = ""
    server_size: int | None = None


@dataclass(slots=True, kw_only=True)
class Feed:
    """What one feed holds. ``named`` are all its readable versions, usable entry or not."""

    received: int
    rows: list[VersionRow] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    rejections: Rejections = field(default_factory=Rejections)

    @property
    def latest(self) -> VersionRow | None:
        """The version marked as latest, else the highest by the game's order."""
        marked = [row for row in self.rows if row.marked_latest]
        return max(marked or self.rows, key=lambda row: row.version, default=None)


def fetch_feed(client: Client, base_url: str, channel: str) -> Feed:
    """Fetch and read the feed of a channel. Raises UpstreamError."""
    url = f"{base_url}/{channel}.json"
    answer = client.fetch_json(url).value
    if not isinstance(answer, dict):
        raise BadAnswer(
            f"{url} answered with something else than a feed: it is not an object of versions. "
            "The stored versions stay as they were; the next run tries again."
        )
    return read_feed(answer)


def read_feed(raw: dict[str, Any]) -> Feed:
    feed = Feed(received=len(raw))
    for key, platforms in raw.items():
        try:
            version = _version(key)
            feed.named.add(str(version))
            feed.rows.append(_row(version, platforms))
        except BadRow as reason:
            feed.rejections.add(reason)
    return feed


def _version(key: str) -> Version:
    try:
        version = Version.parse(key)
    except InvalidVersion as error:
        raise BadRow(str(error)) from None
    # Parsing wraps numbers that are too large, which would make another version of it.
    if str(version) != key:
        raise BadRow(str(InvalidVersion(key)))
    return version


def _row(version: Version, platforms: object) -> VersionRow:
    """The entry of one version, ``{platform: artifact}``; platforms we don't know are fine."""
    if not isinstance(platforms, dict) or not all(
        isinstance(artifact, dict) for artifact in platforms.values()
    ):
        raise BadRow(f"{version}: the entry is not an object of platforms")
    latest = [_latest(version, artifact) for artifact in platforms.values()]
    key = next((key for key in _SERVER_KEYS if key in platforms), None)
    server = _server(version, platforms[key]) if key else {}
    return VersionRow(version=version, marked_latest=any(latest), **server)


def _latest(version: Version, artifact: dict[str, Any]) -> bool:
    latest = artifact.get("latest", False)
    if latest not in (0, 1, None):
        raise BadRow(f"{version}: latest is neither 1 nor 0")
    return bool(latest)


def _server(version: Version, artifact: dict[str, Any]) -> dict[str, Any]:
    urls = artifact.get("urls")
    urls = urls if isinstance(urls, dict) else {}
    md5 = _text(version, artifact, "md5")
    if md5 and not _MD5.fullmatch(md5):
        raise BadRow(f"{version}: md5 is not a checksum of 32 hexadecimal digits")
    return {
        "server_filename": _text(version, artifact, "filename", 255),
        "server_url": web_address(_text(version, urls, "cdn"))
        or web_address(_text(version, urls, "local")),
        "server_md5": md5.lower(),
        "server_size": size_in_bytes(artifact.get("filesize")),
    }


def _text(version: Version, artifact: dict[str, Any], key: str, limit: int | None = None) -> str:
    value = artifact.get(key) or ""
    if not isinstance(value, str):
        raise BadRow(f"{version}: {key} is not a text")
    return clean(value, limit)


def size_in_bytes(text: object) -> int | None:
    """The bytes of a size like ``590.5 MB``, right to a twentieth of the unit; None if unclear."""
    found = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    return round(float(found[1]) * _UNITS[found[2].upper()]) if found else None
