"""Pings an outside monitor after beats of the leader: it notices when everything is down."""

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings

from scheduling.beats import on_leader_beat

from .addresses import check_host
from .guarded import GuardedAdapter

logger = structlog.get_logger(__name__)

EVERY = 60.0
_CONNECT, _READ = 5.0, 5.0


class Deadman:
    """``beat()`` returns at once; one ping at a time goes on in a thread of its own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pinged_at: float | None = None
        self._busy = threading.Lock()

    def beat(self) -> None:
        now = self._clock()
        if not settings.DEADMAN_URL or (
            self._pinged_at is not None and now - self._pinged_at < EVERY
        ):
            return
        # Still at the last one: the next beat looks again.
        if self._busy.acquire(blocking=False):
            self._pinged_at = now
            threading.Thread(target=self._ping, name="deadman", daemon=True).start()

    def _ping(self) -> None:
        try:
            if problem := ping(settings.DEADMAN_URL):
                logger.warning("deadman_ping_failed", problem=problem)
        finally:
            self._busy.release()


def ping(address: str) -> str:
    """GET the address; returns what went wrong, without the address's own secret."""
    host = urlsplit(address).hostname or ""
    try:
        if not settings.NEWS_ALLOW_PRIVATE:
            check_host(host)
        with requests.Session() as session:
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, GuardedAdapter())
            with session.get(
                address, timeout=(_CONNECT, _READ), stream=True, allow_redirects=False
            ) as answer:
                return (
                    "" if answer.ok and not answer.is_redirect else f"status {answer.status_code}"
                )
    except Exception as error:  # noqa: BLE001 - its text may hold the address, its kind does not
        return type(error).__name__


deadman = Deadman()
on_leader_beat(deadman.beat)
