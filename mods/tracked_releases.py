"""The releases of tracked mods, read quickly: few columns, and no objects of models."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast

from . import identifier as identifiers
from .gameversion import Version
from .models import Release, TrackedMod

# By the mod and the folded identifier: a mod of the database may hold several.
Key = tuple[int, str]


class Offer(NamedTuple):
    """A release as far as it matters for choosing one.

    A tuple, since thousands are made for each look; ``listed`` is what is stored of its game
    versions, each in quotation marks, to be read only where it matters. ``packed`` is None for
    what is no version at all.
    """

    mod_id: int
    releaseid: int
    identifier: str
    version: str
    packed: int | None
    listed: str
    file_url: str

    @property
    def game_versions(self) -> Sequence[str]:
        return _versions(self.listed)

    @property
    def created(self) -> datetime | None:
        # Not read: of equal versions the latest comes first.
        return None

    @property
    def is_stable(self) -> bool:
        return self.packed is not None and not Version(self.packed).is_prerelease


def offers() -> Mapping[Key, list[Offer]]:
    """What there is to install for the tracked mods, highest version first, in one query."""
    found: defaultdict[Key, list[Offer]] = defaultdict(list)
    rows = _of_tracked().filter(gone_at=None).annotate(_for=Cast("game_versions", TextField()))
    columns = ("mod_id", "releaseid", "identifier", "version", "packed", "_for", "file_url")
    order = (F("packed").desc(nulls_last=True), "-releaseid")
    for row in rows.order_by(*order).values_list(*columns):
        offer = Offer._make(row)
        found[offer.mod_id, identifiers.folded(offer.identifier)].append(offer)
    return found


def retracted() -> set[tuple[int, str, str]]:
    """Mod, folded identifier and version of releases that are gone, in one query."""
    rows = _of_tracked().filter(gone_at__isnull=False)
    return {
        (mod, identifiers.folded(identifier), version)
        for mod, identifier, version in rows.values_list("mod_id", "identifier", "version")
    }


def _of_tracked() -> QuerySet[Release]:
    return Release.objects.filter(mod__in=TrackedMod.objects.exclude(mod=None).values("mod"))


# The releases of a mod, and of mods of a time, name the same versions again and again.
@lru_cache(maxsize=8192)
def _versions(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))
