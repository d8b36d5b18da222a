"""Where a request comes from: what a proxy says of it counts only if we were told of that proxy."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# Whoever comes through a unix socket has no address; TRUSTED_PROXIES names it so.
UNIX = "unix"
# Providers give each customer at least so many addresses: all of them are one.
_CUSTOMER = 64
# More hops than anybody has; the rest of such a header is made up.
_MAX_HOPS = 20


def address(request: HttpRequest) -> str:
    """The address of whoever asks, "" if there is none; of IPv6 that of its network.

    ``X-Forwarded-For`` is read from its end, where the proxy next to us writes, and no further
    than to the first address that is no trusted proxy: what stands before it anybody can send.
    """
    came_from = request.META.get("REMOTE_ADDR", "")
    hops = request.headers.get("X-Forwarded-For", "").split(",")[-_MAX_HOPS:]
    while _is_proxy(came_from) and hops:
        said = hops.pop().strip()
        if _parsed(said) is None:
            break
        came_from = said
    return _network(came_from)


def _is_proxy(text: str) -> bool:
    known = _parsed(text)
    if known is None:
        return UNIX in settings.TRUSTED_PROXIES
    return any(
        known in ip_network(each, strict=False) for each in settings.TRUSTED_PROXIES if each != UNIX
    )


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return None
    # ::ffff:192.0.2.1 is how a socket for both kinds tells of IPv4.
    return getattr(found, "ipv4_mapped", None) or found


def _network(text: str) -> str:
    known = _parsed(text)
    if known is None:
        return ""
    if known.version == 4:
        return str(known)
    return str(ip_network((int(known), _CUSTOMER), strict=False).network_address)
