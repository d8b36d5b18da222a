"""What a proxy says of a request is believed only from the proxy that BEHIND_PROXY names."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def believe_named(get_response: Handler) -> Handler:
    """Let REMOTE_ADDR be whom the named proxy speaks for; of others drop such headers."""

    def middleware(request: HttpRequest) -> HttpResponse:
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if _is_named(request.META.get("REMOTE_ADDR", "")):
            request.META["REMOTE_ADDR"] = _client(request.META.get("REMOTE_ADDR", ""), forwarded)
        else:
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return get_response(request)

    return middleware


def _client(address: str, forwarded: str) -> str:
    """The last that no named proxy stands for: what is left of it anybody may have written."""
    for claimed in reversed(forwarded.split(",")):
        try:
            address = str(ipaddress.ip_address(claimed.strip()))
        except ValueError:
            break
        if not _is_named(address):
            break
    return address


def _is_named(address: str) -> bool:
    if not settings.BEHIND_PROXY:
        return False
    # A socket file, which only who may open it can use.
    if not address:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in settings.BEHIND_PROXY)
