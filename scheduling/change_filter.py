"""Whose changes of what to show."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from . import registry
from .models import JobSchedule
from .text import clean

# So many names can be chosen; any other can be asked for in the address.
_MOST = 200


class ChangeFilter:
    """What the address asks for. Jobs and people that are gone can be asked for by name."""

    def __init__(self, data: Any) -> None:
        self.asked = {name: clean(str(data.get(name, ""))[:150]) for name in ("job", "by")}

    @property
    def query(self) -> dict[str, str]:
        """What is filtered by, for links to the same list."""
        return {name: asked for name, asked in self.asked.items() if asked}

    @cached_property
    def form(self) -> forms.Form:
        """The fields to choose from, in two queries."""
        stored = JobSchedule.objects.order_by("name").values_list("name", flat=True)[:_MOST]
        staff = User.objects.filter(is_staff=True).order_by("username")
        form = forms.Form(self.asked)
        form.fields["job"] = _choice(_("job"), {*stored, *registry.jobs()}, self.asked["job"])
        people = set(staff.values_list("username", flat=True)[:_MOST])
        form.fields["by"] = _choice(_("person"), people, self.asked["by"])
        return form


def _choice(label: Any, names: set[str], asked: str) -> forms.ChoiceField:
    choices = [("", _("all")), *((name, name) for name in sorted({*names, asked} - {""}))]
    return forms.ChoiceField(label=label, required=False, choices=choices)
