"""The identifiers of mods: what can be one at all, and what the game takes for one."""

import re

MAX_LENGTH = 255
# What the mod database holds: upper case, hyphens, dots and leading digits, all against the
# game's own rule.
_POSSIBLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VALID = re.compile(r"[a-z][a-z0-9]*")
_DROPPED = re.compile(r"[^A-Za-z0-9]")


def is_possible(text: str) -> bool:
    """Whether a published mod could be called so."""
    return len(text) <= MAX_LENGTH and bool(_POSSIBLE.fullmatch(text))


def is_valid(text: str) -> bool:
    """Whether the game takes it: lower-case letters and digits, a letter first."""
    return bool(_VALID.fullmatch(text))


def derived(name: str) -> str:
    """The identifier that the game makes of a mod's name; "" where nothing is left of it."""
    return _DROPPED.sub("", name).lower()


def folded(identifier: str) -> str:
    """The form to compare by: upper and lower case are the same identifier."""
    return identifier.lower()
