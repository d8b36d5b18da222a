"""What is looked for in a search, and in what: words without case, accents and signs.

The same code reads what is stored and what is typed, so that every database finds the same.
"""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
# More of what was typed than this is not looked at.
_MOST = 12
_LONGEST = 200


def words(text: str) -> list[str]:
    """``["moteur", "a", "vapeur"]`` of ``Moteur à-vapeur!``."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text).lower()
        text = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _WORD.findall(text.lower())


def stored(texts: Iterable[str]) -> str:
    """Each word once, with a space before it: `` word`` stands only where a word begins."""
    return "".join(f" {word}" for word in dict.fromkeys(words(" ".join(texts))))


def asked(text: str) -> list[str]:
    """The beginnings of words that are looked for; one that begins another is left out."""
    found = list(dict.fromkeys(words(text[:_LONGEST])))[:_MOST]
    return [
        word
        for word in found
        if not any(other != word and other.startswith(word) for other in found)
    ]


def name_key(name: str, modid: int) -> bytes:
    """Orders mods by name; bytes, as databases do not agree on the order of letters."""
    return " ".join(words(name)).encode()[:120] + b"\0" + modid.to_bytes(8)
