"""Readiness as people and programs read it."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .compatibility import Fit
from .dependencies import State
from .readiness import USABLE, Move, NeedThere, ReadyMod, Report

SIGNS = {Fit.VERIFIED: "✓", Fit.LIKELY: "≈", Fit.NOT: "✗", Fit.UNKNOWN: "?"}


_TIERS = {
    Fit.VERIFIED: gettext_lazy("ready"),
    Fit.LIKELY: gettext_lazy("likely"),
    Fit.NOT: gettext_lazy("not ready"),
    Fit.UNKNOWN: gettext_lazy("unknown"),
}
_MEANINGS = {
    Fit.VERIFIED: gettext_lazy("A release was made for this very version."),
    Fit.LIKELY: gettext_lazy(
        "Only for another version of the same major.minor: nobody verified it."
    ),
    Fit.NOT: gettext_lazy("No release was made for this version or one near it."),
    Fit.UNKNOWN: gettext_lazy("Nothing is known of its releases."),
}
_MOVES = {
    Move.KEEP: gettext_lazy("nothing, what is installed will do"),
    Move.OPTIONAL: gettext_lazy("nothing, what is installed will do; %(version)s is newer"),
    Move.UPDATE: gettext_lazy("update to %(version)s"),
    Move.BACK: gettext_lazy("go back to %(version)s"),
    Move.UNCLEAR: gettext_lazy("see that it is %(version)s: which one is installed is not known"),
}


def tier(fit: Fit) -> str:
    return str(_TIERS[fit])


def meaning(fit: Fit) -> str:
    return str(_MEANINGS[fit])


def move(mod: ReadyMod) -> str:
    """What to do, in words; "" where there is nothing."""
    if mod.move is Move.NONE:
        return _("wait for a release") if mod.fit is Fit.NOT else ""
    return str(_MOVES[mod.move]) % {"version": mod.offer.version if mod.offer else ""}


def remarks(mod: ReadyMod) -> list[str]:
    """What else is to be known of it, what it lacks last."""
    return [*facts(mod), *(str(each.need) for each in mod.needs if is_unmet(each))]


def facts(mod: ReadyMod) -> list[str]:
    """What else is to be known of the mod itself."""
    told = [*mod.tracked.problems]
    if mod.reason and mod.tracked.mod:
        told.append(mod.reason)
    if mod.fit is Fit.NOT and mod.offer and mod.newest_game_version:
        told.append(
            _("its newest release %(version)s is for %(game)s")
            % {"version": mod.offer.version, "game": mod.newest_game_version}
        )
    return told


def needed(each: NeedThere) -> str:
    """``configlib 1.4.0 (ready)``, in the list of what a mod needs."""
    name = " ".join(filter(None, (each.need.identifier, each.need.minimum)))
    if each.need.state is State.MISSING:
        return _("%(needed)s (missing)") % {"needed": name}
    if each.need.state is State.TOO_OLD:
        return _("%(needed)s (too old: %(installed)s)") % {
            "needed": name,
            "installed": each.need.installed,
        }
    return f"{name} ({tier(each.fit)})" if each.fit else name


def told(report: Report) -> dict[str, Any]:
    """As the API and the command tell it to programs."""
    return {
        "version": report.version,
        "ready": report.is_ready,
        "total": len(report.mods),
        "counts": {str(fit): report.counts[fit] for fit in USABLE_FIRST},
        "mods": [_mod(mod) for mod in report.mods],
    }


USABLE_FIRST = (Fit.VERIFIED, Fit.LIKELY, Fit.NOT, Fit.UNKNOWN)


def _mod(mod: ReadyMod) -> dict[str, Any]:
    tracked, known = mod.tracked, mod.tracked.mod
    return {
        "identifier": tracked.identifier,
        "modid": known.modid if known else None,
        "name": tracked.name,
        "installed": tracked.version or None,
        "fit": str(mod.fit),
        "release": _release(mod),
        "action": str(mod.move),
        "page": mod.link or None,
        "reason": mod.reason or None,
        "problems": tracked.problems,
        "needs": [
            {
                "identifier": each.need.identifier,
                "minimum": each.need.minimum or None,
                "state": str(each.need.state),
                "fit": str(each.fit) if each.fit else None,
            }
            for each in mod.needs
        ],
    }


def _release(mod: ReadyMod) -> dict[str, Any] | None:
    """The one to take; none where none will do."""
    if mod.offer is None or mod.fit not in USABLE:
        return None
    return {"version": mod.offer.version, "file": mod.file or None}


def is_unmet(each: NeedThere) -> bool:
    return each.need.state is not State.SATISFIED
