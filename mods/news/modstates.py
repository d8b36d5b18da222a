"""How tracked mods stand: is there an update, is what is installed gone, are they ready."""

from collections.abc import Iterator, Mapping

from django.db.models import F

from .. import identifier as identifiers
from ..compatibility import Fit, choose, is_newer
from ..gameversion import Version
from ..models import Channel, GameVersion, TrackedMod
from ..modversion import strict
from ..tracked_releases import Key, Offer, offers, retracted
from .finding import MOD_GONE, Seen, release_gone
from .models import NewsRule


class Tracked:
    """The tracked mods with all that rules ask of them, read once for all rules."""

    def __init__(self) -> None:
        found = TrackedMod.objects.filter(mod__isnull=False).select_related("mod")
        self._mods = list(found.only(*_COLUMNS).annotate(read_at=F("mod__detail__fetched_at")))
        self._offers: Mapping[Key, list[Offer]] = offers() if self._mods else {}
        self._retracted = retracted() if self._mods else set()
        latest = GameVersion.objects.latest_of(Channel.STABLE)
        self._newest = latest.version if latest else ""

    def updates(self, rule: NewsRule) -> Iterator[Seen]:
        """The state is the version to update to."""
        for mod in self._read(rule):
            offered = _newest(mod.version, self._releases(mod))
            yield _seen(mod, offered, installed=mod.version, offered=offered)

    def gone(self, rule: NewsRule) -> Iterator[Seen]:
        for mod in self._wanted(rule):
            key = (mod.mod_id or 0, identifiers.folded(mod.identifier), mod.version)
            state = release_gone(mod.version) if key in self._retracted else ""
            if mod.mod and mod.mod.delisted_at:
                state = MOD_GONE
            yield _seen(mod, state, installed=mod.version, whole=state == MOD_GONE)

    def ready(self, rule: NewsRule) -> Iterator[Seen]:
        """The state is the version of the game that the mod is ready for."""
        game = rule.game_version or self._newest
        target = strict(game)
        for mod in self._read(rule) if target else ():
            taken = _verified(self._releases(mod), target) if target else None
            yield _seen(
                mod, game if taken else "", game=game, release=taken.version if taken else ""
            )

    def _read(self, rule: NewsRule) -> list[TrackedMod]:
        """Those whose releases are known: what the first look at them brings is no change."""
        return [mod for mod in self._wanted(rule) if mod.read_at]  # type: ignore[attr-defined]

    def _wanted(self, rule: NewsRule) -> list[TrackedMod]:
        wanted = identifiers.folded(rule.mod_identifier)
        return [
            mod for mod in self._mods if not wanted or identifiers.folded(mod.identifier) == wanted
        ]

    def _releases(self, mod: TrackedMod) -> list[Offer]:
        if mod.mod_id is None:
            return []
        return self._offers.get((mod.mod_id, identifiers.folded(mod.identifier)), [])


_COLUMNS = ("identifier", "version", "mod__name", "mod__delisted_at")


def _seen(mod: TrackedMod, state: str, **told: object) -> Seen:
    name = mod.mod.name if mod.mod else mod.identifier
    subject = identifiers.folded(mod.identifier)
    # What is so when a rule is made, or a mod added, is no change.
    return Seen(subject=subject, state=state, before=state, told={"mod": name, **told})


def _newest(installed: str, releases: list[Offer]) -> str:
    """The highest version above the installed one, "" for none; no pre-release over a release."""
    have = strict(installed)
    if have is None:
        return ""
    found = [
        version
        for offer in releases
        if is_newer(installed, offer.version) and (version := strict(offer.version))
        if have.is_prerelease or not version.is_prerelease
    ]
    return str(max(found)) if found else ""


def _verified(releases: list[Offer], target: Version) -> Offer | None:
    choice = choose(releases, target)
    return choice.release if choice and choice.fit == Fit.VERIFIED else None
