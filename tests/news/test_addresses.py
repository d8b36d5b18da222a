"""Which addresses may be talked to, in whatever form they are written."""

import socket
from typing import Any

import pytest

from mods.news import addresses
from mods.news.addresses import NotFound, PointsInside, check_host, is_public

INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.9"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
    # IPv4 in the clothes of IPv6: mapped, compatible, 6to4, NAT64, Teredo.
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::"),
    *("64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2001:0:a00:1::1"),
    *("nonsense", "", "127.1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_points_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001"),
        *("0", "[::1]", "::1", "[::ffff:127.0.0.1]", "10.0.0.1", "167772161", "0xa9fea9fe"),
    ],
)
def test_a_host_that_points_inside_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(PointsInside):
        check_host(host)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    def getaddrinfo(*_args: Any, **_kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)


def test_a_name_is_judged_by_all_that_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "8.8.8.8")
    check_host("news.example")
    resolving_to(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(PointsInside):
        check_host("news.example")


def test_a_name_that_nobody_knows_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_kwargs: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(addresses.socket, "getaddrinfo", unknown)
    with pytest.raises(NotFound):
        check_host("news.example")
    with pytest.raises(NotFound):
        check_host("x" * 300)
