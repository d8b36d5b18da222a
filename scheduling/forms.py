"""What people type. Every refusal is in the words of the worker's own trigger code."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from . import triggers
from .actions import check_field
from .errors import InvalidSchedule
from .models import JobSchedule

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")


class IntervalField(forms.Field):
    """A number of seconds; "abc", "" and 5.5 are refused in the same words as -1."""

    def __init__(self, *, min_interval: int = 1, **kwargs: Any) -> None:
        self.min_interval = min_interval
        kwargs.setdefault("widget", forms.NumberInput(attrs={"min": 0, "step": 1}))
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> int:
        text = str(value).strip() if value is not None else ""
        number = int(text) if _WHOLE_NUMBER.fullmatch(text) else text
        try:
            return triggers.check_interval(number, self.min_interval)
        except InvalidSchedule as error:
            raise ValidationError(str(error)) from None


class ScheduleTextField(forms.Field):
    """A cron text or a time zone, checked as ``name`` of a schedule."""

    def __init__(self, *, name: str, **kwargs: Any) -> None:
        self.name = name
        kwargs.setdefault("widget", forms.TextInput(attrs={"class": "vTextField"}))
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> Any:
        try:
            return check_field(JobSchedule(), self.name, str(value or "").strip())
        except ValidationError as error:
            raise ValidationError(error.messages) from None
