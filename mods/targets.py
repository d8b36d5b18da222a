"""The version of the game that somebody wants to move to."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from .gameversion import InvalidVersion, Version
from .models import Channel, GameVersion
from .oneline import short


class NoSuchVersion(ValueError):
    """No such version of the game is known."""


def versions() -> list[GameVersion]:
    """All that are known, newest first, withdrawn ones too, in one query."""
    columns = ("version", "packed", "channel", "is_latest", "withdrawn_at")
    return list(GameVersion.objects.only(*columns).order_by("-packed"))


def newest_stable(known: Sequence[GameVersion]) -> GameVersion | None:
    """None before the versions were first read."""
    stable = [each for each in known if each.channel == Channel.STABLE and not each.withdrawn_at]
    return next((each for each in stable if each.is_latest), stable[0] if stable else None)


def choose(asked: str, known: Sequence[GameVersion]) -> GameVersion:
    """The version of this text, the newest stable one for ""; raises NoSuchVersion."""
    asked = asked.strip()
    if not known:
        raise NoSuchVersion(
            _("No version of the game is known yet: the job server_versions_check fetches them.")
        )
    if not asked:
        newest = newest_stable(known)
        if newest is None:
            raise NoSuchVersion(_("No stable version of the game is known: name a version."))
        return newest
    try:
        version = Version.parse(asked)
    except InvalidVersion:
        raise NoSuchVersion(
            _("“%(version)s” is no version of the game such as 1.22.0 or 1.22.0-rc.10.")
            % {"version": short(asked)}
        ) from None
    for each in known:
        # Numbers too large for the packed form wrap: 65537.22.7 is not 1.22.7.
        if each.packed == version.packed and _numbers(asked) == _numbers(str(version)):
            return each
    raise NoSuchVersion(
        _("No version %(version)s of the game is known here.") % {"version": short(asked)}
    )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", version)]
