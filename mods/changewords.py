"""What changed upstream, which is stored in English, in the language of whoever reads."""

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from .models import Change, Kind

GONE, BACK, WITHDRAWN = _("retracted"), _("back"), _("withdrawn")
IDENTIFIER, VERSION = _("identifier %(name)s"), _("version %(name)s")
GAMES = _("for %(name)s")
# The longer one first: the shorter one fits it too.
OTHER_FILE, FILE = _("file %(name)s (another)"), _("file %(name)s")
CHANGELOG = _("another changelog")

BETWEEN = "; "
_WORDS = {GONE, BACK, WITHDRAWN, CHANGELOG, "stable", "unstable"}
_PATTERNS = {
    text: re.compile(re.escape(text).replace(re.escape("%(name)s"), "(.+)"), re.DOTALL)
    for text in (IDENTIFIER, VERSION, GAMES, OTHER_FILE, FILE)
}
# Of the other kinds they are names and checksums.
_TOLD = {
    Kind.RELEASE_EDITED.value,
    Kind.VERSION_NEW.value,
    Kind.VERSION_WITHDRAWN.value,
}


def before(change: Change) -> str:
    return _retold(change, change.before)


def after(change: Change) -> str:
    return _retold(change, change.after)


def _retold(change: Change, text: str) -> str:
    if change.kind not in _TOLD:
        return text
    return BETWEEN.join(map(_part, text.split(BETWEEN)))


def _part(part: str) -> str:
    if part in _WORDS:
        return gettext(part)
    for text, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(part):
            return gettext(text) % {"name": found[1]}
    return part
