"""The versions that mods bear, which nobody checks before they are on a server."""

from functools import lru_cache

from .gameversion import InvalidVersion, Version

# Longer ones are none, and are not to be remembered.
_MAX_LENGTH = 64


def strict(text: str) -> Version | None:
    """The version that the mod database would take for one, None where it takes none."""
    return _parsed(text) if len(text) <= _MAX_LENGTH else None


def readable(text: str) -> Version | None:
    """As ``strict``, and "1.2" is 1.2.0, as it is to the game itself."""
    numbers, hyphen, stage = text.partition("-")
    if numbers.count(".") == 1:
        numbers += ".0"
    return strict(f"{numbers}{hyphen}{stage}")


# The same few thousand are read again and again, by every look at every mod.
@lru_cache(maxsize=8192)
def _parsed(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except InvalidVersion:
        return None
