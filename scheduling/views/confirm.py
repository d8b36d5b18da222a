"""Asks for the password once more (``reauth``)."""

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from .. import reauth
from ..access import SignedIn, staff_may
from .back import is_ours


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=4_096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@staff_may()
def confirm(request: SignedIn) -> HttpResponse:
    sent = request.method == "POST"
    wanted = (request.POST if sent else request.GET).get("next", "")
    wanted = wanted if is_ours(wanted) else reverse("scheduling-overview")
    form = PasswordForm(request.POST if sent else None)
    if sent and form.is_valid():
        # As at the sign-in: who guesses has to wait, and what is right is noted.
        name, password = request.user.get_username(), form.cleaned_data["password"]
        if authenticate(request, username=name, password=password) == request.user:
            return HttpResponseRedirect(wanted)
        form.add_error("password", gettext("This is not your password."))
    context = {
        "title": gettext("Your password, please"),
        "has_permission": True,
        "form": form,
        "next": wanted,
        "minutes": reauth.TO_OPEN // 60,
    }
    return render(request, "scheduling/confirm.html", context)
