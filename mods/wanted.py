"""Mods to be tracked, as they were read: from lists, files, or the catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from . import identifier as identifiers
from .modfolder import Found
from .modinfo import ModInfo
from .modlist import ModList
from .modversion import readable


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A mod to be tracked; ``source`` is where it was read, as people know it: a line, a file.

    ``version`` is "" where none is named, ``dependencies`` None where nobody knows them;
    ``modid`` names the mod of the catalogue where somebody chose it there.
    """

    identifier: str
    version: str = ""
    dependencies: Mapping[str, str] | None = None
    source: str = ""
    notes: tuple[str, ...] = ()
    modid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that could not be read, and why."""

    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


def of_list(mods: ModList, source: str = "") -> tuple[list[Wanted], list[Unread]]:
    """What a list wants; ``source`` is the list's own name, if it has one."""

    def at(line: int) -> str:
        told = _("line %(line)d") % {"line": line}
        return f"{source}, {told}" if source else told

    wanted = [
        Wanted(identifier=entry.identifier, version=entry.version, source=at(entry.line))
        for entry in mods.entries
    ]
    return wanted, [Unread(source=at(each.line), reason=each.reason) for each in mods.problems]


def of_files(found: Iterable[Found]) -> tuple[list[Wanted], list[Unread]]:
    wanted: list[Wanted] = []
    unread: list[Unread] = []
    for each in found:
        if each.mod:
            wanted.append(of_info(each.mod, each.name))
        else:
            unread.append(Unread(source=each.name, reason=each.problem))
    return wanted, unread


def of_info(mod: ModInfo, source: str) -> Wanted:
    return Wanted(
        identifier=mod.identifier,
        version=mod.version,
        dependencies=dict(mod.dependencies),
        source=source,
        notes=mod.warnings,
    )


def each_once(wanted: Iterable[Wanted]) -> tuple[list[Wanted], list[Unread]]:
    """Of a mod that comes twice the higher version, which the game loads; the other is told."""
    kept: dict[str, Wanted] = {}
    left_out: list[Unread] = []
    for each in wanted:
        key = identifiers.folded(each.identifier)
        first = kept.setdefault(key, each)
        if first is each:
            continue
        kept[key], other = (each, first) if _is_higher(each, first) else (first, each)
        reason = _("%(identifier)s is in %(source)s as well, which the game loads: remove this one")
        told = {"identifier": each.identifier, "source": kept[key].source}
        left_out.append(Unread(source=other.source, reason=reason % told))
    return list(kept.values()), left_out


def _is_higher(one: Wanted, other: Wanted) -> bool:
    have, there = readable(one.version), readable(other.version)
    return have is not None and (there is None or have > there)
