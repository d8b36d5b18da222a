"""What a mod says about itself in its ``modinfo.json``, read as the game reads it.

The mistakes that the game passes over or stumbles upon are told in ``warnings``: whoever runs
a server has the file as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from . import identifier as identifiers
from . import lenientjson, needs
from .gameversion import Version
from .modversion import readable, strict
from .oneline import one_line, short

MAX_BYTES = 1024 * 1024

_MAX_VERSION = 64
_MAX_AUTHORS = 50
_TOLD = 20

_NAMES = ("theme", "content", "code")
# The game takes their numbers too.
_TYPES = {name: name for name in _NAMES} | {str(at): name for at, name in enumerate(_NAMES)}
_SIDES = ("client", "server", "universal")
_WRONG_KEYS = {"author": "authors", "dependency": "dependencies"}


class UnreadableMod(ValueError):
    """Why nothing can be learned from a mod, and what to do. Speaks of it as "it"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModInfo:
    """A mod in its own words, cleaned. ``version`` is "" where it names none.

    ``type`` is theme, content, code or "" (unknown); ``side`` client, server or universal.
    ``dependencies`` maps the identifiers of other mods, ``game_needs`` those of the game's own
    parts, to the lowest version that will do; "" means any.
    """

    identifier: str
    name: str
    version: str = ""
    type: str = ""
    side: str = "universal"
    authors: tuple[str, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)
    game_needs: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def game_version(self) -> Version | None:
        """The lowest version of the game that it asks for; None = any, as far as one can tell."""
        minimums = (readable(minimum) for minimum in self.game_needs.values())
        return max((version for version in minimums if version), default=None)


def read(body: bytes) -> ModInfo:
    """The ModInfo of a ``modinfo.json``; raises UnreadableMod."""
    if len(body) > MAX_BYTES:
        raise UnreadableMod(
            _("its modinfo.json is larger than 1 MiB, which no real one is: don't use this mod")
        )
    try:
        value = lenientjson.read(body)
    except lenientjson.UnreadableJson as error:
        raise UnreadableMod(
            _("its modinfo.json is broken (%(reason)s): ask the author for a new file")
            % {"reason": error}
        ) from None
    if not lenientjson.is_object(value):
        raise UnreadableMod(
            _("its modinfo.json holds no object { ... }: ask the author for a new file")
        )
    return _Reading(value).result()


class _Reading:
    """One modinfo.json being read: its values by lower-case key, and what is odd about them."""

    def __init__(self, pairs: lenientjson.Pairs) -> None:
        self.warnings: list[str] = []
        self.values: dict[str, Any] = {}
        for key, value in pairs:
            if key.lower() in self.values:
                self.warn(_("“%(key)s” comes more than once; the last one counts"), key=short(key))
            self.values[key.lower()] = value

    def result(self) -> ModInfo:
        name = self._text("name")
        identifier = self._identifier(name)
        if not name:
            self.warn(_("it has no name, so the game does not load it"))
        self._tell_wrong_keys()
        dependencies = needs.read(self.values.get("dependencies", ()), self.warn)
        return ModInfo(
            identifier=identifier,
            name=name or identifier,
            version=self._version(),
            type=self._type(),
            side=self._side(),
            authors=self._authors(),
            dependencies=needs.only(dependencies, game=False),
            game_needs=needs.only(dependencies, game=True),
            warnings=self._told(),
        )

    def warn(self, message: str, **values: object) -> None:
        self.warnings.append(one_line(message % values))

    def _identifier(self, name: str) -> str:
        if self.values.get("modid") is None:
            return _derived(name)
        given = self._text("modid")
        if not identifiers.is_possible(given):
            raise UnreadableMod(
                _("its modid “%(given)s” can't be one: it must be letters and digits, as carryon")
                % {"given": short(given)}
            )
        if not identifiers.is_valid(given):
            self.warn(
                _("its modid %(given)s breaks the game's rule (lower-case letters and digits)"),
                given=given,
            )
        return given

    def _version(self) -> str:
        version = self._text("version", _MAX_VERSION)
        if not version:
            self.warn(_("it names no version, so nobody can tell whether there is a newer one"))
        elif not strict(version):
            self.warn(
                _("its version “%(version)s” is none such as 1.2.0 or 1.2.0-rc.1"), version=version
            )
        return version

    def _type(self) -> str:
        given = self._text("type")
        found = _TYPES.get(given.lower(), "")
        if not given:
            self.warn(_("it has no type, so the game does not load it"))
        elif not found:
            self.warn(
                _("its type “%(given)s” is none of theme, content and code"), given=short(given)
            )
        return found

    def _side(self) -> str:
        given = self._text("side") or "universal"
        if given.lower() in _SIDES:
            return given.lower()
        self.warn(
            _("its side “%(given)s” is none of client, server and universal"), given=short(given)
        )
        return "universal"

    def _authors(self) -> tuple[str, ...]:
        value = self.values.get("authors")
        if value is not None and not isinstance(value, list):
            self.warn(_("“authors” is no list of texts, so the game does not load it"))
            value = [value]
        texts = (one_line(author) for author in value or () if isinstance(author, str))
        return tuple(text for text in texts if text)[:_MAX_AUTHORS]

    def _tell_wrong_keys(self) -> None:
        for wrong, right in _WRONG_KEYS.items():
            if wrong in self.values:
                self.warn(
                    _("“%(wrong)s” is no key that the game knows; it should be “%(right)s”"),
                    wrong=wrong,
                    right=right,
                )

    def _text(self, key: str, limit: int = 255) -> str:
        """A text or a number as it is written, "" for none."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return one_line(value or "", limit)
        self.warn(_("“%(key)s” is no text"), key=key)
        return ""

    def _told(self) -> tuple[str, ...]:
        more = len(self.warnings) - _TOLD
        if more > 0:
            return (*self.warnings[:_TOLD], _("and %(more)d more") % {"more": more})
        return tuple(self.warnings)


def _derived(name: str) -> str:
    """The identifier of a mod that names none."""
    identifier = identifiers.derived(name)
    if not identifier:
        raise UnreadableMod(
            _("its modinfo.json has no modid, and no name to make one of: add a “modid”")
        )
    if identifier[0].isdigit():
        raise UnreadableMod(
            _(
                "it has no modid, and none can be made of its name “%(name)s”, since that "
                "starts with a digit: add a “modid”"
            )
            % {"name": short(name)}
        )
    return identifier
