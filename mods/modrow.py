"""One row of the mod database's catalogue, checked field by field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from scheduling.text import clean

from .rejections import BadRow

# Part of every hash. Count it up when rows are read differently: all of them are then written
# anew by the next refresh.
_FORMAT = b"1"

KEYS = (
    "modid", "assetid", "downloads", "follows", "trendingpoints", "comments", "name", "summary",
    "modidstrs", "author", "urlalias", "side", "type", "logo", "tags", "lastreleased",
)  # fmt: skip
_known = itemgetter(*KEYS)

_LARGEST = 2**63 - 1
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# Beyond these years a time can't be shown in every zone; the game is from 2016.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199

Fields = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModRow:
    """A usable row, under the names and within the lengths of ``models.Mod``."""

    modid: int
    assetid: int
    downloads: int
    follows: int
    trendingpoints: int
    comments: int
    name: str
    summary: str
    identifiers: list[str]
    author: str
    urlalias: str
    side: str
    type: str
    logo: str
    tags: list[str]
    last_released: datetime | None
    content_hash: str


def fields(raw: object, number: int = 1) -> Fields:
    """The values of ``KEYS`` in a row as it came; keys that we don't know are left out.

    ``number`` names the row where it does not name itself.
    """
    if not isinstance(raw, dict):
        raise BadRow(f"row {number:,} is {kind(raw)} instead of an object")
    try:
        values: Fields = _known(raw)
    except KeyError as missing:
        name = f"mod {_short(raw['modid'])}" if "modid" in raw else f"row {number:,}"
        raise BadRow(f"{name} has no {missing.args[0]}") from None
    return values


def modid_of(raw: object) -> int | None:
    """The mod id of a row, None where it holds none that can be one."""
    modid = raw.get("modid") if isinstance(raw, dict) else None
    return modid if type(modid) is int and 1 <= modid <= _LARGEST else None


def digest(values: Fields, number: int = 1) -> str:
    """A hash of the values as they came: equal hash, equal ``ModRow``, so it need not be read."""
    try:
        text = repr(values)
    except RecursionError:
        raise BadRow(f"row {number:,} is nested too deeply") from None
    return blake2b(text.encode(), digest_size=16, key=_FORMAT).hexdigest()


def read(values: Fields, content_hash: str) -> ModRow:
    """The checked row; raises BadRow, which names the mod and the field."""
    row = dict(zip(KEYS, values, strict=True))
    try:
        return _checked(row, content_hash)
    except _BadField as error:
        raise BadRow(f"mod {_short(row['modid'])}: {error}") from None


class _BadField(ValueError):
    pass


def _checked(row: Mapping[str, Any], content_hash: str) -> ModRow:
    return ModRow(
        modid=_integer(row, "modid", least=1),
        assetid=_integer(row, "assetid", least=1),
        downloads=_integer(row, "downloads"),
        follows=_integer(row, "follows"),
        trendingpoints=_integer(row, "trendingpoints"),
        comments=_integer(row, "comments"),
        name=_named(row, "name"),
        summary=_text(row, "summary", 255),
        identifiers=_texts(row, "modidstrs"),
        author=_text(row, "author", 255),
        urlalias=_text_or_null(row, "urlalias", 255),
        side=_text_or_null(row, "side", 20),
        type=_text(row, "type", 20),
        logo=web_address(_text_or_null(row, "logo")),
        # A mod without categories has [""].
        tags=_texts(row, "tags"),
        last_released=_time(row, "lastreleased"),
        content_hash=content_hash,
    )


def web_address(text: str, limit: int = 500) -> str:
    """``text`` if it is one that may become a link, else ""; half an address would be none."""
    fit = text.lower().startswith(("http://", "https://")) and len(text) <= limit
    return text if fit else ""


def _integer(row: Mapping[str, Any], key: str, *, least: int = -(2**63)) -> int:
    value = row[key]
    # True is an int to Python, not to a person.
    if type(value) is not int or not least <= value <= _LARGEST:
        raise _BadField(f"{key} is {kind(value)}, not a whole number that fits")
    return value


def _text(row: Mapping[str, Any], key: str, limit: int | None = None) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise _BadField(f"{key} is {kind(value)} instead of a text")
    return clean(value, limit)


def _text_or_null(row: Mapping[str, Any], key: str, limit: int | None = None) -> str:
    return "" if row[key] is None else _text(row, key, limit)


def _named(row: Mapping[str, Any], key: str) -> str:
    value = _text(row, key, 255)
    if not value.strip():
        raise _BadField(f"{key} is empty")
    return value


def _texts(row: Mapping[str, Any], key: str) -> list[str]:
    values = row[key]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _BadField(f"{key} is {kind(values)} instead of a list of texts")
    return [clean(value, 255) for value in values if value]


def _time(row: Mapping[str, Any], key: str) -> datetime | None:
    """A naive time of the mod database, which is UTC. Its zero date means none."""
    value = row[key]
    if value is None or (isinstance(value, str) and value.startswith("0000-00-00")):
        return None
    try:
        if _TIME.fullmatch(value):
            time = datetime.fromisoformat(value).replace(tzinfo=UTC)
            if _FIRST_YEAR <= time.year <= _LAST_YEAR:
                return time
    except (TypeError, ValueError):
        pass
    raise _BadField(f"{key} is {_short(value)}, which is no time") from None


def kind(value: object) -> str:
    """A number or null as it is, anything else by what it is: it may be long."""
    if isinstance(value, int | float) or value is None:
        return _short(value)
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def _short(value: object) -> str:
    """The value as JSON would have it, or a hint of it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a huge number"
    return repr(value)[:60] if isinstance(value, str | float) else kind(value)
