"""Finds English on a page that is shown in German."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import polib

GERMAN = {"Accept-Language": "de"}
CATALOGUE = Path(__file__).parents[2] / "locale/de/LC_MESSAGES/django.po"
_TAG = re.compile(r"<[^>]*>", re.S)
_UNREAD = re.compile(r"<(script|style|pre|code)\b.*?</\1>|<!--.*?-->", re.S)
_READ_OUT = re.compile(
    r'\b(?:title|alt|aria-label|placeholder|data-label|data-headline|data-title)="([^"]*)"'
)
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


def one_line(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def texts_of(page: str) -> list[str]:
    """What stands between two tags, and in attributes that are read out."""
    plain = _UNREAD.sub(" ", page)
    return [one_line(text) for text in [*re.split(_TAG, plain), *_READ_OUT.findall(plain)]]


def sentences() -> Iterator[tuple[str, str]]:
    """What is said in English, and the part of it that shows on a page."""
    for entry in polib.pofile(str(CATALOGUE)):
        german = [entry.msgstr, *entry.msgstr_plural.values()]
        for english in filter(None, (entry.msgid, entry.msgid_plural)):
            parts = [one_line(part) for part in _PLACEHOLDER.split(_TAG.sub("\0%s", english))]
            part = max((part.replace("\0", "").strip() for part in parts), key=len)
            told = [one_line(text) for text in german]
            if " " in part and not any(part in text for text in told):
                yield english, part


SENTENCES = list(sentences())
WORDS = {
    entry.msgid
    for entry in polib.pofile(str(CATALOGUE))
    if not entry.msgctxt and not entry.msgid_plural and entry.msgid != entry.msgstr
}
# Some German words are also English ones.
WORDS -= {entry.msgstr for entry in polib.pofile(str(CATALOGUE))}


def english_on(page: str) -> list[str]:
    """Our English sentences wherever they stand, and our English words that stand alone."""
    texts = texts_of(page)
    whole = " ".join(texts)
    found = [
        english
        for english, part in SENTENCES
        # Most are not there at all, and a pattern takes long to build.
        if part in whole and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", whole)
    ]
    return list(dict.fromkeys([*found, *(text for text in texts if text in WORDS)]))
