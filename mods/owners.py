"""Which mod of the catalogue goes by an identifier."""

import operator
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from . import identifier as identifiers
from .models import Mod

# So few are quicker asked for one by one than by reading the whole catalogue.
_FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The mod to take for an identifier, and the names of others that bear it as well."""

    modid: int
    name: str
    listed: bool
    others: tuple[str, ...] = ()


def owners(wanted: Collection[str]) -> dict[str, Owner]:
    """Owner by folded identifier, in one query; what no mod bears is left out.

    Of several mods the listed ones count, and of those the one with the most downloads.
    """
    keys = {identifiers.folded(identifier) for identifier in wanted}
    if not keys:
        return {}
    found = defaultdict(list)
    rows = _bearing(keys).values_list("modid", "name", "identifiers", "downloads", "delisted_at")
    for modid, name, borne, downloads, delisted_at in rows:
        for key in keys.intersection(map(identifiers.folded, borne)):
            found[key].append((delisted_at is None, downloads, -modid, name))
    return {key: _first(mods) for key, mods in found.items()}


def _bearing(keys: Collection[str]) -> "QuerySet[Mod]":
    if len(keys) > _FEW:
        return Mod.objects.order_by()
    # The list is text in both databases' eyes, each identifier in quotation marks.
    marks = (Q(_borne__icontains=f'"{key}"') for key in keys)
    return (
        Mod.objects.alias(_borne=Cast("identifiers", TextField()))
        .filter(reduce(operator.or_, marks))
        .order_by()
    )


def _first(mods: list[tuple[bool, int, int, str]]) -> Owner:
    mods = sorted(mods, reverse=True)
    listed, _downloads, modid, name = mods[0]
    others = tuple(other for also, _, _, other in mods[1:] if also is listed)
    return Owner(modid=-modid, name=name, listed=listed, others=others)
