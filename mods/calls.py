"""Requests to the upstreams as they are seen from outside: counted by how they ended, traced,
and found again by their id."""

import contextlib
import functools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F

from scheduling import requestid, spans

from .errors import (
    BadAnswer,
    BadRedirect,
    TooLarge,
    TooSlow,
    Unavailable,
    Unreachable,
    Untrusted,
    UpstreamError,
)
from .models import UpstreamCount

logger = structlog.get_logger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# By the variable that holds its address.
UPSTREAMS = {"MODDB_URL": "moddb", "VERSIONS_URL": "versions"}
OK, REDIRECT, STOPPED = "ok", "redirect", "stopped"
_FAILURES: tuple[type[UpstreamError], ...] = (
    Unreachable,
    Untrusted,
    TooSlow,
    TooLarge,
    Unavailable,
    BadRedirect,
    BadAnswer,
)


@dataclass(slots=True, kw_only=True)
class Call:
    """One request. ``status`` is that of the answer, as soon as there is one."""

    headers: dict[str, str]
    status: int | None = None


class Waiting:
    """Requests of this process that are not yet written, by upstream and outcome."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], tuple[int, float]] = {}

    def add(self, upstream: str, outcome: str, requests: int, seconds: float) -> None:
        with self._lock:
            had = self._counts.get((upstream, outcome), (0, 0.0))
            self._counts[upstream, outcome] = had[0] + requests, had[1] + seconds

    def take(self) -> dict[tuple[str, str], tuple[int, float]]:
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts


_waiting = Waiting()


@contextlib.contextmanager
def seen(setting: str, address: str) -> Iterator[Call]:
    """Around one request, a new attempt or the following of a redirect each being one."""
    call = Call(headers={requestid.HEADER: requestid.made()})
    upstream, begun = UPSTREAMS.get(setting, "other"), time.monotonic()
    outcome = STOPPED
    known: dict[str, spans.Value] = {"url.full": address, "upstream": upstream}
    with spans.span("GET", known, calls=True) as span:
        try:
            yield call
            outcome = OK if call.status == 200 else REDIRECT
        except UpstreamError as error:
            outcome = _name(type(error))
            span.fail(outcome)
            raise
        finally:
            if call.status:
                span.tell({"http.response.status_code": call.status})
            span.tell({"outcome": outcome})
            _waiting.add(upstream, outcome, 1, time.monotonic() - begun)


def _name(kind: type[UpstreamError]) -> str:
    """``TooSlow``: ``too_slow``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


# All that is counted, so that the first of a kind is seen as one more.
OUTCOMES = (OK, REDIRECT, STOPPED, *map(_name, _FAILURES))


def written(job: Callable[P, R]) -> Callable[P, R]:
    """The requests of this job are written when it ends, however it does."""

    @functools.wraps(job)
    def with_counts(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return job(*args, **kwargs)
        finally:
            write()

    return with_counts


def write() -> None:
    """Add what was counted to what is stored; where the database refuses, the next run tries."""
    counts = _waiting.take()
    try:
        with transaction.atomic():
            for (upstream, outcome), (requests, seconds) in sorted(counts.items()):
                row, _new = UpstreamCount.objects.get_or_create(upstream=upstream, outcome=outcome)
                UpstreamCount.objects.filter(pk=row.pk).update(
                    requests=F("requests") + requests, seconds=F("seconds") + seconds
                )
    except (DatabaseError, InterfaceError) as error:
        logger.warning("requests_not_counted", error=str(error)[:500])
        for key, (requests, seconds) in counts.items():
            _waiting.add(*key, requests, seconds)
