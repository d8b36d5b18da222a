"""Addresses hold passwords and tokens: what of them may be seen, and errors without them."""

import re
from urllib.parse import quote, unquote, unquote_plus

from scheduling.redact import MASK, redacted
from scheduling.text import clean

_MOST_TOLD = 300
# What separates the parts of an address; each part may be the secret one.
_BETWEEN = re.compile(r"[/:@?&=,#\s]+")
_ADDRESS = re.compile(r"[\w+.-]+://\S+|(?<=url: )/\S+", re.I)
# Shorter parts are found in every other word, and are no secrets.
_SHORTEST = 4


def masked(address: str) -> str:
    """``discord://•••``: what kind of address it is, and nothing else of it."""
    scheme, found, _rest = address.partition("://")
    known = found and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,19}", scheme)
    return f"{scheme.lower()}://{MASK}" if known else MASK


def without_secrets(text: str, address: str) -> str:
    """What an error says, in a line, without any address and any part of this one."""
    text = _ADDRESS.sub(MASK, text)
    rest = address.partition("://")[2]
    written = (rest, *_BETWEEN.split(rest))
    plain = {form(part) for part in written for form in (str, unquote, unquote_plus)}
    plain |= {part for form in plain for part in _BETWEEN.split(form)}
    # Libraries write them in their own way.
    parts = {*plain, *(quote(part, safe="") for part in plain), *(repr(p)[1:-1] for p in plain)}
    for part in sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True):
        text = re.sub(re.escape(part), MASK, text, flags=re.I)
    return clean(" ".join(text.split()), _MOST_TOLD)


def without_credentials(text: str) -> str:
    """An error of a job, for readers who may not see the console: some are from before secrets
    were taken out when they are stored."""
    return redacted(text)
