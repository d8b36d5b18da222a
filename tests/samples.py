"""The code samples of the documentation, so that tests can run them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Sample(NamedTuple):
    """``file`` is what its first line, a comment, names; "" where it names none."""

    language: str
    text: str
    file: str


def samples(page: str, language: str = "") -> Iterator[Sample]:
    for found, text in _BLOCK.findall((PROJECT / page).read_text()):
        named = re.match(r"# ([\w/]+\.\w+)\n", text)
        if language in ("", found):
            yield Sample(found, text, named[1] if named else "")


def commands(page: str) -> Iterator[str]:
    """The lines of its shell samples, without comments."""
    for sample in samples(page, "sh"):
        for line in sample.text.splitlines():
            if command := line.partition(" # ")[0].strip():
                yield command
