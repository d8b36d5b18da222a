"""Lists of mods as people paste them: ``id@version``, one to a line or with commas."""

import re
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from . import identifier as identifiers
from .modversion import readable, strict
from .needs import GAME
from .oneline import short

MAX_LINES = 2_000
MAX_ENTRIES = 2_000
# Room for a whole list on one line.
MAX_LINE = 100_000

_LINE_END = re.compile(r"\r\n?|\n")
# carryon_1.12.0.zip and carryon-v1.12.0-rc.1.zip. A name that could mean something else as well
# is not guessed at.
_FILE = re.compile(
    r"([a-z][a-z0-9]*)[_-]v?([0-9]+\.[0-9]+\.[0-9]+(?:-(?:dev|pre|rc)\.[0-9]+)?)\.zip",
    re.IGNORECASE,
)
_OTHER_FILES = (".zip", ".dll", ".cs", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A mod of the list, in its own spelling. ``version`` is "" where none is named."""

    line: int
    identifier: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something on a line was left out."""

    line: int
    reason: str

    def __str__(self) -> str:
        return _("line %(line)d: %(reason)s") % {"line": self.line, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModList:
    """The mods of a list, each once, and what of it could not be understood."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


def parse(text: str) -> ModList:
    """Read a list; never raises. Empty lines and what follows a # count for nothing.

    Of a mod that comes twice the first one counts, and the other is told.
    """
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    lines = _LINE_END.split(text.removeprefix("\ufeff"), maxsplit=MAX_LINES)
    for number, line in enumerate(lines[:MAX_LINES], 1):
        if len(line) > MAX_LINE:
            problems.append(Problem(line=number, reason=_too_long()))
            continue
        for item in _items(line):
            if len(entries) + len(problems) >= MAX_ENTRIES:
                return _ended(entries, problems, number)
            try:
                _add(entries, _entry(item, number))
            except _Nonsense as reason:
                problems.append(Problem(line=number, reason=str(reason)))
    if len(lines) > MAX_LINES and lines[MAX_LINES].strip():
        return _ended(entries, problems, MAX_LINES + 1)
    return ModList(entries=tuple(entries.values()), problems=tuple(problems))


class _Nonsense(ValueError):
    pass


def _items(line: str) -> list[str]:
    line = line.partition("#")[0]
    return [item for part in line.split(",") if (item := part.strip())]


def _too_long() -> str:
    return _("it is longer than %(most)s characters; write one mod to a line") % {
        "most": number_format(MAX_LINE, force_grouping=True)
    }


def _entry(item: str, line: int) -> Entry:
    identifier, at, version = (part.strip() for part in item.partition("@"))
    file = _FILE.fullmatch(item)
    if file:
        identifier, version = file.groups()
        version = version.lower()
    elif not identifiers.is_possible(identifier) or identifier.lower().endswith(_OTHER_FILES):
        raise _Nonsense(
            _("“%(item)s” is no mod; write carryon or carryon@1.12.0") % {"item": short(item)}
        )
    if identifiers.folded(identifier) in GAME:
        raise _Nonsense(
            _("%(identifier)s is a part of the game itself, so there is nothing to track")
            % {"identifier": identifier}
        )
    if readable(identifier.lower().removeprefix("v")):
        raise _Nonsense(
            _("“%(item)s” is a version without its mod; write carryon@1.12.0")
            % {"item": short(item)}
        )
    if (at or file) and not strict(version):
        raise _Nonsense(
            _("“%(version)s” is no version of %(identifier)s; write it as 1.12.0 or 1.12.0-rc.1")
            % {"version": short(version), "identifier": short(identifier)}
        )
    return Entry(line=line, identifier=identifier, version=version)


def _add(entries: dict[str, Entry], entry: Entry) -> None:
    first = entries.setdefault(identifiers.folded(entry.identifier), entry)
    if first is not entry:
        raise _Nonsense(
            _("%(identifier)s is on line %(line)d already, which counts")
            % {"identifier": short(entry.identifier), "line": first.line}
        )


def _ended(entries: dict[str, Entry], problems: list[Problem], line: int) -> ModList:
    reason = _("the list is too long: from here on it was not read; paste the rest by itself")
    return ModList(
        entries=tuple(entries.values()), problems=(*problems, Problem(line=line, reason=reason))
    )
