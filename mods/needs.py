"""What a mod needs: the ``dependencies`` of a ``modinfo.json``, and those on the game itself."""

from collections.abc import Mapping
from typing import Protocol

from django.utils.translation import gettext as _

from . import identifier as identifiers
from . import lenientjson
from .modversion import readable
from .oneline import one_line, short

# Named among the dependencies, and parts of the game.
GAME = frozenset({"game", "survival", "creative"})

_MAX_DEPENDENCIES = 500
_MAX_VERSION = 64


class Warn(Protocol):
    def __call__(self, message: str, **values: object) -> None: ...


def read(value: object, warn: Warn) -> dict[str, str]:
    """Identifier -> lowest version that will do, "" for any; the game's own parts among them."""
    if not lenientjson.is_object(value):
        warn(_("“dependencies” is no object { ... }, so the game does not load it"))
        return {}
    if len(value) > _MAX_DEPENDENCIES:
        warn(_("it names %(count)d dependencies; most are left out"), count=len(value))
    found: dict[str, tuple[str, str]] = {}
    for key, minimum in value[:_MAX_DEPENDENCIES]:
        needed = one_line(key)
        if identifiers.is_possible(needed):
            # Of two spellings of one mod the last counts.
            found[identifiers.folded(needed)] = needed, _minimum(needed, minimum, warn)
        else:
            warn(_("its dependency “%(needed)s” can be no mod"), needed=short(needed))
    return dict(found.values())


def only(dependencies: Mapping[str, str], *, game: bool) -> dict[str, str]:
    """Those on the game's own parts, or those on other mods."""
    return {
        needed: minimum
        for needed, minimum in dependencies.items()
        if (identifiers.folded(needed) in GAME) is game
    }


def _minimum(needed: str, value: object, warn: Warn) -> str:
    if value is not None and not isinstance(value, str):
        warn(_("its dependency %(needed)s names something else than a version"), needed=needed)
        return ""
    minimum = one_line(value or "", _MAX_VERSION)
    if minimum in ("", "*"):
        return ""
    if readable(minimum) is None:
        warn(
            _("its dependency %(needed)s asks for “%(minimum)s”, which is no version"),
            needed=needed,
            minimum=minimum,
        )
    return minimum
