"""Takes secrets out of text before it is logged or stored, as far as their form tells.

Most texts hold none, and a busy worker writes thousands of them a second: whatever has none of
the signs that all forms share is left alone by one quick look.
"""

import re
from functools import lru_cache
from typing import Any

from .text import clean

MASK = "•••"

# One of these is in each of the forms below; to look for them costs next to nothing.
_SIGNS = (
    *("://", "vsm_", "authorization", "bearer", "basic", "cookie", "pass", "pwd"),
    *("token", "secret", "sessionid", "key", "credential"),
)
# Longer texts are looked at line by line.
_LONG = 500
_DEEPEST = 10
_NAMES = (
    r"(?:pass(?:word|wd|phrase)?|pwd|token|secret|sessionid|csrftoken"
    r"|secret[_-]?key|(?:api|access|private)[_-]?key|credentials?)"
)
# What their groups hold stays, the rest is secret.
_SECRET = re.compile(
    rf"""(?<=://)[^\s/@'"]+(?=@)                          # user:password@ of any address
    | \bvsm_[\w-]{{20,}}                                  # our own tokens
    | (\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:[a-z]+\s+)?)[^\s"',;]+
    | (\b(?:bearer|basic)\s+)(?=[\w+/=.~-]{{8}})[\w+/=.~-]+
    | (?<![a-z])({_NAMES}["']?\s?[=:]\s?)(?:•••|"[^"\n]*"|'[^'\n]*'|[^\s&,;"'()]+)
    | (\b(?:set-)?cookie["']?\s*[:=]\s*)[^\r\n"']+
    # Webhooks, and what Apprise takes: all after the scheme or the host is a secret.
    | (\bhttps?://(?:[\w.-]*\.)?(?:discord(?:app)?\.com/api/webhooks|hooks\.slack\.com
        |api\.telegram\.org|hc-ping\.com)/)[^\s"'<>]+
    | (\b(?!https?:|ftps?:|file:|sqlite:|postgres(?:ql)?:|unix:)[a-z][a-z0-9+.-]{{1,20}}://)
        [^\s"'<>]+""",
    re.I | re.X,
)
_SECRET_NAME = re.compile(rf"(?:.*[_-])?(?:{_NAMES}|authorization|(?:set-)?cookie)", re.I)
# Values that this process itself was given; too short a one would be found everywhere.
_SHORTEST = 6
_known: "re.Pattern[str] | None" = None


def know(*values: str) -> None:
    """These are secrets, whatever they look like (SECRET_KEY, the database's password)."""
    global _known
    longest_first = sorted({each for each in values if len(each) >= _SHORTEST}, key=len)[::-1]
    _known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def redacted(text: str) -> str:
    if not text:
        return text
    if _known is not None:
        text = _known.sub(MASK, text)
    if not _has_sign(text):
        return text
    if len(text) > _LONG:
        return "".join(map(_line, text.splitlines(keepends=True)))
    return _SECRET.sub(_masked, text)


def _line(text: str) -> str:
    return _SECRET.sub(_masked, text) if _has_sign(text) else text


def _has_sign(text: str) -> bool:
    lowered = text.lower()
    # Written out: any() with a generator takes twice as long.
    for sign in _SIGNS:  # noqa: SIM110
        if sign in lowered:
            return True
    return False


def value(given: Any, depth: int = 0) -> Any:
    """A value without secrets: its texts, and whatever stands under a name for them."""
    if given is None or isinstance(given, bool | int | float):
        return given
    if isinstance(given, str):
        return redacted(clean(given))
    if isinstance(given, dict) and depth < _DEEPEST:
        return {
            key: MASK if inner and is_secret(_text(key)) else value(inner, depth + 1)
            for key, inner in given.items()
        }
    if isinstance(given, list | tuple) and depth < _DEEPEST:
        return [value(inner, depth + 1) for inner in given]
    return redacted(clean(_text(given)))


def _text(given: Any) -> str:
    try:
        return str(given)
    except Exception as error:  # noqa: BLE001 - whatever a log is given may be broken
        return f"(can't be shown: {type(error).__name__})"


def _masked(found: "re.Match[str]") -> str:
    return f"{found[found.lastindex] if found.lastindex else ''}{MASK}"


@lru_cache(maxsize=500)
def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret, whatever its value looks like."""
    return _SECRET_NAME.fullmatch(name) is not None
