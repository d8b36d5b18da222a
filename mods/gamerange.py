"""Versions of the game that a release is for, told in short."""

from collections.abc import Iterable

from .gameversion import Version
from .modversion import strict


def folded(game_versions: Iterable[str]) -> str:
    """Those of one minor as the first and the last, and how many they are.

    Nothing is said of those between that are not named; a hover tells them all.
    """
    minors: dict[int, list[Version]] = {}
    for version in sorted(each for each in map(strict, game_versions) if each and each.packed):
        if version.packed >> 32 or version.packed & 0xFFFFFFFF != 0xFFFF:
            minors.setdefault(version.packed >> 32, []).append(version)
    return ", ".join(_span(each) for each in minors.values())


def _span(versions: list[Version]) -> str:
    if len(versions) == 1:
        return str(versions[0])
    return f"{versions[0]} \N{EN DASH} {versions[-1]} ({len(versions)})"
