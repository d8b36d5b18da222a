"""The mod database's list of all mods: ``GET /api/mods``, version 1 of its API."""

from dataclasses import dataclass
from typing import Any

from scheduling.text import clean

from .errors import BadAnswer
from .http import Client
from .modrow import kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The rows as they came, each to be read by ``modrow``, and the size of the body in bytes."""

    rows: list[Any]
    size: int


def fetch_catalogue(client: Client, base_url: str) -> Catalogue:
    """Fetch all mods at once (the list knows no pages). Raises UpstreamError.

    The API answers failures with HTTP 200 too; its own status, a text, is in the body.
    """
    url = f"{base_url}/api/mods"
    answer = client.fetch_json(url)
    envelope = answer.value if isinstance(answer.value, dict) else {}
    status = envelope.get("statuscode")
    if status is None:
        raise _not_the_catalogue(url, "it has no statuscode")
    # A text by the API's rule; a number would mean the same.
    if str(status) != "200":
        said = clean(status, 20) if isinstance(status, str) else kind(status)
        raise _not_the_catalogue(url, f"its statuscode is {said} instead of 200")
    rows = envelope.get("mods")
    if not isinstance(rows, list):
        raise _not_the_catalogue(url, "it has no list of mods")
    return Catalogue(rows=rows, size=answer.size)


def _not_the_catalogue(url: str, reason: str) -> BadAnswer:
    return BadAnswer(
        f"{url} answered with something else than the catalogue: {reason}. The stored mods stay "
        "as they were; the next run tries again."
    )
