"""Notes what changed upstream, in the transaction that stores it.

Each function makes the row of one change; ``note`` writes those that are news. Texts are as the
upstream had them, cut to what their columns hold.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import structlog

from scheduling.text import clean

from .changewords import BACK, GONE, WITHDRAWN
from .models import Change, GameVersion, Kind

logger = structlog.get_logger(__name__)

# More of a kind than this share of what was listed before is no news but a new look at
# everything: a table refilled, an upstream that lost its half and found it again.
_SHARE = 0.3
# So few are told whatever their share.
_FEW = 10
_BATCH = 500

# What happens to releases that are known, happens to one mod, and its server's operator has to
# know of each.
_ALWAYS = {Kind.RELEASE_EDITED, Kind.RELEASE_RETRACTED}


def note(changes: Iterable[Change], listed: int) -> None:
    """Write those changes that are news, where ``listed`` mods, versions, releases were known.

    Of a kind that concerns more than 30 % of so many at once (and more than ten) nothing is
    written: a line of the log tells how many they were. A first load is not for this function:
    nothing of it has changed.
    """
    changes = list(changes)
    if not changes:
        return
    counts = Counter(change.kind for change in changes)
    floods = {kind for kind, count in counts.items() if _is_flood(kind, count, listed)}
    for kind in sorted(floods):
        logger.warning("changes_not_noted", kind=str(kind), count=counts[kind], listed=listed)
    Change.objects.bulk_create(
        [change for change in changes if change.kind not in floods], batch_size=_BATCH
    )


def _is_flood(kind: str, count: int, listed: int) -> bool:
    return kind not in _ALWAYS and count > _FEW and count > _SHARE * listed


def mod_new(modid: int, name: str, now: datetime) -> Change:
    return _of_mod(Kind.MOD_NEW, modid, name, now)


def mod_renamed(modid: int, old: str, name: str, now: datetime) -> Change:
    return _of_mod(Kind.MOD_RENAMED, modid, name, now, before=old, after=name)


def mod_delisted(modid: int, name: str, now: datetime) -> Change:
    return _of_mod(Kind.MOD_DELISTED, modid, name, now)


def mod_back(modid: int, name: str, now: datetime) -> Change:
    return _of_mod(Kind.MOD_BACK, modid, name, now)


def release_new(modid: int, name: str, version: str, now: datetime) -> Change:
    return _of_mod(Kind.RELEASE_NEW, modid, name, now, version=version)


def release_edited(
    modid: int, name: str, version: str, now: datetime, before: str, after: str
) -> Change:
    return _of_mod(
        Kind.RELEASE_EDITED, modid, name, now, version=version, before=before, after=after
    )


def release_retracted(modid: int, name: str, version: str, now: datetime) -> Change:
    return _of_mod(Kind.RELEASE_RETRACTED, modid, name, now, version=version)


def release_back(modid: int, name: str, version: str, now: datetime) -> Change:
    """An edit too: that of its retraction."""
    return release_edited(modid, name, version, now, before=GONE, after=BACK)


def version_new(version: GameVersion, now: datetime, before: str = "") -> Change:
    """``after`` names its channel; ``before`` where it was until now, "" if nowhere."""
    return _of_game(Kind.VERSION_NEW, version.version, now, before=before, after=version.channel)


def version_withdrawn(version: str, channel: str, now: datetime) -> Change:
    return _of_game(Kind.VERSION_WITHDRAWN, version, now, before=channel, after=WITHDRAWN)


def version_checksum(old: GameVersion, new: GameVersion, now: datetime) -> Change:
    return _of_game(
        Kind.VERSION_CHECKSUM, new.version, now, before=old.server_md5, after=new.server_md5
    )


def _of_mod(
    kind: Kind,
    modid: int,
    name: str,
    now: datetime,
    *,
    version: str = "",
    before: str = "",
    after: str = "",
) -> Change:
    return Change(
        kind=kind,
        at=now,
        mod_id=modid,
        subject=clean(name, 255),
        version=clean(version, 64),
        before=clean(before, 500),
        after=clean(after, 500),
    )


def _of_game(kind: Kind, version: str, now: datetime, *, before: str, after: str) -> Change:
    return Change(kind=kind, at=now, subject=version, before=before, after=after)
