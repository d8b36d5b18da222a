"""Whether the mods of a list have what they need, from the list itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from django.utils.translation import gettext as _

from . import identifier as identifiers
from .gameversion import Version
from .modversion import readable

_ANY = ("", "*")


class State(StrEnum):
    SATISFIED = "satisfied"
    MISSING = "missing"
    TOO_OLD = "too_old"
    UNCLEAR = "unclear"  # One of the two versions can't be read.


class Listed(Protocol):
    """What is asked of a mod; a ModInfo or a model's row will do.

    ``dependencies`` maps identifiers of other mods to lowest versions, "" or "*" for any.
    """

    @property
    def identifier(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def dependencies(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mod's need for another. ``installed`` is "" where that is missing or names none."""

    needed_by: str
    identifier: str
    minimum: str
    installed: str
    state: State

    def __str__(self) -> str:
        return _words(self) % {
            "mod": self.needed_by,
            "needed": self.identifier,
            "minimum": self.minimum,
            "installed": self.installed,
        }


def check(mods: Iterable[Listed]) -> list[Finding]:
    """A finding for each need of each mod, in the order of the list.

    Each need is looked up by itself, so mods that need each other are nothing special. Of a mod
    that is listed twice the game loads the higher version.
    """
    mods = list(mods)
    installed: dict[str, str] = {}
    for mod in mods:
        key = identifiers.folded(mod.identifier)
        installed[key] = max(installed.get(key, mod.version), mod.version, key=_order)
    return [finding for mod in mods for finding in _needs(mod, installed)]


def unmet(findings: Iterable[Finding]) -> list[Finding]:
    """Those to do something about."""
    return [finding for finding in findings if finding.state is not State.SATISFIED]


def _needs(mod: Listed, installed: Mapping[str, str]) -> Iterator[Finding]:
    for needed, minimum in mod.dependencies.items():
        there = installed.get(identifiers.folded(needed))
        yield Finding(
            needed_by=mod.identifier,
            identifier=needed,
            minimum="" if minimum in _ANY else minimum,
            installed=there or "",
            state=State.MISSING if there is None else _state(there, minimum),
        )


def _state(installed: str, minimum: str) -> State:
    if minimum in _ANY or installed == minimum:
        return State.SATISFIED
    have, need = readable(installed), readable(minimum)
    if have is None or need is None:
        return State.UNCLEAR
    return State.SATISFIED if have >= need else State.TOO_OLD


def _order(version: str) -> Version:
    return readable(version) or Version(0)


def _words(finding: Finding) -> str:
    match finding.state:
        case State.SATISFIED:
            return _("%(mod)s has the %(needed)s that it needs")
        case State.TOO_OLD:
            return _(
                "%(mod)s needs %(needed)s %(minimum)s or later, and %(installed)s is installed: "
                "update it"
            )
        case State.UNCLEAR if not finding.installed:
            return _(
                "%(mod)s needs %(needed)s %(minimum)s or later; say which version of it is "
                "installed"
            )
        case State.UNCLEAR:
            return _(
                "%(mod)s needs %(needed)s %(minimum)s or later; whether “%(installed)s” is, "
                "can't be told"
            )
    if finding.minimum:
        return _("%(mod)s needs %(needed)s %(minimum)s or later, which is missing: install it")
    return _("%(mod)s needs %(needed)s, which is missing: install it")
