"""Whether the tracked mods run on a version of the game, and what to do about those that don't.

Takes four queries, however many mods are tracked, and none of them reads what it does not need.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import identifier as identifiers
from . import modlinks, tracked_list
from .compatibility import Choice, Fit, choose, fit, is_newer
from .gameversion import Version
from .modversion import readable, strict
from .tracked_list import Need, Tracked
from .tracked_releases import Offer

# Worst first.
ORDER = (Fit.NOT, Fit.UNKNOWN, Fit.LIKELY, Fit.VERIFIED)
# A release that fits so is one to take.
USABLE = (Fit.VERIFIED, Fit.LIKELY)


class Move(StrEnum):
    """What is to be done with what is installed."""

    KEEP = "keep"  # It fits as well as anything.
    OPTIONAL = "optional"  # So does something newer.
    UPDATE = "update"  # Only something newer fits so well.
    BACK = "back"  # Only something older does.
    UNCLEAR = "unclear"  # Nobody said what is installed.
    NONE = "none"  # There is nothing to take.


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedThere:
    """A need of a mod, and how well what is needed fits; None where that is not tracked."""

    need: Need
    fit: Fit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyMod:
    """A tracked mod against a version of the game.

    ``offer`` is the release to take, or the newest where none will do; None where none is
    known, for the ``reason``.
    """

    tracked: Tracked
    fit: Fit
    offer: Offer | None
    move: Move
    reason: str
    needs: tuple[NeedThere, ...]

    @property
    def is_usable(self) -> bool:
        """Whether the offer is one to take."""
        return self.offer is not None and self.fit in USABLE

    @property
    def link(self) -> str:
        """The page where the release is to be had."""
        return modlinks.downloads(self.tracked.mod) if self.tracked.mod else ""

    @property
    def file(self) -> str:
        return modlinks.file(self.offer.file_url) if self.offer else ""

    @property
    def newest_game_version(self) -> str:
        """The newest version of the game that the offer was made for, "" for none."""
        named = (strict(each) for each in (self.offer.game_versions if self.offer else ()))
        newest = max((version for version in named if version and version.packed), default=None)
        return str(newest or "")


@dataclass(frozen=True, kw_only=True)
class Report:
    """All tracked mods, worst first."""

    version: str
    mods: Sequence[ReadyMod]
    at: datetime

    @cached_property
    def counts(self) -> Mapping[Fit, int]:
        counted = Counter(mod.fit for mod in self.mods)
        return {tier: counted[tier] for tier in ORDER}

    @property
    def is_ready(self) -> bool:
        """Whether each of them is verified."""
        return self.counts[Fit.VERIFIED] == len(self.mods)

    @property
    def in_words(self) -> str:
        """``34 of 42 ready, 5 likely, 2 not, 1 unknown``."""
        total = len(self.mods)
        if not total:
            return _("no mods are tracked")
        ready = ngettext("%(ready)d of %(total)d ready", "%(ready)d of %(total)d ready", total)
        others = (
            (Fit.LIKELY, _("%(count)d likely")),
            (Fit.NOT, _("%(count)d not")),
            (Fit.UNKNOWN, _("%(count)d unknown")),
        )
        told = [text % {"count": self.counts[tier]} for tier, text in others if self.counts[tier]]
        return ", ".join([ready % {"ready": self.counts[Fit.VERIFIED], "total": total}, *told])


def report(version: str, now: datetime) -> Report:
    """How ready the tracked mods are for this version of the game."""
    target, known = Version.parse(version), tracked_list.tracked()
    chosen = {each.key: _choice(each.offers, target) for each in known}
    fits = {key: choice.fit if choice else Fit.UNKNOWN for key, choice in chosen.items()}
    mods = [_ready(each, chosen[each.key], fits, target) for each in known]
    mods.sort(key=lambda mod: (ORDER.index(mod.fit), mod.tracked.name.lower()))
    return Report(version=version, mods=mods, at=now)


def _choice(offers: Sequence[Offer], target: Version) -> Choice[Offer] | None:
    """As ``choose``, but the lists of versions are read only of those that may win."""
    exact = f'"{target}"'
    if named := [offer for offer in offers if exact in offer.listed]:
        return choose(named, target)
    minor = exact[: exact.index(".", exact.index(".") + 1) + 1]
    near = [offer for offer in offers if minor in offer.listed]
    choice = choose(near, target)
    return choice if choice and choice.fit is Fit.LIKELY else choose(offers, target)


def _ready(
    tracked: Tracked, choice: Choice[Offer] | None, fits: Mapping[str, Fit], target: Version
) -> ReadyMod:
    tier = choice.fit if choice else Fit.UNKNOWN
    return ReadyMod(
        tracked=tracked,
        fit=tier,
        offer=choice.release if choice else None,
        move=_move(tracked, choice, target),
        reason=_reason(tracked, choice),
        needs=tuple(
            NeedThere(need=need, fit=fits.get(identifiers.folded(need.identifier)))
            for need in tracked.needs
        ),
    )


def _move(tracked: Tracked, choice: Choice[Offer] | None, target: Version) -> Move:
    if choice is None or choice.fit not in USABLE:
        return Move.NONE
    installed, offered = readable(tracked.version), choice.release.version
    if installed is None:
        return Move.UNCLEAR
    newer = is_newer(str(installed), offered)
    if newer is None:
        return Move.UNCLEAR
    there = tracked.installed
    if str(installed) == offered or (there and fit(there.game_versions, target) is choice.fit):
        return Move.OPTIONAL if newer else Move.KEEP
    return Move.UPDATE if newer else Move.BACK


def _reason(tracked: Tracked, choice: Choice[Offer] | None) -> str:
    if tracked.mod is None:
        return _("the catalogue knows no mod of this identifier")
    if choice is None and tracked.fetched_at is None:
        return _("its releases have not been fetched yet")
    if choice is None:
        return _("none of its releases goes by this identifier")
    if choice.fit is Fit.UNKNOWN:
        return _("its releases name no version of the game")
    return ""
