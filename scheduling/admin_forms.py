"""The admin's form of a schedule, in the same words as everywhere."""

from typing import Any

from django import forms
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import actions
from .audit import FIELDS
from .duration_widget import DurationWidget
from .forms import IntervalField, MomentField, ScheduleNumberField, ScheduleTextField
from .models import JobSchedule
from .when_form import PARTS, Kind, kind_of, no_cron


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """``seen_revision`` is the one that the editor saw. ``kind`` says which of the fields of the
    schedule count; without it all of them do, and a cron text wins."""

    kind = forms.ChoiceField(
        # "Runs every 4 hours", not several of them.
        label=pgettext_lazy("schedule", "Runs"),
        choices=Kind.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    reason = ScheduleTextField(
        name="pause_reason",
        label=_("Reason"),
        help_text=_("Kept with the change, for those who read of it later."),
    )
    seen_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = JobSchedule
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.instance.revision
        self.initial["kind"] = kind_of(self.instance)
        if not self.instance.is_paused(now()):
            # A pause that ended by itself is not what the next one begins with.
            self.initial.update(paused=False, paused_until=None, pause_reason="")
        # Who may only look gets a form without fields.
        for name, field in _fields(self.instance).items():
            if usual := self.fields.get(name):
                field.label, field.help_text = usual.label, usual.help_text
                self.fields[name] = field
        if interval := self.fields.get("interval_seconds"):
            interval.label, interval.help_text = _("Interval"), ""

    def clean_paused_until(self) -> Any:
        stored, ends = self.instance, self.cleaned_data["paused_until"]
        try:
            return actions.check_field(stored, "paused_until", ends)
        except forms.ValidationError as error:
            raise forms.ValidationError(error.messages) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._settle_kind(cleaned)
        actions.check_not_idle(
            bool(cleaned.get("paused") or self.instance.is_paused(now())),
            cleaned.get("paused_until"),
            cleaned.get("pause_reason"),
        )
        try:
            # The admin saves in this same transaction: nobody comes in between.
            actions.locked(self.instance, cleaned.get("seen_revision"))
        except actions.StaleEdit as error:
            # Saving what stands here once more is then meant.
            stored = error.current.revision if error.current else ""
            self.data = {**self.data.dict(), "seen_revision": str(stored)}  # type: ignore[attr-defined]
            raise forms.ValidationError(str(error)) from None
        return cleaned

    def _settle_kind(self, cleaned: dict[str, Any]) -> None:
        """What does not belong to the kind that was chosen is neither refused nor kept."""
        kind, stored = cleaned.get("kind"), self.instance
        if not kind:
            return
        idle = {
            Kind.INTERVAL: {"cron": "", "timezone": stored.timezone},
            Kind.CRON: {"interval_seconds": stored.interval_seconds},
            Kind.OFF: {"interval_seconds": 0, "cron": "", "timezone": stored.timezone},
        }[Kind(kind)]
        for name, value in idle.items():
            self.errors.pop(name, None)
            cleaned[name] = value
        if kind == Kind.CRON and cleaned.get("cron") == "":
            self.add_error("cron", no_cron())

    @property
    def wanted(self) -> dict[str, Any]:
        """What ``actions.change`` is to set."""
        cleaned = self.cleaned_data
        others = [name for name in self.changed_data if name in FIELDS and name not in PARTS]
        moved = [name for name in PARTS if cleaned[name] != getattr(self.instance, name)]
        return {name: cleaned[name] for name in (*moved, *others)}

    def _post_clean(self) -> None:
        """Django writes what was typed into the instance; the rows beside the fields tell of
        it, and a refusal must not leave them telling of what was not saved. The admin saves
        from ``cleaned_data``."""
        stored = {name: getattr(self.instance, name) for name in FIELDS}
        super()._post_clean()  # type: ignore[misc]
        for name, value in stored.items():
            setattr(self.instance, name, value)


def _fields(schedule: JobSchedule) -> dict[str, forms.Field]:
    """Those that refuse in the words of the pages and the API."""
    return {
        "interval_seconds": IntervalField(
            min_interval=schedule.min_interval, widget=DurationWidget()
        ),
        "cron": ScheduleTextField(name="cron"),
        "timezone": ScheduleTextField(name="timezone"),
        "paused_until": MomentField(
            required=False,
            # To the second, or saving a form that was left alone would change the end.
            widget=forms.DateTimeInput(
                format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local", "step": 1}
            ),
        ),
        "pause_reason": ScheduleTextField(name="pause_reason"),
        "timeout_seconds": ScheduleNumberField(name="timeout_seconds", empty=None),
        "max_retries": ScheduleNumberField(name="max_retries", empty=0),
    }
