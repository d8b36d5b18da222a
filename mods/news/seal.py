"""Addresses as they lie in the database: encrypted with a key made from SECRET_KEY."""

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

# Its own purpose: nothing else that is made from SECRET_KEY can be read with this key.
_PURPOSE = b"vsmanager: addresses of notification channels, version 1"


class Unreadable(ValueError):
    """What was stored can't be read with the SECRET_KEY there is now."""


def seal(address: str) -> str:
    return _fernet(settings.SECRET_KEY).encrypt(address.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises Unreadable when it was sealed with another key than SECRET_KEY and its fallbacks."""
    from cryptography.fernet import InvalidToken, MultiFernet

    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    try:
        return MultiFernet(map(_fernet, keys)).decrypt(sealed.encode()).decode()
    except (InvalidToken, UnicodeError):
        raise Unreadable from None


@lru_cache(maxsize=8)
def _fernet(key: str) -> "Fernet":
    # Not with the module: the pages seldom need it.
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
