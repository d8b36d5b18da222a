"""Reads JSON as the game does, which takes more than the standard allows.

Comments, trailing commas, single quotes, keys without quotes, line breaks in texts.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from django.utils.translation import gettext as _

from scheduling.text import clean

from .bytetext import decoded

MAX_DEPTH = 64
# A real modinfo.json has some hundred. A megabyte of commas would keep us busy for seconds.
MAX_TOKENS = 20_000

# An object comes as its pairs, so that keys which differ only in case, or not at all, are seen.
Pairs = tuple[tuple[str, Any], ...]

# Possessive, so that a text without its end is given up at once.
_TOKEN = re.compile(
    r"""
    (?P<space> [\s\ufeff]++ | //[^\r\n]*+ | /\*.*?\*/ )
  | (?P<text> "[^"\\]*+(?:\\.[^"\\]*+)*+" | '[^'\\]*+(?:\\.[^'\\]*+)*+' )
  | (?P<begin> [{\[] ) | (?P<end> [}\]] ) | (?P<comma> , ) | (?P<mark> : )
  | (?P<word> [^\s"'{}\[\]:,/]++ )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE_OR_QUOTE = re.compile(r'\\(.)|"', re.DOTALL)


class UnreadableJson(ValueError):
    """Why this is no JSON, not even to the game, with the line."""


def read(body: bytes) -> Any:
    """The value of a JSON text; raises UnreadableJson.

    Objects come as ``Pairs``, numbers as they are written: nothing is lost of ``1.10``, and no
    number is too long.
    """
    strict = _strict(decoded(body))
    try:
        return json.loads(
            strict,
            strict=False,
            object_pairs_hook=tuple,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
    except json.JSONDecodeError as error:
        raise _unreadable(error.lineno, error.msg) from None


def is_object(value: object) -> TypeGuard[Pairs]:
    return isinstance(value, tuple)


def _strict(text: str) -> str:
    """The same as the standard has it; lines keep their numbers."""
    out: list[str] = []
    # Where in ``out`` the token before stands, and what it is.
    last, last_kind = -1, ""
    for kind, value in _tokens(text):
        if kind == "space":
            out.append("\n" * value.count("\n") or " ")
            continue
        if kind == "end" and last_kind == "comma":
            out[last] = ""
        elif value == ":" and last_kind == "word":
            out[last] = json.dumps(out[last])
        # A comma may trail only behind something.
        trails = kind == "comma" and last_kind in ("text", "word", "end")
        last, last_kind = len(out), kind if trails or kind != "comma" else "mark"
        out.append(_quoted(value[1:-1]) if kind == "text" else value)
    return "".join(out)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each; raises UnreadableJson where there is none, or too much of them."""
    position = depth = count = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _unreadable(_line(text, position), _broken(text, position))
        kind = token.lastgroup or ""
        count += 1
        depth += (kind == "begin") - (kind == "end")
        if count > MAX_TOKENS:
            raise _unreadable(_line(text, position), _("there is too much in it"))
        if depth > MAX_DEPTH:
            raise _unreadable(_line(text, position), _("it is nested too deeply"))
        yield kind, token[0]
        position = token.end()


def _quoted(inside: str) -> str:
    """A text in double quotes, whichever it had."""

    def escaped(found: re.Match[str]) -> str:
        return "'" if found[1] == "'" else '\\"' if found[0] == '"' else found[0]

    return f'"{_ESCAPE_OR_QUOTE.sub(escaped, inside)}"'


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _broken(text: str, position: int) -> str:
    if text[position] != "/":
        return _("a text has no end")
    if text.startswith("/*", position):
        return _("a comment has no end")
    return _("a / stands alone")


def _unreadable(line: int, reason: str) -> UnreadableJson:
    return UnreadableJson(
        _("line %(line)d: %(reason)s") % {"line": line, "reason": clean(reason, 100)}
    )
