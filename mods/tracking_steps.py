"""What became of mods that were to be tracked, one by one and counted."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .wanted import Unread


class Deed(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one mod. ``before`` is the version that was known until then."""

    source: str
    identifier: str
    version: str
    before: str
    deed: Deed
    notes: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        if self.deed == Deed.ADDED:
            return _("added")
        if self.deed == Deed.UNCHANGED:
            return _("as before")
        if self.before == self.version:
            return _("updated")
        return _("updated from %(version)s") % {"version": self.before or _("an unknown version")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All of it: what was done mod by mod, and what was left out and why."""

    steps: tuple[Step, ...] = ()
    problems: tuple[Unread, ...] = ()

    def count(self, deed: Deed) -> int:
        return sum(step.deed == deed for step in self.steps)

    @property
    def in_words(self) -> str:
        """``3 added, 1 updated, 12 as before; 2 left out``."""
        done = [
            (self.count(Deed.ADDED), _("%(count)d added")),
            (self.count(Deed.UPDATED), _("%(count)d updated")),
            (self.count(Deed.UNCHANGED), _("%(count)d as before")),
        ]
        told = ", ".join(text % {"count": count} for count, text in done if count)
        left_out = len(self.problems)
        if not left_out:
            return told or _("nothing to add")
        text = ngettext("%(count)d left out", "%(count)d left out", left_out)
        return f"{told or _('nothing added')}; {text % {'count': left_out}}"
