"""Who may read /metrics: whoever has the token, or without one this machine alone."""

import hmac
import ipaddress
from enum import Enum

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

# What reverse proxies add. Behind one on this machine everybody seems to come from here.
_ADDED_BY_PROXIES = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Real-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
)
_HERE = ("localhost", "127.0.0.1", "[::1]")


class Answer(Enum):
    WELCOME = "may read"
    NO_TOKEN = "a token is needed, and there is none, or another"  # noqa: S105
    NOBODY = "no token is set, and the request did not come from this machine itself"


def answer(request: HttpRequest) -> Answer:
    if token := str(settings.METRICS_TOKEN):
        scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
        # Compared as bytes, in the same time wherever they differ.
        same = hmac.compare_digest(given.strip().encode(), token.encode())
        return Answer.WELCOME if same and scheme.lower() == "bearer" else Answer.NO_TOKEN
    return Answer.WELCOME if _came_from_here(request) else Answer.NOBODY


def _came_from_here(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _ADDED_BY_PROXIES):
        return False
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        # Whoever sets this says that a proxy stands before us.
        return False
    try:
        peer = ipaddress.ip_address(str(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        # A socket in the file system: only a proxy comes that way.
        return False
    # A proxy that adds nothing passes on for whom it was asked.
    host, _port = split_domain_port(request.get_host())
    return peer.is_loopback and host in _HERE
