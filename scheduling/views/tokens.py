"""Somebody's own API tokens: to see, to make and to revoke."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, DELETION
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from .. import audit, reauth
from ..access import SignedIn, may, staff_may
from ..models import ApiToken, Scope
from ..text import clean
from ..tokens import DEFAULT_DAYS, make

NEVER = "never"
DAYS = (7, 30, DEFAULT_DAYS, 365)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("What it may do"), choices=Scope.choices, initial=Scope.VIEW
    )
    days = forms.ChoiceField(label=gettext_lazy("How long it is good"), initial=str(DEFAULT_DAYS))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days: Any = self.fields["days"]
        days.choices = [
            *((str(n), ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) for n in DAYS),
            (NEVER, gettext("until it is revoked")),
        ]

    def clean_name(self) -> str:
        return clean(self.cleaned_data["name"])


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("view", "apitoken")
def tokens_page(request: SignedIn) -> HttpResponse:
    made, form = "", TokenForm(initial=_asked_for(request))
    if request.method == "POST":
        form = TokenForm(request.POST)
        if not may(request.user, "add", "apitoken"):
            raise PermissionDenied
        if form.is_valid():
            typed = {name: form.cleaned_data[name] for name in ("name", "scope", "days")}
            address = f"{reverse('scheduling-tokens')}?{urlencode(typed)}"
            if stop := reauth.first(request, back_to=address):
                return stop
            made, form = _made(request, **typed), TokenForm()
    context = {
        "title": gettext("API tokens"),
        "has_permission": True,
        "form": form,
        "made": made,
        "now": timezone.now(),
        "tokens": ApiToken.objects.filter(user=request.user).order_by("-created_at", "-pk"),
        "may_add": may(request.user, "add", "apitoken"),
        "may_revoke": may(request.user, "delete", "apitoken"),
    }
    return render(request, "scheduling/tokens.html", context)


@require_POST
@staff_may("delete", "apitoken")
def revoke(request: SignedIn, token_id: int) -> HttpResponse:
    """Their own only; those of others are revoked in the admin."""
    own = ApiToken.objects.filter(user=request.user)
    # SQLite has no numbers that long.
    token = own.filter(pk=token_id).first() if token_id < 1 << 63 else None
    if token is None:
        raise Http404
    audit.note_token(request.user, token, DELETION)
    token.delete()
    messages.success(request, gettext("The token opens nothing any more."))
    return redirect("scheduling-tokens")


def _asked_for(request: SignedIn) -> dict[str, str]:
    """What was typed before the password was asked for."""
    usual = {"scope": str(Scope.VIEW), "days": str(DEFAULT_DAYS)}
    typed = {name: request.GET[name] for name in TokenForm.base_fields if name in request.GET}
    return usual | typed


def _made(request: SignedIn, *, name: str, scope: str, days: str) -> str:
    good_for = None if days == NEVER else int(days)
    token, row = make(request.user, name=name, scope=scope, days=good_for)
    audit.note_token(request.user, row, ADDITION)
    return token
