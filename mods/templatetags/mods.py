"""What the pages of scheduling show of mods and versions."""

from django import template
from django.utils.timezone import now

from .. import changewords, modlinks
from ..freshness import Freshness, freshness, newest_versions
from ..models import Change, GameVersion
from ..modside import SIDES, TYPES

register = template.Library()


@register.simple_tag
def game_versions() -> list[GameVersion]:
    """The newest versions, in one query."""
    return newest_versions()


@register.simple_tag
def fresh() -> dict[str, Freshness]:
    """How fresh the catalogue and the versions are, by job, in one query."""
    return freshness(now())


@register.filter
def side(name: str) -> str:
    """In words; one that we don't know stays as it is."""
    return str(SIDES.get(name, name))


@register.filter
def type_of_mod(name: str) -> str:
    return str(TYPES.get(name, name))


@register.filter
def followable(address: str) -> str:
    """The address, "" if it is none that a browser should follow."""
    return modlinks.file(address)


@register.filter
def was(change: Change) -> str:
    """What was there before, in words."""
    return changewords.before(change)


@register.filter
def became(change: Change) -> str:
    return changewords.after(change)
