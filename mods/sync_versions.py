"""Brings the versions of one channel up to date: compare, then write what changed at once."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from . import changes
from .changewords import WITHDRAWN
from .errors import Implausible
from .models import Change, Channel, GameVersion
from .sync import mark_checked
from .versions import Feed, VersionRow

logger = structlog.get_logger(__name__)

# So many versions prove nothing: an unstable channel may lose them all at once.
FEW = 3

_COMPARED = (
    "channel",
    "is_latest",
    "server_filename",
    "server_url",
    "server_md5",
    "server_size",
    "withdrawn_at",
)


def refresh_channel(channel: str, feed: Feed, now: datetime) -> dict[str, Any]:
    """Store the feed of a channel; a summary of what was done.

    Raises Implausible, and stores nothing, if it holds more than a few entries that can't be
    understood, or is not to be believed: a stable feed that is empty or has lost more than half
    of its versions, an unstable one that came empty at once or that is the stable one.
    """
    feed.rejections.tell("version_rejected")
    feed.rejections.check(feed.received, f"versions of the {channel} feed")
    stored = {each.version: each for each in GameVersion.objects.all()}
    listed = {
        name for name, each in stored.items() if each.channel == channel and not each.withdrawn_at
    }
    if channel == Channel.STABLE:
        _check_stable(len(feed.named), len(listed))
    else:
        _check_unstable(feed, len(listed), stored)
    feed.rows = [row for row in feed.rows if not _is_stable(stored.get(str(row.version)), channel)]
    latest = _latest(channel, feed, stored)
    wanted = [_wanted(channel, row, str(row.version) == latest, now) for row in feed.rows]
    changed = [each for each in wanted if not _same(stored.get(each.version), each)]
    vanished = listed - feed.named
    first_load = not any(each.channel == channel for each in stored.values())
    news = [] if first_load else [*_news(channel, changed, vanished, stored, now)]
    _write(channel, changed, vanished, now, news, len(listed))

    created = [each for each in changed if each.version not in stored]
    _announce(channel, [each for each in created if each.is_latest or not first_load])
    return {
        "received": feed.received,
        "created": len(created),
        "withdrawn": len(vanished),
        "latest": latest,
    } | ({"rejected": feed.rejections.count} if feed.rejections.count else {})


def _check_stable(named: int, listed: int) -> None:
    """Releases stay for good."""
    if not named or named * 2 < listed:
        raise Implausible(
            f"The stable feed came with {named:,} versions, while {listed:,} are listed here. "
            "Nothing was changed."
        )


def _check_unstable(feed: Feed, listed: int, stored: dict[str, GameVersion]) -> None:
    """Release candidates are cleared away in time, the last few of them perhaps at once."""
    if not feed.received and listed > FEW:
        raise Implausible(
            f"The unstable feed came empty, while {listed:,} versions are listed here. "
            "Nothing was changed."
        )
    stable = sum(_is_stable(stored.get(name), Channel.UNSTABLE) for name in feed.named)
    # A release can be in both for a while.
    if stable > FEW and stable * 2 > len(feed.named):
        raise Implausible(
            f"Of the {len(feed.named):,} versions of the unstable feed {stable:,} are stable ones: "
            "it seems to be the stable feed. Nothing was changed."
        )


def _latest(channel: str, feed: Feed, stored: dict[str, GameVersion]) -> str | None:
    """The latest version of a channel: the feed's, unless its entry could not be read."""
    latest = feed.latest
    read = {str(row.version) for row in feed.rows}
    for each in stored.values():
        unread = each.version in feed.named and each.version not in read
        higher = latest is None or each.packed > latest.version.packed
        if unread and higher and each.is_latest and each.channel == channel:
            return each.version
    return str(latest.version) if latest else None


def _is_stable(stored: GameVersion | None, channel: str) -> bool:
    """Whether the other feed has a better claim to a version, should it ever be in both."""
    return (
        stored is not None
        and channel != Channel.STABLE
        and stored.channel == Channel.STABLE
        and stored.withdrawn_at is None
    )


def _wanted(channel: str, row: VersionRow, is_latest: bool, now: datetime) -> GameVersion:
    return GameVersion(
        version=str(row.version),
        packed=row.version.packed,
        channel=channel,
        is_latest=is_latest,
        server_filename=row.server_filename,
        server_url=row.server_url,
        server_md5=row.server_md5,
        server_size=row.server_size,
        first_seen_at=now,
        changed_at=now,
        withdrawn_at=None,
    )


def _same(stored: GameVersion | None, wanted: GameVersion) -> bool:
    return stored is not None and all(
        getattr(stored, name) == getattr(wanted, name) for name in _COMPARED
    )


def _news(
    channel: str,
    changed: list[GameVersion],
    vanished: set[str],
    stored: dict[str, GameVersion],
    now: datetime,
) -> Iterator[Change]:
    """What is worth telling, oldest version first; one that moved or is back counts as new."""
    for each in sorted(changed, key=lambda each: each.packed):
        old = stored.get(each.version)
        if old is None:
            yield changes.version_new(each, now)
        elif old.withdrawn_at:
            yield changes.version_new(each, now, before=WITHDRAWN)
        elif old.channel != each.channel:
            yield changes.version_new(each, now, before=old.channel)
        if old and old.server_md5 and each.server_md5 and old.server_md5 != each.server_md5:
            yield changes.version_checksum(old, each, now)
    for name in sorted(vanished, key=lambda name: stored[name].packed):
        yield changes.version_withdrawn(name, channel, now)


def _write(
    channel: str,
    changed: list[GameVersion],
    vanished: set[str],
    now: datetime,
    news: list[Change],
    listed: int,
) -> None:
    with transaction.atomic():
        of_channel = GameVersion.objects.in_channel(channel)
        if vanished:
            of_channel.filter(version__in=vanished).update(withdrawn_at=now, is_latest=False)
        if any(each.is_latest for each in changed):
            # The old one first: there is never more than one latest of a channel.
            of_channel.filter(is_latest=True).update(is_latest=False)
        GameVersion.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["version"],
            update_fields=[*_COMPARED, "changed_at"],
        )
        changes.note(news, listed)
        mark_checked(channel, now)


def _announce(channel: str, new: list[GameVersion]) -> None:
    for each in sorted(new, key=lambda each: each.packed):
        logger.info(f"new_{channel}_version_detected", version=each.version)
