"""Values of an upstream's JSON, each checked before it is taken for what it should be.

They read ``key`` of an object; raise BadField, which names the key, for what is something else.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scheduling.text import clean

LARGEST = 2**63 - 1
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# Beyond these years a time can't be shown in every zone; the game is from 2016.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class BadField(ValueError):
    """Why a value can't be used; names its key."""


def web_address(found: str, limit: int = 500) -> str:
    """``found`` if it is one that may become a link, else ""; half an address would be none."""
    fit = found.lower().startswith(("http://", "https://")) and len(found) <= limit
    return found if fit else ""


def integer(row: Mapping[str, Any], key: str, *, least: int = -(2**63)) -> int:
    value = row[key]
    # True is an int to Python, not to a person.
    if type(value) is not int or not least <= value <= LARGEST:
        raise BadField(f"{key} is {kind(value)}, not a whole number that fits")
    return value


def text(row: Mapping[str, Any], key: str, limit: int | None = None) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise BadField(f"{key} is {kind(value)} instead of a text")
    return clean(value, limit)


def text_or_null(row: Mapping[str, Any], key: str, limit: int | None = None) -> str:
    return "" if row[key] is None else text(row, key, limit)


def named(row: Mapping[str, Any], key: str) -> str:
    value = text(row, key, 255)
    if not value.strip():
        raise BadField(f"{key} is empty")
    return value


def texts(row: Mapping[str, Any], key: str) -> list[str]:
    values = row[key]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadField(f"{key} is {kind(values)} instead of a list of texts")
    return [clean(value, 255) for value in values if value]


def time(row: Mapping[str, Any], key: str) -> datetime | None:
    """A naive time of the mod database, which is UTC. Its zero date means none."""
    value = row[key]
    if value is None or (isinstance(value, str) and value.startswith("0000-00-00")):
        return None
    try:
        if _TIME.fullmatch(value):
            moment = datetime.fromisoformat(value).replace(tzinfo=UTC)
            if _FIRST_YEAR <= moment.year <= _LAST_YEAR:
                return moment
    except (TypeError, ValueError):
        pass
    raise BadField(f"{key} is {short(value)}, which is no time") from None


def kind(value: object) -> str:
    """A number or null as it is, anything else by what it is: it may be long."""
    if isinstance(value, int | float) or value is None:
        return short(value)
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def short(value: object) -> str:
    """The value as JSON would have it, or a hint of it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a huge number"
    return repr(value)[:60] if isinstance(value, str | float) else kind(value)
