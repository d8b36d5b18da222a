"""Brings the catalogue up to date: parse all, compare, then write what changed at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import TypeVar

from django.db import transaction

from scheduling.registry import current_run

from . import changes, modrow, search
from .errors import Implausible
from .models import Change, Mod, SourceCheck
from .modrow import ModRow
from .rawrows import RawRows, Rows
from .rejections import BadRow, Rejections
from .upserts import update, upsert

T = TypeVar("T")

_BATCH = 1_000
_COLUMNS = tuple(ModRow.__dataclass_fields__)
_values = attrgetter(*_COLUMNS)


@dataclass(slots=True, kw_only=True)
class Stored:
    """What is stored of mods: their content hashes, "" of those that are delisted.

    Of those that are listed, too, whose row has which raw hash.
    """

    hashes: dict[int, str] = field(default_factory=dict)
    raw: dict[str, int] = field(default_factory=dict)

    @property
    def listed(self) -> set[int]:
        return {modid for modid, content_hash in self.hashes.items() if content_hash}


@dataclass(slots=True)
class Comparison:
    """What a catalogue says against what is stored."""

    present: set[int] = field(default_factory=set)
    changed: list[ModRow] = field(default_factory=list)
    # Raw hash and mod id of rows that say the same in other bytes.
    reworded: list[tuple[str, int]] = field(default_factory=list)
    unchanged: int = 0
    unidentified: int = 0
    rejections: Rejections = field(default_factory=Rejections)


def refresh_catalogue(rows: Rows, now: datetime) -> dict[str, int]:
    """Store a catalogue; counts of what was done.

    Raises Implausible, and stores nothing, if the catalogue is empty, has lost more than half
    of the mods that are listed now, or holds more than a few rows that can't be understood;
    BadAnswer if it turns out to be no JSON.
    """
    stored = read_stored()
    listed = stored.listed
    found = compare(rows, stored)
    found.rejections.tell("mod_rejected")
    found.rejections.check(len(rows), "mods")
    _check_size(len(found.present), len(listed))
    # A row whose mod id can't be read may be any of those that seem to have vanished.
    vanished = listed - found.present if not found.unidentified else set()
    _write(found, vanished, stored.hashes, now)
    created = sum(row.modid not in stored.hashes for row in found.changed)
    return {
        "received": len(rows),
        "created": created,
        "updated": len(found.changed) - created,
        "unchanged": found.unchanged,
        "delisted": len(vanished),
        "rejected": found.rejections.count,
    }


def read_stored() -> Stored:
    stored = Stored()
    # One that is back has to be written even if it is the same as before.
    delisted = set(Mod.objects.delisted().values_list("modid", flat=True))
    rows = Mod.objects.order_by().values_list("modid", "content_hash", "raw_hash")
    for modid, content_hash, raw_hash in rows:
        if modid in delisted:
            stored.hashes[modid] = ""
            continue
        stored.hashes[modid] = content_hash
        if content_hash and raw_hash.endswith(content_hash):
            stored.raw[raw_hash[: -len(content_hash)]] = modid
    return stored


def compare(rows: Rows, stored: Stored) -> Comparison:
    """Read the rows of which neither raw nor content hash is stored; the others cost a hash."""
    found = Comparison()
    raw_hashes = rows.hashes if isinstance(rows, RawRows) else [""] * len(rows)
    modids = [stored.raw.get(raw_hash) for raw_hash in raw_hashes]
    unknown = [number for number, modid in enumerate(modids) if modid is None]
    values = rows.read(unknown) if isinstance(rows, RawRows) else iter(rows)
    for number, modid in enumerate(modids):
        if modid is None:
            _compare_one(next(values), number, raw_hashes[number], stored, found)
        elif modid in found.present:
            found.rejections.add(_double(modid))
        else:
            found.unchanged += 1
            found.present.add(modid)
    return found


def _compare_one(
    raw: object, number: int, raw_hash: str, stored: Stored, found: Comparison
) -> None:
    modid = modrow.modid_of(raw)
    try:
        values = modrow.fields(raw, number + 1)
        if modid in found.present:
            raise _double(modid)
        content_hash = modrow.digest(values, number + 1)
        if modid is not None and stored.hashes.get(modid) == content_hash:
            found.unchanged += 1
            if raw_hash:
                found.reworded.append((raw_hash + content_hash, modid))
        else:
            found.changed.append(modrow.read(values, content_hash, raw_hash))
    except BadRow as reason:
        found.rejections.add(reason)
    # Rejected or not: a mod that is named has not vanished.
    if modid is None:
        found.unidentified += 1
    else:
        found.present.add(modid)


def _double(modid: int | None) -> BadRow:
    return BadRow(f"mod {modid} is there twice")


def mark_checked(source: str, now: datetime) -> None:
    """Remember that a source was read, in one statement."""
    SourceCheck.objects.bulk_create(
        [SourceCheck(source=source, checked_at=now)],
        update_conflicts=True,
        unique_fields=["source"],
        update_fields=["checked_at"],
    )


def _check_size(present: int, listed: int) -> None:
    if not present:
        raise Implausible(
            f"The catalogue came empty, while {listed:,} mods are listed here. Nothing was changed."
        )
    if present * 2 < listed:
        raise Implausible(
            f"The catalogue came with {present:,} mods, while {listed:,} are listed here: more "
            "than half would vanish at once. Nothing was changed."
        )


def _write(found: Comparison, vanished: set[int], stored: dict[int, str], now: datetime) -> None:
    run, done, news = current_run(), 0, list[Change]()
    with transaction.atomic():
        for rows in batches(found.changed):
            run.check()
            news += _news(rows, stored, now)
            _upsert(rows, now)
            search.index(rows)
            done += len(rows)
            run.progress(done, len(found.changed), "changed mods stored")
        for reworded in batches(found.reworded):
            run.check()
            update(Mod, "raw_hash", reworded)
            # Where a version has stored them that knew no raw hashes, it knew no words either.
            search.index(Mod.objects.filter(modid__in=[modid for _hash, modid in reworded]))
        for modids in batches(vanished):
            gone = Mod.objects.listed().filter(modid__in=modids)
            names = gone.values_list("modid", "name")
            news += [changes.mod_delisted(modid, name, now) for modid, name in names]
            gone.update(delisted_at=now)
        # The catalogue has the newest mod first, the list of changes its newest last.
        changes.note(sorted(news, key=lambda each: each.mod_id or 0), len(stored))
        mark_checked(SourceCheck.CATALOGUE, now)


def _news(rows: list[ModRow], stored: dict[int, str], now: datetime) -> Iterator[Change]:
    """What is worth telling of rows before they are stored; nothing of a first load."""
    known = [row.modid for row in rows if row.modid in stored]
    names = dict(Mod.objects.filter(modid__in=known).values_list("modid", "name") if known else ())
    for row in rows if stored else ():
        if row.modid not in stored:
            yield changes.mod_new(row.modid, row.name, now)
            continue
        if not stored[row.modid]:
            yield changes.mod_back(row.modid, row.name, now)
        if names[row.modid] != row.name:
            yield changes.mod_renamed(row.modid, names[row.modid], row.name, now)


def _upsert(rows: list[ModRow], now: datetime) -> None:
    same = {"first_seen_at": now, "changed_at": now, "delisted_at": None}
    upsert(Mod, _COLUMNS, map(_values, rows), same, kept={"first_seen_at"})


def batches(items: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
