"""A stretch of time as people type it: a number, and the unit that it is meant in."""

import re
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .forms import whole_number

UNITS = (
    (86_400, "days", _("days")),
    (3_600, "hours", _("hours")),
    (60, "minutes", _("minutes")),
    (1, "seconds", _("seconds")),
)
CHOICES = [(name, label) for _size, name, label in reversed(UNITS)]
_DECIMAL = re.compile(r"[0-9]{1,9}[.,][0-9]{1,9}")
_SIZES = {name: size for size, name, _label in UNITS}


def split(seconds: int) -> tuple[int, str]:
    """``7200`` as ``(2, "hours")``: the largest unit that divides it."""
    size, name = next((size, name) for size, name, _label in UNITS if seconds % size == 0)
    return (seconds // size, name) if seconds else (0, "seconds")


class DurationWidget(forms.MultiWidget):
    """Gives seconds. Without a unit the number is in seconds; what is no number is kept as it
    was typed, for the field to refuse."""

    # The field's label is the number's: a legend, which the admin of Django 6 would write for
    # several widgets, leaves it without a name.
    use_fieldset = False

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        number = forms.NumberInput(attrs={"min": 0, "step": "any", "inputmode": "decimal"})
        unit = forms.Select(choices=CHOICES, attrs={"aria-label": _("Unit")})
        super().__init__({"": number, "unit": unit}, attrs)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if (attrs or {}).get("id"):
            # The label is the number's.
            context["widget"]["subwidgets"][0]["attrs"]["id"] = attrs["id"]  # type: ignore[index]
        return context

    def id_for_label(self, id_: str) -> str:
        return id_

    def decompress(self, value: Any) -> list[Any]:
        number = whole_number(value)
        if number is None or number < 0:
            typed, _space, unit = str(value).rpartition(" ")
            return [typed, unit] if unit in _SIZES else [value, "seconds"]
        return list(split(number))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed, unit = super().value_from_datadict(data, files, name)
        return in_seconds(typed, unit)

    def value_omitted_from_data(self, data: Any, _files: Any, name: str) -> bool:
        return name not in data


def in_seconds(typed: Any, unit: Any) -> Any:
    """``("2", "hours")`` as 7200, ``("1.5", "hours")`` as 5400; what can't be understood, or
    is no whole number of seconds, stays text."""
    size = _SIZES.get(unit or "seconds")
    if size is None:
        return f"{typed} {unit}"
    if (number := whole_number(typed)) is not None:
        return typed if size == 1 else number * size
    if not _DECIMAL.fullmatch(text := str(typed).strip()):
        return typed
    seconds = Fraction(text.replace(",", ".")) * size
    return int(seconds) if seconds.denominator == 1 else f"{text} {unit}"
