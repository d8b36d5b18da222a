"""The tracked mods with all that is known of them, in three queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from . import dependencies, tracked_releases
from . import identifier as identifiers
from .dependencies import Finding
from .models import Mod, ModDetail, TrackedMod
from .modversion import readable
from .tracked_releases import Key, Offer

Need = Finding

_COLUMNS = (
    *("identifier", "version", "dependencies"),
    *("origin", "folder", "added_by", "added_at", "updated_at"),
    *("mod__name", "mod__assetid", "mod__urlalias", "mod__delisted_at"),
    *("mod__detail__fetched_at", "mod__detail__problem"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A tracked mod. ``offers`` are its releases under this identifier, highest first.

    ``needs`` are those of the version that is installed, looked up in the list itself.
    """

    row: TrackedMod
    key: str
    offers: Sequence[Offer]
    needs: Sequence[Need]
    is_retracted: bool
    installed: Offer | None
    newest: Offer | None

    @property
    def mod(self) -> Mod | None:
        return self.row.mod

    @property
    def identifier(self) -> str:
        return self.row.identifier

    @property
    def version(self) -> str:
        return self.row.version

    @property
    def name(self) -> str:
        return self.mod.name.strip() or self.identifier if self.mod else self.identifier

    @property
    def detail(self) -> ModDetail | None:
        return getattr(self.mod, "detail", None)

    @property
    def fetched_at(self) -> datetime | None:
        return self.detail.fetched_at if self.detail else None

    @property
    def is_unread(self) -> bool:
        """Whether nobody has asked for its releases yet; the job will."""
        return self.mod is not None and self.detail is None

    @property
    def page(self) -> str:
        """The address of what is known of it here, "" where the catalogue does not know it."""
        return reverse("mods-mod", args=[self.mod.pk]) if self.mod else ""

    @property
    def has_update(self) -> bool:
        have = readable(self.version)
        there = self.newest.packed if self.newest else None
        return have is not None and there is not None and there > have.packed

    @property
    def unmet(self) -> list[Need]:
        return dependencies.unmet(self.needs)

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words; without what it needs."""
        told = []
        if self.mod is None:
            told.append(_("the catalogue knows no mod of this identifier"))
        elif self.mod.delisted_at:
            told.append(
                _("no longer in the catalogue since %(day)s")
                % {"day": f"{self.mod.delisted_at:%Y-%m-%d}"}
            )
        if self.is_retracted:
            told.append(
                _("the installed release %(version)s was retracted") % {"version": self.version}
            )
        if self.detail and self.detail.problem:
            told.append(
                _("its details could not be fetched: %(problem)s")
                % {"problem": self.detail.problem[:300]}
            )
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A row as dependencies are checked on it."""

    identifier: str
    version: str
    dependencies: Mapping[str, str] = field(default_factory=dict)


def tracked() -> list[Tracked]:
    """By their names."""
    rows = list(TrackedMod.objects.select_related("mod__detail").only(*_COLUMNS))
    if not rows:
        return []
    offers, gone, needs = tracked_releases.offers(), tracked_releases.retracted(), _needs(rows)
    known = [_tracked(row, offers, gone, needs) for row in rows]
    return sorted(known, key=lambda each: (each.name.lower(), each.key))


def _tracked(
    row: TrackedMod,
    offers: Mapping[Key, list[Offer]],
    gone: set[tuple[int, str, str]],
    needs: Mapping[str, list[Need]],
) -> Tracked:
    key, mod = identifiers.folded(row.identifier), row.mod_id or 0
    own = offers.get((mod, key), [])
    installed = _of_version(own, row.version)
    # As the mod database writes it: what a mod calls 1.2 itself is 1.2.0 there.
    version = str(readable(row.version) or row.version)
    return Tracked(
        row=row,
        key=key,
        offers=own,
        needs=needs.get(key, []),
        is_retracted=installed is None and (mod, key, version) in gone,
        installed=installed,
        newest=_newest(own),
    )


def unmet() -> Mapping[str, list[Need]]:
    """What installed mods need and the list does not have, by folded identifier, in one query."""
    rows = list(TrackedMod.objects.only("identifier", "version", "dependencies"))
    return {key: dependencies.unmet(needs) for key, needs in _needs(rows).items()}


def _needs(rows: Sequence[TrackedMod]) -> Mapping[str, list[Need]]:
    mods = [
        _Listed(
            identifier=row.identifier, version=row.version, dependencies=_mapping(row.dependencies)
        )
        for row in rows
    ]
    found = defaultdict(list)
    for finding in dependencies.check(mods):
        found[identifiers.folded(finding.needed_by)].append(finding)
    return found


def _mapping(stored: object) -> dict[str, str]:
    """By name, since PostgreSQL keeps an order of its own. Rows can be written past us."""
    if not isinstance(stored, dict):
        return {}
    needs = sorted(stored.items(), key=lambda need: str(need[0]).lower())
    return {str(needed): str(minimum or "") for needed, minimum in needs}


def _of_version(offers: Sequence[Offer], version: str) -> Offer | None:
    wanted = readable(version)
    packed = wanted.packed if wanted else None
    for offer in offers:
        if offer.version == version or (packed is not None and offer.packed == packed):
            return offer
    return None


def _newest(offers: Sequence[Offer]) -> Offer | None:
    """The highest stable version; of pre-releases alone the highest of those."""
    first = offers[0] if offers else None
    return next((offer for offer in offers if offer.is_stable), first)
