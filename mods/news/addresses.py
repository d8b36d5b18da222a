"""Which places on the network may be talked to: those of the public internet. No Django.

The process that sends knows this too, and it starts without the project.
"""

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses that carry an IPv4 one: translated by NAT64, and the old IPv4-compatible form.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_CARRIERS = (_NAT64, *map(ipaddress.IPv6Network, ("64:ff9b:1::/48", "::/96")))

# Set aside for special uses, which older Pythons take for public.
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "5f00::/16", "fec0::/10"),
    )
)


class NotFound(OSError):
    """No such host."""


class PointsInside(PermissionError):
    """An address of this machine or of a network that only its neighbours can reach."""


def is_public(text: str) -> bool:
    """Whether this numeric address is one of the public internet; False for what is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    carried = _carried(address)
    # NAT64 is how a network without IPv4 reaches the internet's: the IPv4 address alone counts.
    own = () if address in _NAT64 else (address,)
    return all(map(_is_public, (*own, *carried)))


def check_host(host: str) -> None:
    """Refuse a host unless all its addresses are public, in whatever form it is written.

    Raises NotFound or PointsInside.
    """
    addresses = resolved(host)
    if not all(map(is_public, addresses)):
        raise PointsInside(host)


def resolved(host: str) -> set[str]:
    """The numeric addresses of a host, as a connection would find them: ``0x7f.1`` too."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotFound(host) from None
    return {str(place[4][0]) for place in found}


def _is_public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or any(address in network for network in _SPECIAL)
    )


def _carried(address: Address) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _CARRIERS):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]
