"""A server's ``Mods`` folder taken into the list of tracked mods."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import identifier as identifiers
from . import modfolder, tracked_list, tracking
from .dependencies import Finding
from .models import Origin, TrackedMod
from .tracking_steps import Outcome
from .wanted import Unread, Wanted, of_files

# Files that were never mods of a kind that can be read, and those that were put aside; anything
# else may be a tracked mod that can't be read just now.
_NO_MODS = (
    *(".cs", ".dll", ".pdb", ".xml", ".txt", ".md", ".json", ".log", ".png"),
    *(".disabled", ".bak", ".old", ".off"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What came of one look into a folder.

    ``vanished`` came from the folder at an earlier look and are no longer there; ``pruned`` is
    whether they were taken off the list, ``kept_for`` the files that may be them. ``unmet`` is
    what its mods need and the list does not have, ``unread`` how many of them wait for the job
    to read their releases.
    """

    outcome: Outcome
    unmet: tuple[Finding, ...] = ()
    unread: int = 0
    vanished: tuple[TrackedMod, ...] = ()
    pruned: bool = False
    kept_for: tuple[str, ...] = ()

    @property
    def read_anything(self) -> bool:
        return bool(self.outcome.steps)


def take_in(path: Path, by: str, now: datetime, *, prune: bool = False) -> Import:
    """Track the mods of a folder, or the one mod at ``path``; raises UnreadableMod."""
    found = list(modfolder.scan(path))
    wanted, unread = of_files(found)
    resolved = path.resolve()
    is_single = not resolved.is_dir() or [each.name for each in found] == [resolved.name]
    folder = str(resolved.parent if is_single else resolved)
    outcome = tracking.track(wanted, Origin.FOLDER, by, now, unread, folder)
    if is_single or not wanted:
        # A folder that holds nothing any more is rather one that is not mounted.
        return Import(outcome=outcome, unmet=_unmet(wanted), unread=_unread(wanted))
    vanished = _vanished(wanted, folder)
    unclear = _unclear(unread)
    pruned = prune and bool(vanished) and not unclear
    if pruned:
        tracking.untrack(vanished, by)
    return Import(
        outcome=outcome,
        unmet=_unmet(wanted),
        unread=_unread(wanted),
        vanished=tuple(vanished),
        pruned=pruned,
        kept_for=unclear if prune and vanished else (),
    )


def _unmet(wanted: Sequence[Wanted]) -> tuple[Finding, ...]:
    found = tracked_list.unmet()
    return tuple(need for key in _keys(wanted) for need in found.get(key, ()))


def _unread(wanted: Sequence[Wanted]) -> int:
    there = _keys(wanted)
    waiting = TrackedMod.objects.filter(mod__isnull=False, mod__detail=None).only("identifier")
    return sum(identifiers.folded(each.identifier) in there for each in waiting)


def _keys(wanted: Sequence[Wanted]) -> dict[str, None]:
    """Each mod once, in their order."""
    return dict.fromkeys(identifiers.folded(each.identifier) for each in wanted)


def _vanished(wanted: Sequence[Wanted], folder: str) -> list[TrackedMod]:
    """Not those of other folders: a server may have several."""
    there = _keys(wanted)
    known = TrackedMod.objects.filter(origin=Origin.FOLDER, folder=folder[:500])
    tracked = known.only("identifier", "version")
    return [each for each in tracked if identifiers.folded(each.identifier) not in there]


def _unclear(unread: Sequence[Unread]) -> tuple[str, ...]:
    return tuple(each.source for each in unread if not each.source.lower().endswith(_NO_MODS))
