"""Stores the details of one mod: compare, then write what changed, and that it changed, at once."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b

from django.db import transaction
from django.db.models import Q

from scheduling.text import clean

from . import changes, changewords, moddetail
from .errors import KEPT, Implausible, NotListed, UpstreamError
from .moddetail import Detail, ReleaseRow, file_of
from .models import Change, Mod, ModDetail, Release

# What of the catalogue's row is looked at: the counters move all the time and mean nothing here.
_ROW = (
    "assetid", "name", "summary", "author", "side", "type", "identifiers", "tags", "urlalias",
    "logo",
)  # fmt: skip
_LINKS = ("homepage_url", "source_url", "issues_url", "wiki_url")
_COLUMNS = tuple(name for name in ReleaseRow.__dataclass_fields__ if name != "releaseid")
_MAX_PROBLEM = 1_000


def digest(mod: Mod) -> str:
    """Of the catalogue's row as it is stored, without its counters: while it stays, so do the
    details. A mod that left the catalogue is looked at once more."""
    released = mod.last_released.isoformat() if mod.last_released else ""
    values = [*(getattr(mod, name) for name in _ROW), released, mod.delisted_at is None]
    return moddetail.FORMAT + blake2b(repr(values).encode(), digest_size=15).hexdigest()


def store(mod: Mod, detail: Detail, now: datetime) -> None:
    """Store what was read of a mod. Raises Implausible where it claims another mod's releases."""
    ids = {row.releaseid for row in detail.releases}
    with transaction.atomic():
        stored = Release.objects.filter(Q(mod=mod) | Q(releaseid__in=ids)).in_bulk()
        _check_owner(mod, stored)
        first = not ModDetail.objects.filter(mod=mod).exclude(fetched_at=None).exists()
        changed = [row for row in detail.releases if _differs(stored.get(row.releaseid), row)]
        gone = [each for key, each in stored.items() if key not in ids and each.gone_at is None]
        if not first:
            changes.note(_news(mod, changed, gone, stored, now), len(stored))
        _write_releases(mod, changed, stored, now)
        Release.objects.filter(pk__in=[each.pk for each in gone]).update(gone_at=now)
        _write_detail(mod, detail, now)


def store_failure(mod: Mod, error: UpstreamError, now: datetime) -> None:
    """Remember why the details of a mod could not be read; what was known of it stays.

    It is tried again by the next run, unless the catalogue doesn't list it either.
    """
    settled = isinstance(error, NotListed) and mod.delisted_at is not None
    ModDetail.objects.bulk_create(
        [
            ModDetail(
                mod=mod,
                read_of=digest(mod) if settled else "",
                tried_at=now,
                problem=clean(str(error), _MAX_PROBLEM),
            )
        ],
        update_conflicts=True,
        unique_fields=["mod"],
        update_fields=["read_of", "tried_at", "problem"],
    )


def _check_owner(mod: Mod, stored: dict[int, Release]) -> None:
    for each in stored.values():
        if each.mod_id != mod.pk:
            raise Implausible(
                f"Mod {mod.pk} came with release {each.pk}, which is mod {each.mod_id}'s. {KEPT}"
            )


def _differs(stored: Release | None, row: ReleaseRow) -> bool:
    return (
        stored is None
        or stored.gone_at is not None
        or any(getattr(stored, name) != getattr(row, name) for name in _COLUMNS)
    )


def _news(
    mod: Mod,
    changed: list[ReleaseRow],
    gone: list[Release],
    stored: dict[int, Release],
    now: datetime,
) -> Iterator[Change]:
    """What is worth telling of releases, oldest first."""
    for row in sorted(changed, key=lambda row: row.releaseid):
        old = stored.get(row.releaseid)
        if old is None:
            yield changes.release_new(mod.pk, mod.name, row.version, now)
            continue
        if old.gone_at is not None:
            yield changes.release_back(mod.pk, mod.name, row.version, now)
        if _is_edited(old, row):
            before, after = _edit(old, row)
            yield changes.release_edited(mod.pk, mod.name, row.version, now, before, after)
    for each in sorted(gone, key=lambda each: each.pk):
        yield changes.release_retracted(mod.pk, mod.name, each.version, now)


def _is_edited(old: Release, row: ReleaseRow) -> bool:
    """By its author, that is: neither read in another way, nor served from another place."""
    same_format = old.content_hash[: len(moddetail.FORMAT)] == moddetail.FORMAT
    return same_format and old.content_hash != row.content_hash


def _changed_at(old: Release | None, row: ReleaseRow, now: datetime) -> datetime:
    """Pages tell of a release that was edited; one that is only read anew was not."""
    is_news = old is None or old.gone_at is not None or _is_edited(old, row)
    return now if old is None or is_news else old.changed_at


def _edit(old: Release, row: ReleaseRow) -> tuple[str, str]:
    """What was edited in a release, in short: what only the old one has, and only the new one."""
    before, after = [], []
    for text, was, is_now in (
        (changewords.IDENTIFIER, old.identifier, row.identifier),
        (changewords.VERSION, old.version, row.version),
    ):
        if was != is_now:
            before.append(text % {"name": was or "-"})
            after.append(text % {"name": is_now or "-"})
    if left := [name for name in old.game_versions if name not in row.game_versions]:
        before.append(changewords.GAMES % {"name": ", ".join(left)})
    if added := [name for name in row.game_versions if name not in old.game_versions]:
        after.append(changewords.GAMES % {"name": ", ".join(added)})
    if (old.filename, file_of(old.file_url)) != (row.filename, file_of(row.file_url)):
        text = changewords.OTHER_FILE if old.filename == row.filename else changewords.FILE
        before.append(changewords.FILE % {"name": old.filename or "-"})
        after.append(text % {"name": row.filename or "-"})
    if old.changelog != row.changelog:
        after.append(changewords.CHANGELOG)
    return changewords.BETWEEN.join(before), changewords.BETWEEN.join(after)


def _write_releases(
    mod: Mod, changed: list[ReleaseRow], stored: dict[int, Release], now: datetime
) -> None:
    Release.objects.bulk_create(
        [
            Release(
                releaseid=row.releaseid,
                mod=mod,
                **{name: getattr(row, name) for name in _COLUMNS},
                first_seen_at=now,
                changed_at=_changed_at(stored.get(row.releaseid), row, now),
                gone_at=None,
            )
            for row in changed
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["releaseid"],
        update_fields=[*_COLUMNS, "changed_at", "gone_at"],
    )


def _write_detail(mod: Mod, detail: Detail, now: datetime) -> None:
    ModDetail.objects.bulk_create(
        [
            ModDetail(
                mod=mod,
                text=detail.text,
                **{name: getattr(detail, name) for name in _LINKS},
                read_of=digest(mod),
                fetched_at=now,
                tried_at=now,
                problem="",
            )
        ],
        update_conflicts=True,
        unique_fields=["mod"],
        update_fields=["text", *_LINKS, "read_of", "fetched_at", "tried_at", "problem"],
    )
