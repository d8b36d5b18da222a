"""The forms of channels and rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scheduling.models import JobSchedule

from .models import MAX_ADDRESS, NewsChannel, NewsRule
from .post import try_address


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """The address goes in and never comes out: it is empty whenever the form is shown."""

    address = forms.CharField(
        label=_("Address"),
        max_length=MAX_ADDRESS,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "size": 60}),
        help_text=_(
            "An address of Apprise, such as discord://ID/TOKEN or "
            "mailtos://user:password@example.com. It is stored encrypted and not shown again. "
            "Empty = the one that is stored stays."
        ),
    )

    class Meta:
        model = NewsChannel
        fields = [
            "name", "enabled", "language", "grouped", "quiet_from", "quiet_to", "timezone",
        ]  # fmt: skip

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip()
        if not address:
            if not self.instance.sealed:
                raise forms.ValidationError(gettext("Enter the address of the channel."))
            return ""
        if any(not part.isprintable() for part in address):
            raise forms.ValidationError(
                gettext("The address holds characters that can't be printed.")
            )
        answer = try_address(address)
        if answer.problem:
            raise forms.ValidationError(answer.problem)
        self.instance.service = answer.service
        return address

    def save(self, commit: bool = True) -> Any:
        if address := self.cleaned_data["address"]:
            self.instance.seal(address)
            self.instance.problem, self.instance.problem_since = "", None
        return super().save(commit)


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = NewsRule
        fields = [
            "event", "channels", "enabled", "job_name", "mod_identifier", "failures",
            "late_after_seconds", "game_version", "tell_recovery",
        ]  # fmt: skip
        widgets = {"channels": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("job_name"):
            names = [*JobSchedule.objects.order_by("name").values_list("name", flat=True)]
            if self.instance.job_name not in ("", *names):
                names.append(self.instance.job_name)
            choices = [("", gettext("every job")), *((name, name) for name in names)]
            self.fields["job_name"] = forms.ChoiceField(
                label=field.label, choices=choices, required=False
            )
