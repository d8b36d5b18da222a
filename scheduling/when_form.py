"""When a job shall run, as a person says it: every so often, by a cron text, or not at all."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from . import jobsettings
from .actions import check_field
from .duration_widget import CHOICES, DurationWidget, split
from .forms import IntervalField, ScheduleTextField, whole_number
from .jobsettings import Edit, EditsRefused
from .models import JobSchedule
from .preview import Preview

# What a schedule consists of, as an editor sees it.
PARTS = ("interval_seconds", "cron", "timezone")
# After what was changed meanwhile. True of a form that takes over what was left alone in it.
AGAIN = _(
    "What you left alone stands here as it is now; saving again changes only what you changed."
)
# An interval is asked for where there was none: what the code has, or this.
HOUR = 3_600


class Kind(TextChoices):
    """How a schedule is told."""

    INTERVAL = "interval", _("every")
    CRON = "cron", _("by cron")
    OFF = "off", _("off")


def kind_of(schedule: JobSchedule) -> Kind:
    if schedule.cron:
        return Kind.CRON
    return Kind.INTERVAL if schedule.interval_seconds else Kind.OFF


class WhenForm(forms.Form):
    """The schedule of one job.

    A view shows it with ``WhenForm(schedule)`` and saves with
    ``WhenForm(schedule, request.POST)`` and ``views.when.saved(request, [form])``; the template
    is ``scheduling/_when_form.html`` with the form as ``when``.

    Its fields are named after the job's setting (or the job), so that several fit into one
    request: NAME is the interval, NAME_unit its unit (seconds when absent), NAME_kind which of
    the fields count (when absent, the others tell), NAME_cron, NAME_timezone and NAME_reason.
    NAME_seen and NAME_revision are what the editor saw: what was left alone never overwrites
    what somebody else set meanwhile.
    """

    # What would come of it, once ``foretold`` was asked.
    preview: Preview | None = None

    kind = forms.ChoiceField(choices=Kind.choices, required=False, widget=forms.RadioSelect)
    cron = ScheduleTextField(name="cron", label=_("Cron text"))
    timezone = ScheduleTextField(name="timezone", label=_("Time zone"))
    reason = ScheduleTextField(name="pause_reason", label=_("Reason (optional)"))

    def __init__(self, schedule: JobSchedule, data: Any = None) -> None:
        super().__init__(data)
        self.schedule = schedule
        self.fields["interval"] = IntervalField(
            min_interval=schedule.min_interval, label=self.setting, widget=DurationWidget()
        )
        self.initial = {
            "kind": kind_of(schedule),
            "interval": schedule.interval_seconds or self._proposed,
            "cron": schedule.cron,
            "timezone": schedule.timezone,
            "reason": "",
        }

    @classmethod
    def sent(cls, schedules: Iterable[JobSchedule], data: Any) -> list["WhenForm"]:
        """The forms of those schedules that ``data`` speaks of; the others stay as they are."""
        forms = [cls(schedule, data) for schedule in schedules]
        return [form for form in forms if form.is_sent]

    @property
    def setting(self) -> str:
        job = self.schedule.job
        return (job.setting if job else "") or self.schedule.name

    @property
    def _proposed(self) -> int:
        job = self.schedule.job
        return (job.interval_seconds if job else 0) or HOUR

    def add_prefix(self, field_name: str) -> str:
        return self.setting if field_name == "interval" else f"{self.setting}_{field_name}"

    @property
    def is_sent(self) -> bool:
        names = ("interval", "kind", "cron", "timezone")
        return any(self.add_prefix(name) in self.data for name in names)

    # What stands in the fields

    @property
    def number(self) -> Any:
        """The interval as it is shown: in the largest unit that divides it, or as typed."""
        name = self.add_prefix("interval")
        return self.data[name] if self.is_bound and name in self.data else split(self._shown)[0]

    @property
    def unit(self) -> str:
        name = self.add_prefix("interval")
        if self.is_bound and name in self.data:
            return str(self.data.get(f"{name}_unit") or "seconds")
        return split(self._shown)[1]

    @property
    def _shown(self) -> int:
        return int(self.initial["interval"])

    def typed(self, name: str) -> str:
        """What stands in a field of text."""
        key = self.add_prefix(name)
        return str(self.data[key] if self.is_bound and key in self.data else self.initial[name])

    @property
    def cron_typed(self) -> str:
        return self.typed("cron")

    @property
    def timezone_typed(self) -> str:
        return self.typed("timezone")

    @property
    def reason_typed(self) -> str:
        return self.typed("reason")

    @property
    def units(self) -> Sequence[tuple[str, Any]]:
        return CHOICES

    @property
    def kinds(self) -> Sequence[tuple[str, Any]]:
        return Kind.choices

    @property
    def bounds(self) -> tuple[int, int]:
        field = self.fields["interval"]
        return field.min_interval, field.max_interval  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """The kind that is chosen; of a form that does not say, what the other fields tell."""
        if not self.is_bound:
            return str(self.initial["kind"])
        said = self.data.get(self.add_prefix("kind"))
        if said in Kind.values:
            return str(said)
        if str(self.data.get(self.add_prefix("cron"), "")).strip():
            return Kind.CRON
        if self.add_prefix("interval") in self.data:
            return Kind.INTERVAL
        return str(self.initial["kind"])

    @property
    def shown_seen(self) -> str:
        """What goes along with the fields: ``14400 UTC 30 4 * * *``."""
        return str(self.data.get(self.add_prefix("seen"), "")) if self.is_bound else self._as_seen

    @property
    def shown_revision(self) -> str:
        stored = str(self.schedule.revision)
        return str(self.data.get(self.add_prefix("revision"), "")) if self.is_bound else stored

    @property
    def _as_seen(self) -> str:
        return " ".join(str(getattr(self.schedule, name)) for name in _SEEN).rstrip()

    @property
    def shown(self) -> tuple[object, ...] | None:
        """All that the fields show; None where something was typed into them."""
        return None if self.is_bound else (self.setting, *self.initial.values(), *self.bounds)

    # What was meant

    def clean(self) -> dict[str, Any]:
        """Only the fields of the chosen kind count: what is hidden is not refused."""
        cleaned = self.cleaned_data
        said = self.data.get(self.add_prefix("kind"))
        belongs: dict[str, tuple[str, ...]] = {
            Kind.INTERVAL: ("interval",) if said else ("interval", "cron", "timezone"),
            Kind.CRON: ("cron", "timezone"),
            Kind.OFF: (),
        }
        for name in ("interval", "cron", "timezone"):
            # Whoever says that it is an interval has to say which.
            asked = self.add_prefix(name) in self.data or (said and name == "interval")
            if name not in belongs[self.chosen] or not asked:
                self.errors.pop(name, None)
        if self.chosen == Kind.CRON and "cron" not in self.errors and not cleaned.get("cron"):
            self.add_error("cron", no_cron())
        return cleaned

    @cached_property
    def wanted(self) -> dict[str, Any]:
        """The fields of the schedule as they were meant, of a form without errors."""
        cleaned, said = self.cleaned_data, self.data.get(self.add_prefix("kind"))
        if self.chosen == Kind.OFF:
            return {"interval_seconds": 0, "cron": ""}
        if self.chosen == Kind.INTERVAL and said:
            return {"interval_seconds": cleaned["interval"], "cron": ""}
        sent = {
            name: cleaned[name]
            for name in ("cron", "timezone")
            if self.add_prefix(name) in self.data
        }
        if self.chosen == Kind.INTERVAL and "interval" in cleaned:
            sent["interval_seconds"] = cleaned["interval"]
        return sent

    @property
    def edit(self) -> Edit | None:
        """What is to be saved; None when the fields were left as they came."""
        seen = self.seen
        if all(name in seen and seen[name] == value for name, value in self.wanted.items()):
            return None
        return Edit(
            schedule=self.schedule,
            fields=self.wanted,
            revision=whole_number(self.data.get(self.add_prefix("revision"), "")),
            reason=self.cleaned_data.get("reason", ""),
        )

    @property
    def seen(self) -> dict[str, Any]:
        """What the editor saw, as far as the form says."""
        parts = str(self.data.get(self.add_prefix("seen"), "")).split(maxsplit=2)
        if not parts or (seconds := whole_number(parts[0])) is None:
            return {}
        # A cron text is never absent where the zone stands.
        rest = [*parts[1:], ""] if len(parts) == 2 else parts[1:]
        return {"interval_seconds": seconds, **dict(zip(_SEEN[1:], rest, strict=False))}

    def refuse(self, errors: dict[str, list[str]], moved_on: JobSchedule | None) -> None:
        """Say why it could not be saved, by the schedule's fields.

        Whoever was just told what has changed since (``moved_on``) means it when they save
        again.
        """
        for name, texts in errors.items():
            field = _FIELDS.get(name, name)
            self.add_error(field if field in self.fields else None, ValidationError(texts))
        if moved_on:
            self.add_error(None, AGAIN)
            self._take_over(moved_on)

    def _take_over(self, stored: JobSchedule) -> None:
        """What was left alone stands in the form as it is stored now, and counts as seen."""
        seen, told = self.seen, self.data.copy()  # type: ignore[attr-defined]
        for name in ("cron", "timezone"):
            if self.typed(name).strip() == seen.get(name):
                told[self.add_prefix(name)] = getattr(stored, name)
        if self.cleaned_data.get("interval") == seen.get("interval_seconds"):
            number, unit = split(stored.interval_seconds or self._proposed)
            told[self.add_prefix("interval")] = str(number)
            told[self.add_prefix("unit")] = unit
        self.schedule = stored
        told[self.add_prefix("seen")] = self._as_seen
        told[self.add_prefix("revision")] = str(stored.revision)
        self.data = told


_SEEN = ("interval_seconds", "timezone", "cron")
_FIELDS = {"interval_seconds": "interval"}


class AdminNames(WhenForm):
    """The same fields as the admin's form calls them."""

    def add_prefix(self, field_name: str) -> str:
        names = {"interval": "interval_seconds", "unit": "interval_seconds_unit"}
        return names.get(field_name, field_name)


def no_cron() -> list[str]:
    """The refusal of an empty cron text, in the words for any that has too few fields."""
    try:
        check_field(JobSchedule(), "cron", "-")
    except ValidationError as error:
        return error.messages
    return []


def save(forms: Sequence[WhenForm], by: User) -> list[str] | None:
    """Save all or none: what changed in words, or None when a form holds errors."""
    if any(form.errors for form in forms):
        return None
    try:
        return jobsettings.save([edit for form in forms if (edit := form.edit)], by)
    except EditsRefused as refused:
        for form in forms:
            name = form.schedule.name
            if name in refused.refused:
                form.refuse(refused.refused[name], refused.moved_on.get(name))
        return None
