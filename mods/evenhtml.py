"""Authors' HTML made even before it is parsed.

By HTML's own rules for bad nesting a text of 200,000 characters can become 800 MB, or take
seconds: what is left open is opened again in each paragraph, and each tag looks through all
that is open. So what is opened is closed here in its order, and what nests too deep, or comes
after too many tags, is the words alone. Takes time in proportion to the text.
"""

import re
from collections import Counter

MAX_DEPTH = 100
# Of these each paragraph in them may get its own copy.
MAX_FORMATS = 10
MAX_TAGS = 5_000
MAX_VALUE = 500
_FORMATS = frozenset(("a", "b", "code", "em", "i", "s", "small", "strong", "u"))
_VOID = frozenset(("br", "hr", "img"))
# One of these ends the one before it, where that was left open.
_ONE_BY_ONE = frozenset(("p", "li", "dt", "dd", "tr", "td", "th"))
# A quotation mark is one only after "=". What is not closed ends with the text, so that no
# part of it is read twice.
_TAG = re.compile(
    r"""<!--(?:.*?-->|.*\Z)
    | <(?P<end>/?)(?P<name>[a-z][^\s/>]*+)
      (?P<rest>(?:[^>=] | =\s*+(?:"[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z))?+)*+) (?:>|\Z)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    r"""(?<![\w-])([a-z]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]++))""", re.I
)


def even(text: str, tags: frozenset[str], attributes: dict[str, set[str]]) -> str:
    """``text`` with no tags but ``tags``, each closed, and with no attributes but these."""
    page, at = _Page(), 0
    for tag in _TAG.finditer(text):
        page.say(text[at : tag.start()])
        at = tag.end()
        name = (tag["name"] or "").lower()
        if name in tags and tag["end"]:
            page.end(name)
        elif name in tags:
            page.begin(name, _kept(tag["rest"], attributes.get(name, set())))
    page.say(text[at:])
    return page.closed()


def _kept(rest: str, wanted: set[str]) -> str:
    told = ""
    for name, *values in _ATTRIBUTE.findall(rest) if wanted else ():
        value = "".join(values)
        if name.lower() in wanted and len(value) <= MAX_VALUE:
            told += f' {name.lower()}="{_quoted(value)}"'
    return told


def _quoted(value: str) -> str:
    """Fit for quotation marks; what stands in it as ``&amp;`` stays so."""
    return value.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


class _Page:
    def __init__(self) -> None:
        self._parts: list[str] = []
        # What is open, and whether its tag was let through.
        self._open: list[tuple[str, bool]] = []
        self._count = Counter[str]()
        self._formats = self._tags = 0

    def say(self, words: str) -> None:
        self._parts.append(words.replace("<", "&lt;"))

    def begin(self, name: str, attributes: str) -> None:
        if self._open and self._open[-1][0] == name and name in _ONE_BY_ONE:
            self.end(name)
        is_format = name in _FORMATS
        shown = (
            self._tags < MAX_TAGS
            and len(self._open) < MAX_DEPTH
            and not (is_format and self._formats >= MAX_FORMATS)
        )
        if shown:
            self._tags += 1
            self._parts.append(f"<{name}{attributes}>")
        if name not in _VOID:
            self._open.append((name, shown))
            self._count[name] += 1
            self._formats += is_format

    def end(self, name: str) -> None:
        """Close it and what is open in it; nothing where no such tag is open."""
        while self._count[name]:
            last, shown = self._open.pop()
            self._count[last] -= 1
            self._formats -= last in _FORMATS
            if shown:
                self._parts.append(f"</{last}>")
            if last == name:
                return

    def closed(self) -> str:
        self._parts.extend(f"</{name}>" for name, shown in reversed(self._open) if shown)
        return "".join(self._parts)
