"""Reads JSON as the standard has it, whatever an upstream sends in its place."""

import json
from typing import Any, NoReturn

from scheduling.text import clean

from .errors import KEPT, BadAnswer

_EXCERPT = 200


def read(body: bytes | bytearray, shown_url: str) -> Any:
    """The value of a JSON text in UTF-8, with or without a byte order mark.

    Raises BadAnswer, with the beginning of the body, for anything else: HTML, a text that
    breaks off, NaN and Infinity, numbers and nesting beyond what Python reads. Of a key that
    comes twice the last counts.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(shown_url, f"it is not UTF-8 at byte {error.start:,}", body) from None
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise _bad(shown_url, _in_words(error, text), body) from None
    except RecursionError:
        raise _bad(shown_url, "it is nested too deeply", body) from None
    except _NoJson as error:
        raise _bad(shown_url, f"it holds {error}, which is no JSON", body) from None
    except ValueError:
        raise _bad(shown_url, "it holds a number too long to read", body) from None


class _NoJson(ValueError):
    """A constant that Python reads and JSON doesn't have."""


def _refuse(constant: str) -> NoReturn:
    raise _NoJson(constant)


def _in_words(error: json.JSONDecodeError, text: str) -> str:
    whole = text.strip()
    if not whole:
        return "it is empty"
    if whole[0] == "<":
        return "it looks like a web page"
    if whole[0] in "{[" and whole[-1] not in "}]":
        return f"it breaks off after {len(text):,} characters"
    return f"it is no JSON (position {error.pos:,})"


def _bad(shown_url: str, reason: str, body: bytes | bytearray) -> BadAnswer:
    # Enough bytes for the characters that are shown, whatever their width.
    begin = clean(bytes(body[: 4 * _EXCERPT]).decode("utf-8", "replace"))[:_EXCERPT]
    excerpt = f" It begins: {begin}" if begin.strip() else ""
    return BadAnswer(f"{shown_url} did not send the expected JSON: {reason}. {KEPT}{excerpt}")
