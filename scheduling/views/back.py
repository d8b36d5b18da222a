"""Back to the page that somebody came from."""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, to: str, *args: object) -> HttpResponseRedirect:
    """To the page that the form names as ``next``, if it is one of ours; else to ``to``."""
    wanted = request.POST.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return HttpResponseRedirect(wanted)
    return redirect(to, *args)
