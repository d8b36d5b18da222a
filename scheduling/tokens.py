"""Keys to the API: shown once, stored as a digest, looked up by it."""

import contextlib
import hashlib
import secrets
import time
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models import Q
from django.http import HttpRequest
from django.utils.timezone import now
from django.utils.translation import gettext as _

from .guesses import Guesses
from .models import ApiToken, Scope
from .peer import address

PREFIX = "vsm_"
DEFAULT_DAYS, MAX_DAYS = 90, 3_650
# When a token was last used is for people who tidy up: a write at each call would be waste.
NOTE_USE_EVERY = timedelta(minutes=1)
guesses = Guesses()


class Refused(Exception):
    """Why a token does not open anything, for whoever sent it."""

    def __init__(self, status: int, message: str = "") -> None:
        self.status, self.message = status, message
        super().__init__(message)


def issue(
    user: User, *, name: str = "", scope: str = Scope.OPERATE, days: int | None = DEFAULT_DAYS
) -> str:
    """A new token for the user, for so many days, or for good (None). It can't be shown again."""
    return make(user, name=name, scope=scope, days=days)[0]


def make(user: User, *, name: str, scope: str, days: int | None) -> tuple[str, ApiToken]:
    """As ``issue``, with its row."""
    token = PREFIX + secrets.token_urlsafe(32)
    ends = None if days is None else now() + timedelta(days=days)
    row = ApiToken.objects.create(
        user=user, digest=digest(token), name=name, scope=scope, expires_at=ends
    )
    return token, row


def find(token: str, request: HttpRequest) -> ApiToken:
    """The token that an active user has sent. Raises Refused.

    The lookup is by a digest of 256 random bits, so how long it takes tells nothing.
    """
    who, key, clock = address(request), digest(token), time.monotonic()
    if guesses.must_wait(who, key, clock):
        raise Refused(429)
    found = ApiToken.objects.select_related("user").filter(digest=key).first()
    if found is None or not found.user.is_active:
        if guesses.was_wrong(who, key, clock):
            _remember_good()
        raise Refused(401)
    guesses.was_good(key)
    moment = now()
    if found.has_expired(moment):
        raise Refused(401, _("This token has expired: make a new one."))
    _note_use(found, moment)
    return found


def _remember_good() -> None:
    """Those that others at the address may use, which this process may never have seen."""
    newest_last = ApiToken.objects.order_by("-pk").values_list("digest", flat=True)[:1_000]
    for each in reversed(newest_last):
        guesses.was_good(each)


def _note_use(token: ApiToken, moment: datetime) -> None:
    since = moment - NOTE_USE_EVERY
    if token.last_used_at is None or token.last_used_at < since:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=since)
        # Whoever only looks must not fail because somebody else writes.
        with contextlib.suppress(OperationalError):
            ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=moment)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
