"""TOML files that people keep: read with the line of each key, and written."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .errors import SchedulingError

_LARGEST = 1_000_000
Place = tuple[str, ...]


class BadFile(SchedulingError):
    __doc__ = gettext_noop("The file can't be read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says; ``lines`` has the line of a key or of a table, where that is known."""

    name: str
    values: dict[str, Any]
    lines: dict[Place, int]

    def at(self, place: Place) -> str:
        """Where that is in the file, for people: ``line 4, jobs.tides.cron``."""
        name = ".".join(place)
        line = next((self.lines[place[:n]] for n in range(len(place), 0, -1)
                     if place[:n] in self.lines), 0)  # fmt: skip
        return _("line %(line)d, %(name)s") % {"line": line, "name": name} if line else name


def read(path: Path) -> Document:
    """Raises BadFile."""
    try:
        stat = path.stat()
        if stat.st_size > _LARGEST:
            raise BadFile(_("%(file)s is too large.") % {"file": path.name})
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        told = {"file": path.name, "why": error.strerror}
        raise BadFile(_("%(file)s can't be read: %(why)s.") % told) from None


# Pages read it again and again.
@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> Document:
    try:
        text = path.read_bytes().decode()
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        told = {"file": path.name, "why": error}
        raise BadFile(_("%(file)s is no TOML: %(why)s.") % told) from None
    return Document(name=path.name, values=values, lines=_lines(text))


def _lines(text: str) -> dict[Place, int]:
    found: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("["):
            table = _keys(line)
            # Of tables in an array each has the number that it has there.
            if line.startswith("[["):
                table = (*table, str(sum(place[:-1] == table for place in found)))
            found.setdefault(table, number)
        elif "=" in line and (keys := _keys(f"{line.partition('=')[0]} = 0")):
            found.setdefault((*table, *keys), number)
    return found


def _keys(line: str) -> Place:
    """The keys that a line of TOML names; () of what is none by itself."""
    try:
        value: Any = tomllib.loads(line)
    except ValueError:
        return ()
    keys = []
    while isinstance(value, dict) and value:
        (key,) = list(value)[:1]
        keys.append(key)
        value = value[key]
        value = value[0] if isinstance(value, list) and value else value
    return tuple(keys)


def table(place: Iterable[str], values: Mapping[str, Any], *, of_many: bool = False,
          comment: str = "") -> str:  # fmt: skip
    """The text of one table."""
    name = ".".join(map(_key, place))
    lines = [f"[[{name}]]" if of_many else f"[{name}]"]
    lines += [f"# {line}" for line in comment.splitlines()]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's too, but for this one.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
