"""Finds mods of the catalogue to track, by a part of their name or identifier."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from . import identifier as identifiers
from .models import Mod, TrackedMod
from .tracked_list import Tracked

MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A mod that could be tracked, and its identifiers that are not yet."""

    mod: Mod
    identifiers: tuple[str, ...]
    is_tracked: bool


def find(asked: str, known: Iterable[Tracked]) -> list[Pick]:
    """The most downloaded ones that match, in one query."""
    columns = ("name", "author", "summary", "identifiers", "downloads")
    mods = (
        Mod.objects.listed()
        .alias(_borne=Cast("identifiers", TextField()))
        .filter(Q(name__icontains=asked) | Q(_borne__icontains=asked))
        .only(*columns)
        .order_by("-downloads", "-modid")[:MOST]
    )
    tracked = {each.key for each in known}
    return [_pick(mod, tracked) for mod in mods]


def trackable(mod: Mod) -> list[str]:
    """The identifiers that a server can run it by; none of a tool."""
    return [
        each for each in mod.identifiers if isinstance(each, str) and identifiers.is_possible(each)
    ]


def free(mod: Mod, running: Iterable[TrackedMod]) -> list[str]:
    """Those of its identifiers by which it is not among ``running`` yet."""
    taken = {identifiers.folded(each.identifier) for each in running}
    return [each for each in trackable(mod) if identifiers.folded(each) not in taken]


def _pick(mod: Mod, tracked: set[str]) -> Pick:
    borne = trackable(mod)
    free = tuple(each for each in borne if identifiers.folded(each) not in tracked)
    return Pick(mod=mod, identifiers=free, is_tracked=bool(borne) and not free)
