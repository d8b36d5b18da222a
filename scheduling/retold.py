"""The scheduler's own reasons, which are stored in English, in the language of whoever reads."""

import re
from functools import lru_cache

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext

from . import reasons

_TEXTS = [text for name, text in vars(reasons).items() if name.isupper()]
_SENTENCES = [text for text in _TEXTS if text.endswith(".")]
_PHRASES = {text for text in _TEXTS if not text.endswith(".")}
_VALUES = {"count": "[0-9,]+", "seconds": "[0-9.e+]+", "status": "[a-z ]+"}
_PLACE = re.compile(r"%\\\((\w+)\\\)s")


def _pattern(sentence: str) -> re.Pattern[str]:
    """Finds the sentence at the beginning of a text, whatever its values."""

    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{_VALUES.get(found[1], '.+?')})"

    return re.compile(_PLACE.sub(group, re.escape(sentence)) + "(?: |$)")


# The longest first: a short one may be the beginning of another.
_PATTERNS = [
    (sentence, _pattern(sentence)) for sentence in sorted(_SENTENCES, key=len, reverse=True)
]


def retold(text: str) -> str:
    """Sentence by sentence, as far as the words are the scheduler's; the rest stays as it is."""
    return _retold(text, get_language())


# The language is not read here, but the words depend on it.
@lru_cache(maxsize=1_024)
def _retold(text: str, _language: str | None) -> str:
    told, rest = [], text
    while sentence := _first(rest):
        told.append(sentence[0])
        rest = rest[sentence[1] :]
    return " ".join([*told, rest] if rest else told)


def _first(text: str) -> tuple[str, int] | None:
    """The sentence that the text begins with, and where the next one does."""
    for sentence, pattern in _PATTERNS:
        if found := pattern.match(text):
            values = {name: _value(name, value) for name, value in found.groupdict().items()}
            return gettext(sentence) % values, found.end()
    return None


def _value(name: str, value: str) -> str:
    if name == "count":
        return number_format(int(value.replace(",", "")), force_grouping=True)
    return gettext(value) if name == "status" or value in _PHRASES else value
