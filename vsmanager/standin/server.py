"""A stand-in for both upstreams on loopback, which can be told to misbehave."""

import contextlib
import functools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from . import world
from .exchange import Exchange
from .faults import FAULTS

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``at`` is of the monotonic clock."""

    method: str
    path: str
    headers: dict[str, str]
    at: float


@dataclass(slots=True, kw_only=True)
class Plan:
    """A fault of a path: passes ``after`` requests first, then spoils ``times`` (None: all)."""

    fault: Callable[[Exchange], None]
    after: int = 0
    times: int | None = None


class StandIn:
    """``with StandIn(mods=50) as upstream: fetch(upstream.url)``.

    Serves a made-up world, or files in the real shape. ``fail`` plans faults by path.
    """

    def __init__(
        self,
        *,
        mods: int = 100,
        seed: int = 1,
        catalogue: Path | None = None,
        feed: Path | None = None,
        life: bool = False,
        port: int = 0,
    ) -> None:
        self.world = world.make(mods, seed, catalogue, feed, life)
        self.stopping = threading.Event()
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED)
        # How many requests were being answered at once, at most.
        self.busiest = self._busy = 0
        self._counts: Counter[str] = Counter()
        self._plans: dict[str, Plan] = {}
        self._lock = threading.Lock()
        handler = type("BoundExchange", (Exchange,), {"standin": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        # Joined on close: no thread outlives its stand-in.
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="stand-in", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail(
        self, path: str, fault: str, *, after: int = 0, times: int | None = None, **options: Any
    ) -> None:
        """Plan a fault of ``faults`` by its name; it takes the place of an earlier one.

        A path that ends in ``/`` stands for all beneath it that have no plan of their own.
        """
        spoil = functools.partial(FAULTS[fault], **options)
        self._plans[path] = Plan(fault=spoil, after=after, times=times)

    def heal(self, path: str | None = None) -> None:
        """Serve a path as it should be again, or all of them."""
        if path is None:
            self._plans.clear()
        else:
            self._plans.pop(path, None)

    def control(self, order: dict[str, Any]) -> None:
        """``POST /_control``: ``{"path", "fault" or null, "after", "times", "options"}``,
        ``{"life": true}``, or ``{"release": "publish", "edit", "retract" or "restore", "mod",
        "releaseid", "fields"}``."""
        if "life" in order:
            self.world.life = bool(order["life"])
        elif "release" in order:
            self.world.order(
                order["release"], order["mod"], order.get("releaseid"), order.get("fields")
            )
        elif order["fault"] is None:
            self.heal(order["path"])
        else:
            self.fail(
                order["path"],
                order["fault"],
                after=order.get("after", 0),
                times=order.get("times"),
                **order.get("options", {}),
            )

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return self._counts[path]

    def note(self, method: str, path: str, headers: dict[str, str]) -> None:
        now = time.monotonic()
        with self._lock:
            self._counts[path] += 1
            self.requests.append(Request(method=method, path=path, headers=headers, at=now))

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """While a request is being answered."""
        with self._lock:
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def next_fault(self, path: str) -> Callable[[Exchange], None] | None:
        """The fault for the request that just came, None to serve it."""
        with self._lock:
            if path not in self._plans:
                path = path[: path.rindex("/") + 1]
            plan = self._plans.get(path)
            if plan is None:
                return None
            if plan.after > 0:
                plan.after -= 1
                return None
            if plan.times is not None:
                plan.times -= 1
                if plan.times <= 0:
                    del self._plans[path]
            return plan.fault
