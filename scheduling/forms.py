"""What people type. Every refusal is in the words of the worker's own trigger code."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from . import registry, triggers
from .actions import check_field
from .errors import InvalidSchedule
from .models import Cause, JobSchedule, Status
from .querysets import JobRunQuerySet

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
EARLIEST, LATEST = 1970, 9000


def whole_number(text: object) -> int | None:
    """The number that ``text`` is; None when it is none."""
    return int(found) if _WHOLE_NUMBER.fullmatch(found := str(text).strip()) else None


class IntervalField(forms.Field):
    """A number of seconds; "abc", "" and 5.5 are refused in the same words as -1."""

    def __init__(self, *, min_interval: int = 1, **kwargs: Any) -> None:
        self.min_interval, self.max_interval = min_interval, triggers.MAX_INTERVAL
        kwargs.setdefault("widget", forms.NumberInput(attrs={"min": 0, "step": 1}))
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        number = whole_number(value)
        return value if number is None else number

    def clean(self, value: Any) -> int:
        try:
            return triggers.check_interval(self.to_python(value), self.min_interval)
        except InvalidSchedule as error:
            raise ValidationError(str(error)) from None


class ScheduleTextField(forms.Field):
    """A cron text or a time zone, checked as ``name`` of a schedule."""

    def __init__(self, *, name: str, **kwargs: Any) -> None:
        self.name = name
        kwargs.setdefault("widget", forms.TextInput(attrs={"class": "vTextField"}))
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return str(value or "").strip()

    def clean(self, value: Any) -> Any:
        try:
            return check_field(JobSchedule(), self.name, self.to_python(value))
        except ValidationError as error:
            raise ValidationError(error.messages) from None


class ScheduleNumberField(forms.Field):
    """A number of a schedule, checked as ``name``; what is left empty is ``empty``."""

    def __init__(self, *, name: str, empty: int | None, **kwargs: Any) -> None:
        self.name, self.empty = name, empty
        kwargs.setdefault("widget", forms.NumberInput(attrs={"min": 0, "step": 1}))
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        if not str("" if value is None else value).strip():
            return self.empty
        number = whole_number(value)
        return value if number is None else number

    def clean(self, value: Any) -> Any:
        try:
            return check_field(JobSchedule(), self.name, self.to_python(value))
        except ValidationError as error:
            raise ValidationError(error.messages) from None


class MomentField(forms.DateTimeField):
    """A date, or a date and a time in the page's zone."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    default_error_messages = {"invalid": _("Write a date and time like 2026-01-31T14:00.")}

    def to_python(self, value: Any) -> datetime | None:
        refused = ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            moment: datetime | None = super().to_python(value)
        except OverflowError:
            raise refused from None
        if moment and not EARLIEST <= moment.year <= LATEST:
            raise refused
        return moment


class RunFilter(forms.Form):
    """Which runs to show; what is not understood is told and left out."""

    job = forms.ChoiceField(label=_("job"), required=False)
    status = forms.ChoiceField(
        label=_("status"), required=False, choices=[("", _("any")), *Status.choices]
    )
    trigger = forms.ChoiceField(
        label=_("trigger"), required=False, choices=[("", _("any")), *Cause.choices]
    )
    since = MomentField(required=False, label=_("from slot"))
    until = MomentField(required=False, label=_("before slot"))
    error = forms.CharField(required=False, label=_("text of the error"), max_length=200)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        # Jobs that are neither in the code nor in the database any more keep their history:
        # whoever knows the name can ask for it.
        asked = str(data.get("job", ""))[:100]
        stored = JobSchedule.objects.values_list("name", flat=True)
        names = sorted({*stored, *registry.jobs(), asked} - {""})
        self.fields["job"] = forms.ChoiceField(
            label=_("job"),
            required=False,
            choices=[("", _("all")), *((name, name) for name in names)],
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("error") and not cleaned.get("since"):
            # No index holds errors, and a history can be long.
            self.add_error("error", _("Say from which slot on to look for it."))
        return cleaned

    def apply(self, runs: JobRunQuerySet) -> JobRunQuerySet:
        self.is_valid()
        columns = {
            "job": "job_name",
            "since": "scheduled_for__gte",
            "until": "scheduled_for__lt",
            "error": "error__icontains",
        }
        wanted = {name: value for name, value in self.cleaned_data.items() if value}
        for name, value in wanted.items():
            runs = runs.filter(**{columns.get(name, name): value})
        return runs

    @property
    def query(self) -> dict[str, str]:
        """What is filtered by, for links to the same list."""
        return {name: str(self.data[name]) for name in self.fields if self.data.get(name)}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query)
