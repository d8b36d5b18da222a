"""Pings an outside monitor after beats of the leader: it notices when everything is down."""

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings

from scheduling.beats import on_leader_beat

from ..watch import Sockets, Watch
from .addresses import PointsInside, check_host
from .guarded import GuardedAdapter

logger = structlog.get_logger(__name__)

EVERY = 60.0
_CONNECT, _READ, _TOTAL = 5.0, 5.0, 15.0


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
    sockets = Sockets()
    try:
        if not settings.NEWS_ALLOW_PRIVATE:
            check_host(urlsplit(address).hostname or "")
        # A monitor that drips its answer would else keep all pings to come waiting.
        with Watch(sockets, _TOTAL, time.monotonic), requests.Session() as session:
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, GuardedAdapter(sockets))
            with session.get(
                address, timeout=(_CONNECT, _READ), stream=True, allow_redirects=False
            ) as answer:
                return (
                    "" if answer.ok and not answer.is_redirect else f"status {answer.status_code}"
                )
    except PointsInside:
        return "it points to this machine or inside its network: set NEWS_ALLOW_PRIVATE to allow it"
    except Exception as error:  # noqa: BLE001 - its text may hold the address, its kind does not
        return type(error).__name__


deadman = Deadman()
on_leader_beat(deadman.beat)
