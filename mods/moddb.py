"""The mod database's list of all mods: ``GET /api/mods``, version 1 of its API."""

from dataclasses import dataclass
from typing import Any

from .errors import BadAnswer
from .http import Client


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
    status = answer.value.get("statuscode") if isinstance(answer.value, dict) else None
    if status != "200":
        told = (
            f"says statuscode {str(status)[:20]!r}" if status is not None else "has no statuscode"
        )
        raise BadAnswer(
            f"{url} did not send the catalogue: the answer {told} instead of '200'. The stored "
            "mods stay as they were; the next run tries again."
        )
    rows = answer.value.get("mods")
    if not isinstance(rows, list):
        raise _not_the_catalogue(url, "it has no list of mods")
    return Catalogue(rows=rows, size=answer.size)


def _not_the_catalogue(url: str, reason: str) -> BadAnswer:
    return BadAnswer(
        f"{url} answered with something else than the catalogue: {reason}. The stored mods stay "
        "as they were; the next run tries again."
    )
