"""Brings the catalogue up to date: parse all, compare, then write what changed at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction

from scheduling.registry import current_run

from . import changes, modrow, search
from .errors import Implausible
from .models import Change, Mod, SourceCheck
from .modrow import ModRow
from .rejections import BadRow, Rejections

T = TypeVar("T")

_BATCH = 500
_COLUMNS = tuple(ModRow.__dataclass_fields__)
_UPDATED = [*(name for name in _COLUMNS if name != "modid"), "changed_at", "delisted_at"]


@dataclass(slots=True)
class Comparison:
    """What a catalogue says against what is stored."""

    present: set[int] = field(default_factory=set)
    changed: list[ModRow] = field(default_factory=list)
    unchanged: int = 0
    unidentified: int = 0
    rejections: Rejections = field(default_factory=Rejections)


def refresh_catalogue(rows: list[Any], now: datetime) -> dict[str, int]:
    """Store a catalogue; counts of what was done.

    Raises Implausible, and stores nothing, if the catalogue is empty, has lost more than half
    of the mods that are listed now, or holds more than a few rows that can't be understood.
    """
    stored = dict(Mod.objects.values_list("modid", "content_hash"))
    # One that is back has to be written even if it is the same as before.
    for modid in Mod.objects.delisted().values_list("modid", flat=True):
        stored[modid] = ""
    listed = {modid for modid, content_hash in stored.items() if content_hash}
    found = compare(rows, stored)
    found.rejections.tell("mod_rejected")
    found.rejections.check(len(rows), "mods")
    _check_size(len(found.present), len(listed))
    # A row whose mod id can't be read may be any of those that seem to have vanished.
    vanished = listed - found.present if not found.unidentified else set()
    _write(found.changed, vanished, stored, now)
    created = sum(row.modid not in stored for row in found.changed)
    return {
        "received": len(rows),
        "created": created,
        "updated": len(found.changed) - created,
        "unchanged": found.unchanged,
        "delisted": len(vanished),
        "rejected": found.rejections.count,
    }


def compare(rows: Iterable[Any], stored: dict[int, str]) -> Comparison:
    """Read the rows whose hash is not the stored one (by mod id); the others cost a hash."""
    found = Comparison()
    for number, raw in enumerate(rows, 1):
        modid = modrow.modid_of(raw)
        try:
            values = modrow.fields(raw, number)
            if modid in found.present:
                raise BadRow(f"mod {modid} is there twice")
            content_hash = modrow.digest(values, number)
            if modid is not None and stored.get(modid) == content_hash:
                found.unchanged += 1
            else:
                found.changed.append(modrow.read(values, content_hash))
        except BadRow as reason:
            found.rejections.add(reason)
        # Rejected or not: a mod that is named has not vanished.
        if modid is None:
            found.unidentified += 1
        else:
            found.present.add(modid)
    return found


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


def _write(
    changed: list[ModRow], vanished: set[int], stored: dict[int, str], now: datetime
) -> None:
    run, done, news = current_run(), 0, list[Change]()
    with transaction.atomic():
        for rows in batches(changed):
            run.check()
            news += _news(rows, stored, now)
            _upsert(rows, now)
            search.index(rows)
            done += len(rows)
            run.progress(done, len(changed), "changed mods stored")
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
    Mod.objects.bulk_create(
        [
            Mod(
                **{name: getattr(row, name) for name in _COLUMNS},
                first_seen_at=now,
                changed_at=now,
                delisted_at=None,
            )
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["modid"],
        update_fields=_UPDATED,
    )


def batches(items: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
