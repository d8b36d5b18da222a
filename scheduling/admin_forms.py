"""The admin's form of a schedule, in the same words as everywhere."""

from typing import Any

from django import forms

from . import actions
from .forms import IntervalField, ScheduleTextField
from .models import JobSchedule


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """``seen_revision`` is the one that the editor saw."""

    seen_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = JobSchedule
        fields = [
            "interval_seconds",
            "cron",
            "timezone",
            "paused",
            "misfire_grace_seconds",
            "coalesce",
            "max_instances",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.instance.revision
        # Who may only look gets a form without fields.
        for name in {"interval_seconds", "cron", "timezone"} & self.fields.keys():
            usual = self.fields[name]
            field: forms.Field = (
                IntervalField(min_interval=self.instance.min_interval)
                if name == "interval_seconds"
                else ScheduleTextField(name=name)
            )
            field.label, field.help_text = usual.label, usual.help_text
            self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            # The admin saves in this same transaction: nobody comes in between.
            actions.locked(self.instance, cleaned.get("seen_revision"))
        except actions.StaleEdit as error:
            # Saving what stands here once more is then meant.
            stored = error.current.revision if error.current else ""
            self.data = {**self.data.dict(), "seen_revision": str(stored)}  # type: ignore[attr-defined]
            raise forms.ValidationError(str(error)) from None
        return cleaned
