"""Back to the page that somebody came from."""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, to: str, *args: object) -> HttpResponseRedirect:
    """To the page that the form names as ``next``, if it is one of ours; else to ``to``."""
    wanted = request.POST.get("next", "")
    return HttpResponseRedirect(wanted) if is_ours(wanted) else redirect(to, *args)


def is_ours(address: str) -> bool:
    """Whether the address is one of this server, however a browser reads it."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
