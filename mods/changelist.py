"""What changed upstream, newest first, in pages."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from scheduling.errors import SchedulingError
from scheduling.forms import whole_number

from .models import Change

PAGE = 50
_MOST = 2**63 - 1


class BadCursor(SchedulingError):
    __doc__ = _("This place in the list is not known. Begin again at the newest change.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    changes: list[Change]
    next: str = ""


def page(kind: str = "", before: str = "", size: int = PAGE) -> Page:
    """The ``size`` changes (of a kind) before that with the number ``before``."""
    changes = Change.objects.select_related("mod").order_by("-pk")
    if kind:
        changes = changes.filter(kind=kind)
    if before:
        number = whole_number(before)
        if number is None or not 0 < number <= _MOST:
            raise BadCursor
        changes = changes.filter(pk__lt=number)
    found = list(changes[: size + 1])
    if len(found) <= size:
        return Page(changes=found)
    return Page(changes=found[:size], next=str(found[size - 1].pk))
