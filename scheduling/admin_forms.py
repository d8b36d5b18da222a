"""The admin's form of a schedule, in the same words as everywhere."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import actions
from .audit import FIELDS
from .duration_widget import DurationWidget
from .foretold import ASKED
from .forms import IntervalField, MomentField, ScheduleNumberField, ScheduleTextField
from .models import JobSchedule
from .when_form import AGAIN, PARTS, Kind, kind_of, no_cron

# What an editor of the schedule sees of it and may change.
SHOWN = ("kind", *FIELDS)
_NOT_USED = _("Not used now: the jobs run in threads (SCHEDULER_EXECUTOR).")
# The fields that count besides the kind.
_BELONGS = {Kind.INTERVAL: {"interval_seconds"}, Kind.CRON: {"cron", "timezone"}}


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """``seen_revision`` is the one that the editor saw, and ``initial-NAME`` what stood in a
    field then: without it what differs from what is stored was typed. ``kind`` says which of the
    fields of the schedule count; without it all of them do, and a cron text wins."""

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
        widget=forms.TextInput(attrs={"class": "vTextField", "data-why": True}),
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
        if cron := self.fields.get("cron"):
            # Which of the two counts is what the kind says here.
            cron.help_text = _("Five fields: minute, hour, day of month, month, day of week.")
        if settings.SCHEDULER_EXECUTOR != "procrastinate":
            for name in {"queue", "priority"} & self.fields.keys():
                idle = self.fields[name]
                idle.help_text = format_lazy("{} {}", idle.help_text, _NOT_USED)
        for name in set(SHOWN) & set(self.fields):
            told = not self.is_bound or self[name].html_initial_name in self.data
            self.fields[name].show_hidden_initial = told

    def is_valid(self) -> bool:
        """What is sent only to see what would come of it is not saved."""
        return super().is_valid() and ASKED not in self.data

    def clean_paused_until(self) -> Any:
        stored, ends = self.instance, self.cleaned_data["paused_until"]
        try:
            return actions.check_field(stored, "paused_until", ends)
        except forms.ValidationError as error:
            raise forms.ValidationError(error.messages) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._settle_kind(cleaned)
        try:
            # The admin saves in this same transaction: nobody comes in between.
            actions.locked(self.instance, cleaned.get("seen_revision"))
        except actions.StaleEdit as error:
            if error.current is None:
                raise forms.ValidationError(str(error)) from None
            self._take_over(error.current)
            raise forms.ValidationError([str(error), AGAIN]) from None
        actions.check_not_idle(
            bool(cleaned.get("paused") or self.instance.is_paused(now())),
            cleaned.get("paused_until"),
            cleaned.get("pause_reason"),
        )
        return cleaned

    def _take_over(self, stored: JobSchedule) -> None:
        """What was left alone stands in the form as it is stored now, and counts as seen."""
        fresh, data = type(self)(instance=stored), self.data.copy()  # type: ignore[attr-defined]
        for name in self._left_alone():
            for key, value in _as_sent(fresh[name]):
                data[key] = value
            self.errors.pop(name, None)
        for name in SHOWN:
            seen = forms.HiddenInput().format_value(fresh[name].value())
            data[fresh[name].html_initial_name] = seen or ""
        data["seen_revision"] = str(stored.revision)
        self.data = data

    def _left_alone(self) -> set[str]:
        kind = self.cleaned_data.get("kind")
        typed = set(self.changed_data)
        if not kind or typed & _BELONGS.get(Kind(kind), set()):
            # A number or a cron text is typed for the kind that it belongs to.
            typed.add("kind")
        return set(SHOWN) - typed

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


def _as_sent(field: forms.BoundField) -> Iterator[tuple[str, str]]:
    """What a browser would send of a field that shows this."""
    value, widget = field.value(), field.field.widget
    if isinstance(widget, DurationWidget):
        for suffix, part in zip(("", "_unit"), widget.decompress(value), strict=True):
            yield field.html_name + suffix, str(part)
    elif isinstance(widget, (forms.CheckboxInput, forms.RadioSelect)):
        yield field.html_name, str(value)
    else:
        yield field.html_name, widget.format_value(value) or ""


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
        "queue": ScheduleTextField(name="queue"),
        "priority": ScheduleNumberField(
            name="priority", empty=0, widget=forms.NumberInput(attrs={"step": 1})
        ),
    }
