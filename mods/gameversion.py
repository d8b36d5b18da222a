"""The versions of the game: their grammar, their order and their packed form.

Exactly the mod database's own reading (anegostudios/vsmoddb, lib/version.php).
"""

import re
from dataclasses import dataclass
from typing import Self

_GRAMMAR = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)(?:-(dev|pre|rc)\.([0-9]+))?")
_STAGES = {"dev": 4, "pre": 8, "rc": 12}
_STAGE_NAMES = {kind: name for name, kind in _STAGES.items()}
_RELEASE = 0xFFFF
# Python refuses to read numbers of more than 4,300 digits; no version comes near this length.
_MAX_LENGTH = 64


class InvalidVersion(ValueError):
    """This is not a version such as 1.22.0 or 1.22.0-rc.10."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:_MAX_LENGTH]!r} is not a version such as 1.22.0 or 1.22.0-rc.10")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of the game. Orders as the game's do: dev < pre < rc < release, rc.2 < rc.10.

    ``packed`` is unsigned and below 2^63: 16 bits each of major, minor, patch and suffix; the
    suffix is 0xFFFF for a release, else 4 bits of stage and 12 of its number.
    """

    packed: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The version of a text; raises InvalidVersion.

        Numbers too large for their bits wrap, as they do in the mod database; only a major
        that would fill the sign bit of a database's integer is refused.
        """
        found = _GRAMMAR.fullmatch(text) if len(text) <= _MAX_LENGTH else None
        if found is None:
            raise InvalidVersion(text)
        major, minor, patch = (int(part) & 0xFFFF for part in found.group(1, 2, 3))
        stage, number = found.group(4, 5)
        suffix = _STAGES[stage] << 12 | int(number) & 0xFFF if stage else _RELEASE
        if major > 0x7FFF:
            raise InvalidVersion(text)
        return cls(major << 48 | minor << 32 | patch << 16 | suffix)

    @property
    def is_prerelease(self) -> bool:
        return self.packed & 0xFFFF != _RELEASE

    def __str__(self) -> str:
        major, minor, patch = (self.packed >> bits & 0xFFFF for bits in (48, 32, 16))
        # A suffix of no known stage is left out: packed 0 reads 0.0.0.
        stage = _STAGE_NAMES.get(self.packed >> 12 & 0xF) if self.is_prerelease else None
        suffix = f"-{stage}.{self.packed & 0xFFF}" if stage else ""
        return f"{major}.{minor}.{patch}{suffix}"
