"""That a request came by https is believed only from the proxies that TRUSTED_PROXIES names."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def believe_trusted(get_response: Handler) -> Handler:
    """Drop X-Forwarded-Proto of everybody else: with it anybody could say that they came by
    https, be redirected nowhere, and be handed cookies that are meant for https only."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "HTTP_X_FORWARDED_PROTO" in request.META and not _is_trusted(request):
            del request.META["HTTP_X_FORWARDED_PROTO"]
        return get_response(request)

    return middleware


def _is_trusted(request: HttpRequest) -> bool:
    try:
        known = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        # Through a socket file.
        return "unix" in settings.TRUSTED_PROXIES
    # ::ffff:192.0.2.1 is how a socket for both kinds tells of IPv4.
    known = getattr(known, "ipv4_mapped", None) or known
    networks = (each for each in settings.TRUSTED_PROXIES if each != "unix")
    return any(known in ip_network(each, strict=False) for each in networks)
