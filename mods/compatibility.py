"""Which release of a mod runs on a version of the game, by what its author ticked.

A release names the exact versions of the game that it was made for. A game of the same
major.minor still talks to it, so it is likely to run there, but nobody has tried.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from .gameversion import Version
from .modversion import strict

# What the mod database says for "none".
_NONE = "0.0.0"


class Fit(StrEnum):
    VERIFIED = "verified"  # The author named this very version of the game.
    LIKELY = "likely"  # Only another one of the same major.minor.
    NOT = "not"  # Only others.
    UNKNOWN = "unknown"  # None at all.


# Whether a release without versions is better than one for other versions, nobody knows:
# between those the newer one counts.
_RANK = {Fit.VERIFIED: 0, Fit.LIKELY: 1, Fit.NOT: 2, Fit.UNKNOWN: 2}


class Release(Protocol):
    """What is asked of a release; a model's row will do. ``created`` may be unknown."""

    @property
    def version(self) -> str: ...
    @property
    def game_versions(self) -> Sequence[str]: ...
    @property
    def created(self) -> datetime | None: ...


R = TypeVar("R", bound=Release)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Generic[R]):
    """The release to take, and how well it fits."""

    release: R
    fit: Fit


def fit(game_versions: Sequence[str], target: Version) -> Fit:
    """How well a release for these versions of the game runs on the target."""
    # Compared as text, which is many times quicker than reading each of them: both sides come
    # from the same packed form.
    text = str(target)
    if text in game_versions:
        return Fit.VERIFIED
    minor = text[: text.index(".", text.index(".") + 1) + 1]
    # Most releases were made for other minors altogether; one look tells.
    near = f"\n{minor}" in "\n" + "\n".join(game_versions)
    if near and any(name.startswith(minor) and _named(name) for name in game_versions):
        return Fit.LIKELY
    return Fit.NOT if any(map(_named, game_versions)) else Fit.UNKNOWN


def choose(releases: Iterable[R], target: Version) -> Choice[R] | None:
    """The release to take for a version of the game; None where there is no release.

    The best fit first; of equal fit a stable release before a pre-release, then the highest
    version, then the latest. Versions that can't be read come last.
    """
    choices = (
        Choice(release=release, fit=fit(release.game_versions, target)) for release in releases
    )
    return max(choices, key=_worth, default=None)


def is_newer(installed: str, offered: str) -> bool | None:
    """Whether what is offered is newer than what is installed; None = nobody can tell."""
    old, new = strict(installed), strict(offered)
    return None if old is None or new is None else new > old


def _named(game_version: str) -> bool:
    return game_version != _NONE and strict(game_version) is not None


def _worth(choice: Choice[R]) -> tuple[int, bool, bool, int, float]:
    version = strict(choice.release.version)
    created = choice.release.created
    return (
        -_RANK[choice.fit],
        version is not None,
        version is not None and not version.is_prerelease,
        version.packed if version else 0,
        created.timestamp() if created else 0,
    )
