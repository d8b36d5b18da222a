"""Https behind a proxy that was named, and nothing that a stranger says of it."""

from typing import Any

import pytest
from django.conf import settings as configured
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from vsmanager.middleware import only_this_machine
from vsmanager.proxies import believe_trusted

PROXY, STRANGER = "172.30.57.1", "203.0.113.9"
BY_HTTPS = {"HTTP_X_FORWARDED_PROTO": "https"}


@pytest.fixture
def behind(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["172.30.57.0/24"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 3600


def test_the_named_proxy_is_believed(client: Client, behind: None, db: None) -> None:
    answer = client.get("/admin/login/", REMOTE_ADDR=PROXY, **BY_HTTPS)
    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"] == "max-age=3600"


@pytest.mark.parametrize(
    "said",
    [
        {"REMOTE_ADDR": STRANGER} | BY_HTTPS,
        {"REMOTE_ADDR": PROXY},
        {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_PROTO": "http"},
        {"REMOTE_ADDR": "", **BY_HTTPS},
    ],
)
def test_everybody_else_is_sent_to_https(client: Client, behind: None, said: Any) -> None:
    answer = client.get("/admin/login/", **said)
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/admin/login/")


def test_monitors_on_the_machine_itself_need_no_https(
    client: Client, behind: None, db: None
) -> None:
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("address", "trusted", "believed"),
    [
        ("127.0.0.1", [], False),
        ("127.0.0.1", ["127.0.0.1"], True),
        ("::ffff:127.0.0.1", ["127.0.0.1"], True),
        ("10.1.2.3", ["10.0.0.0/8", "unix"], True),
        ("11.1.2.3", ["10.0.0.0/8", "unix"], False),
        ("", ["unix"], True),
        ("", ["10.0.0.0/8"], False),
    ],
)
def test_who_is_trusted(
    address: str, trusted: list[str], believed: bool, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": address, **BY_HTTPS}
    believe_trusted(lambda _request: HttpResponse())(request)
    assert ("HTTP_X_FORWARDED_PROTO" in request.META) is believed


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("", 200), (STRANGER, 403)]
)
def test_with_debug_only_this_machine_is_answered(address: str, status: int) -> None:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": address}
    assert only_this_machine(lambda _request: HttpResponse())(request).status_code == status


def test_no_script_reads_a_cookie_and_no_other_site_sends_one() -> None:
    for name in ("SESSION", "CSRF"):
        assert getattr(configured, f"{name}_COOKIE_HTTPONLY") is True
        assert getattr(configured, f"{name}_COOKIE_SAMESITE") == "Lax"
