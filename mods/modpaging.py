"""Pages of mods by key, in each order that a list of them can have."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.db.models import F, Q
from django.utils.translation import gettext_noop as _

from scheduling.errors import SchedulingError

from .models import Mod
from .querysets import ModQuerySet

PAGE = 50
_MOST = 2**63 - 1
_LONGEST = 700
_NEVER = "-"


class BadCursor(SchedulingError):
    __doc__ = _("This place in the list is not known. Begin again at its top.")


class Sort(StrEnum):
    TRENDING = "trending"
    DOWNLOADS = "downloads"
    RELEASED = "released"
    NAME = "name"
    NEWEST = "newest"


_NUMBERS = {Sort.TRENDING: "trendingpoints", Sort.DOWNLOADS: "downloads"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Mods in order; ``next`` is the cursor of the page after, "" on the last one."""

    mods: list[Mod]
    next: str = ""


def page(mods: ModQuerySet, sort: Sort, before: str = "", size: int = PAGE) -> Page:
    """The ``size`` mods that follow the cursor ``before``. Raises BadCursor."""
    place = _read(sort, before) if before else None
    if sort == Sort.RELEASED:
        found = _by_release(mods, place, size + 1)
    elif sort == Sort.NAME:
        found = _by_name(mods, place, size + 1)
    elif sort == Sort.NEWEST:
        found = list((mods.filter(modid__lt=place[1]) if place else mods)[: size + 1])
    else:
        found = _by_number(mods, _NUMBERS[sort], place, size + 1)
    if len(found) <= size:
        return Page(mods=found)
    return Page(mods=found[:size], next=_cursor(sort, found[size - 1]))


def _by_number(
    mods: ModQuerySet, field: str, place: tuple[str, int] | None, size: int
) -> list[Mod]:
    if place:
        mods = _after(mods, field, _whole(place[0]), place[1])
    return list(mods.order_by(f"-{field}", "-modid")[:size])


def _by_release(mods: ModQuerySet, place: tuple[str, int] | None, size: int) -> list[Mod]:
    """Those that were never released come last, from a statement of their own."""
    dated, undated = mods.filter(last_released__isnull=False), mods.filter(last_released=None)
    found: list[Mod] = []
    if place and place[0] == _NEVER:
        undated = undated.filter(modid__lt=place[1])
    else:
        if place:
            dated = _after(dated, "last_released", _moment(place[0]), place[1])
        found = list(dated.order_by("-last_released", "-modid")[:size])
    if len(found) < size:
        found += undated.order_by("-modid")[: size - len(found)]
    return found


def _by_name(mods: ModQuerySet, place: tuple[str, int] | None, size: int) -> list[Mod]:
    try:
        key = bytes.fromhex(place[0]) if place else b""
    except ValueError:
        raise BadCursor from None
    # Also what lets the database walk along the keys: all mods have one.
    mods = mods.filter(words__name_key__gt=key).annotate(name_key=F("words__name_key"))
    return list(mods.order_by("words__name_key")[:size])


def _after(mods: ModQuerySet, field: str, value: int | datetime, modid: int) -> ModQuerySet:
    # The first condition alone lets the database enter its index at the right place.
    return mods.filter(**{f"{field}__lte": value}).filter(
        Q(**{f"{field}__lt": value}) | Q(modid__lt=modid)
    )


def _cursor(sort: Sort, mod: Mod) -> str:
    value = ""
    if sort in _NUMBERS:
        value = str(getattr(mod, _NUMBERS[sort]))
    elif sort == Sort.NAME:
        value = bytes(mod.name_key).hex()  # type: ignore[attr-defined]
    elif sort == Sort.RELEASED:
        released = mod.last_released
        value = released.astimezone(UTC).isoformat() if released else _NEVER
    text = f"{sort} {value} {mod.modid}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(sort: Sort, cursor: str) -> tuple[str, int]:
    """The value and the mod of a place; one in another order is none."""
    if len(cursor) > _LONGEST:
        raise BadCursor
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), "-_", validate=True).decode()
        order, value, modid = text.split(" ")
    except (ValueError, binascii.Error):
        raise BadCursor from None
    if order != sort:
        raise BadCursor
    return value, _whole(modid)


def _whole(text: str) -> int:
    try:
        number = int(text) if len(text) <= 20 else _MOST + 1
    except ValueError:
        raise BadCursor from None
    if abs(number) > _MOST:
        raise BadCursor
    return number


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadCursor from None
