"""Keys to the API: shown once, stored as a digest, looked up by it."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils.timezone import now

from .models import ApiToken

PREFIX = "vsm_"
# When a token was last used is for people who tidy up: a write at each call would be waste.
NOTE_USE_EVERY = timedelta(minutes=1)


def issue(user: User) -> str:
    """A new token for the user. It can't be shown again."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, digest=digest(token))
    return token


def owner(token: str) -> User | None:
    """The active user that the token belongs to.

    The lookup is by a digest of 256 random bits, so how long it takes tells nothing.
    """
    found = ApiToken.objects.select_related("user").filter(digest=digest(token)).first()
    if found is None or not found.user.is_active:
        return None
    moment = now()
    if found.last_used_at is None or found.last_used_at < moment - NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=moment)
    return found.user


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
