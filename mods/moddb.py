"""The mod database, version 1 of its API: the list of all mods, and the details of one."""

from dataclasses import dataclass
from typing import Any

from scheduling.text import clean

from . import moddetail, strictjson
from .errors import KEPT, BadAnswer, NotListed
from .fields import kind
from .http import Client
from .moddetail import Detail
from .rawrows import RawRows, Rows, scan
from .redirect import shown
from .rejections import BadRow

# How the API says that there is no such mod, or no longer.
_MISSING = {"404": "it knows no such mod", "410": "the mod is gone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The rows as they came, each to be read by ``modrow``, and the size of the body in bytes."""

    rows: Rows
    size: int


def fetch_catalogue(client: Client, base_url: str) -> Catalogue:
    """Fetch all mods at once, ``GET /api/mods`` (the list knows no pages). Raises UpstreamError.

    The API answers failures with HTTP 200 too; its own status, a text, is in the body.
    """
    url = f"{base_url}/api/mods"
    body = client.fetch(url)
    rows: object
    if scanned := scan(body, shown(url)):
        envelope, rows = scanned
    else:
        answer = strictjson.read(body, shown(url))
        envelope = answer if isinstance(answer, dict) else {}
        rows = envelope.get("mods")
    if wrong := _wrong_status(envelope):
        raise _not_the_catalogue(url, wrong)
    if not isinstance(rows, list | RawRows):
        raise _not_the_catalogue(url, "it has no list of mods")
    return Catalogue(rows=rows, size=len(body))


def fetch_detail(client: Client, base_url: str, modid: int) -> Detail:
    """Fetch and read the details of one mod, ``GET /api/mod/{modid}``.

    Raises UpstreamError: NotListed where the mod database has no such mod, or none any more.
    """
    url = f"{base_url}/api/mod/{modid}"
    answer = client.fetch_json(url).value
    envelope = answer if isinstance(answer, dict) else {}
    status = envelope.get("statuscode")
    if isinstance(status, str | int) and str(status) in _MISSING:
        raise NotListed(f"{url} answers {status}: {_MISSING[str(status)]}. {KEPT}")
    mod = envelope.get("mod")
    wrong = _wrong_status(envelope)
    if wrong or not isinstance(mod, dict):
        raise _not_the_detail(url, wrong or "it has no mod")
    try:
        return moddetail.read(mod, modid)
    except BadRow as reason:
        raise _not_the_detail(url, clean(str(reason), 200)) from None


def _wrong_status(envelope: dict[str, Any]) -> str:
    """What is wrong with the status of an answer, "" where it is 200."""
    status = envelope.get("statuscode")
    if status is None:
        return "it has no statuscode"
    # A text by the API's rule; a number would mean the same.
    if status in ("200", 200):
        return ""
    said = clean(status, 20) if isinstance(status, str) else kind(status)
    return f"its statuscode is {said} instead of 200"


def _not_the_catalogue(url: str, reason: str) -> BadAnswer:
    return BadAnswer(
        f"{url} answered with something else than the catalogue: {reason}. The stored mods stay "
        "as they were; the next run tries again."
    )


def _not_the_detail(url: str, reason: str) -> BadAnswer:
    return BadAnswer(f"{url} answered with something else than the mod: {reason}. {KEPT}")
