"""For how long to pause, and why."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import get_current_timezone, localtime, now
from django.utils.translation import gettext_lazy as _

from .errors import InvalidSchedule
from .forms import MomentField, ScheduleTextField
from .limits import MAX_REASON, check_pause_to_come

# The forms of single jobs begin with "pause-", so none of them is called so.
ALL_JOBS = "all-jobs"
MORNING = time(8)
AT = "at"
_LENGTHS = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "4h": timedelta(hours=4)}
_CHOICES = [
    ("", _("until resumed")),
    ("15m", _("for 15 minutes")),
    ("1h", _("for 1 hour")),
    ("4h", _("for 4 hours")),
    ("morning", _("until tomorrow 08:00")),
    (AT, _("until a date and time")),
]


class PauseForm(forms.Form):
    """Of one job, or of all. Its fields belong to the form element ``form_id``, wherever they
    stand on the page; ``cleaned_data["until"]`` is the end that was chosen, None for none."""

    length = forms.ChoiceField(label=_("For how long"), required=False, choices=_CHOICES)
    until = MomentField(label=_("Until"), required=False)
    reason = ScheduleTextField(name="pause_reason", label=_("Reason (optional)"))

    def __init__(self, form_id: str, data: Any = None) -> None:
        super().__init__(data, auto_id=f"{form_id.replace('%', '%%')}-%s")
        self.form_id = form_id
        for field in self.fields.values():
            field.widget.attrs["form"] = form_id
        self.fields["reason"].widget.attrs = {
            "form": form_id,
            "maxlength": MAX_REASON,
            "autocomplete": "off",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        moment = now()
        # Whoever sends a time alone means it.
        chosen = cleaned.get("length") or ("" if "length" in self.data else AT)
        ends = cleaned.get("until") if chosen == AT else _end(chosen, moment)
        if chosen == AT and "length" in self.data and ends is None and not self.errors:
            raise ValidationError({"until": _("Say until when.")})
        try:
            check_pause_to_come(ends, moment)
        except InvalidSchedule as error:
            raise ValidationError({"until": str(error)}) from None
        return {**cleaned, "until": ends}

    @property
    def shown(self) -> str | None:
        """What tells these fields from others; None where something was typed into them."""
        return None if self.is_bound else self.form_id

    @property
    def wanted(self) -> dict[str, Any]:
        """What ``actions.pause`` takes."""
        return {name: self.cleaned_data[name] for name in ("until", "reason")}

    @property
    def problems(self) -> list[str]:
        return [str(text) for texts in self.errors.values() for text in texts]


def _end(chosen: str, moment: datetime) -> datetime | None:
    if length := _LENGTHS.get(chosen):
        # Up to the full minute: that is what pages and messages tell.
        return (moment + length + timedelta(seconds=59)).replace(second=0, microsecond=0)
    if chosen == "morning":
        tomorrow = localtime(moment).date() + timedelta(days=1)
        return datetime.combine(tomorrow, MORNING, tzinfo=get_current_timezone())
    return None
