"""One row of the mod database's catalogue, checked field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .fields import (
    LARGEST,
    BadField,
    integer,
    kind,
    named,
    short,
    text,
    text_or_null,
    texts,
    time,
    web_address,
)
from .rejections import BadRow

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Part of every hash. Count it up when rows are read differently: all of them are then written
# anew by the next refresh.
_FORMAT = b"1"

KEYS = (
    "modid", "assetid", "downloads", "follows", "trendingpoints", "comments", "name", "summary",
    "modidstrs", "author", "urlalias", "side", "type", "logo", "tags", "lastreleased",
)  # fmt: skip
_known = itemgetter(*KEYS)

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
    # "" where the bytes are not known.
    raw_hash: str = ""


def fields(raw: object, number: int = 1) -> Fields:
    """The values of ``KEYS`` in a row as it came; keys that we don't know are left out.

    ``number`` names the row where it does not name itself.
    """
    if not isinstance(raw, dict):
        raise BadRow(f"row {number:,} is {kind(raw)} instead of an object")
    try:
        values: Fields = _known(raw)
    except KeyError as missing:
        name = f"mod {short(raw['modid'])}" if "modid" in raw else f"row {number:,}"
        raise BadRow(f"{name} has no {missing.args[0]}") from None
    return values


def modid_of(raw: object) -> int | None:
    """The mod id of a row, None where it holds none that can be one."""
    modid = raw.get("modid") if isinstance(raw, dict) else None
    return modid if type(modid) is int and 1 <= modid <= LARGEST else None


def digest(values: Fields, number: int = 1) -> str:
    """A hash of the values as they came: equal hash, equal ``ModRow``, so it need not be read."""
    try:
        shown = repr(values)
    except RecursionError:
        raise BadRow(f"row {number:,} is nested too deeply") from None
    return blake2b(shown.encode(), digest_size=16, key=_FORMAT).hexdigest()


def raw_digest(raw: "ReadableBuffer") -> str:
    """A hash of the bytes of a row: equal hash, equal values, so they need not be looked at."""
    return blake2b(raw, digest_size=16, key=_FORMAT).hexdigest()


def read(values: Fields, content_hash: str, raw_hash: str = "") -> ModRow:
    """The checked row; raises BadRow, which names the mod and the field."""
    row = dict(zip(KEYS, values, strict=True))
    try:
        return _checked(row, content_hash, raw_hash)
    except BadField as error:
        raise BadRow(f"mod {short(row['modid'])}: {error}") from None


def _checked(row: Mapping[str, Any], content_hash: str, raw_hash: str) -> ModRow:
    return ModRow(
        modid=integer(row, "modid", least=1),
        assetid=integer(row, "assetid", least=1),
        downloads=integer(row, "downloads"),
        follows=integer(row, "follows"),
        trendingpoints=integer(row, "trendingpoints"),
        comments=integer(row, "comments"),
        name=named(row, "name"),
        summary=text(row, "summary", 255),
        identifiers=texts(row, "modidstrs"),
        author=text(row, "author", 255),
        urlalias=text_or_null(row, "urlalias", 255),
        side=text_or_null(row, "side", 20),
        type=text(row, "type", 20),
        logo=web_address(text_or_null(row, "logo")),
        # A mod without categories has [""].
        tags=texts(row, "tags"),
        last_released=time(row, "lastreleased"),
        content_hash=content_hash,
        raw_hash=raw_hash and raw_hash + content_hash,
    )
