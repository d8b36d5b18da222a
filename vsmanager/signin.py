"""Signing in, slowed down for whoever guesses: what django-axes leaves to us.

Failures count by account and address together, so nobody can lock out somebody who comes from
elsewhere; and, ten times as many, by the address alone. Whoever has to wait is told so, whether
there is such an account or not.
"""

from typing import Any

import structlog
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from scheduling.peer import address

logger = structlog.get_logger(__name__)

# How many failures of an address weigh as much as one at a single account.
WEIGHT = 10
_COOL_OFF = settings.AXES_COOLOFF_TIME


def name(request: HttpRequest, credentials: Any = None) -> str:
    """What stands for the account in our rows: people type their password in its place."""
    typed = str((credentials or request.POST).get("username") or "")
    return salted_hmac("vsmanager.signin", typed, algorithm="sha256").hexdigest()


def client(request: HttpRequest) -> str | None:
    return address(request) or None


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    def get_failures(self, request: Any, credentials: Any = None) -> int:
        """In one query; failures at other accounts weigh a tenth."""
        since = request.axes_attempt_time - _COOL_OFF
        told = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address, attempt_time__gte=since
        ).aggregate(
            all=Sum("failures_since_start"),
            own=Sum("failures_since_start", filter=Q(username=name(request, credentials))),
        )
        return max(told["own"] or 0, (told["all"] or 0) // WEIGHT)

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any
    ) -> None:
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is not None:
            # Without the name: people type passwords there.
            logger.warning(
                "sign_in_failed",
                address=request.axes_ip_address,
                refused_further=bool(request.axes_locked_out),
                **_proxy_unknown(request),
            )


def _proxy_unknown(request: HttpRequest) -> dict[str, str]:
    """Behind a proxy of which we were not told all share one address, and its limits."""
    peer = request.META.get("REMOTE_ADDR", "")
    if "X-Forwarded-For" in request.headers and peer in ("", request.axes_ip_address):  # type: ignore[attr-defined]
        return {"hint": "TRUSTED_PROXIES does not name who sent X-Forwarded-For"}
    return {}


def too_many(request: HttpRequest, *_others: Any) -> HttpResponse:
    seconds = int(_COOL_OFF.total_seconds())
    answer = render(request, "429.html", {"minutes": seconds // 60}, status=429)
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer
