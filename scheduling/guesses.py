"""Who sends wrong tokens has to wait. Counted in this process only, without the database.

A token can't be guessed, it is 256 random bits. What is bounded here is the work that trying
makes, so tokens that are known to be good go on working from an address that has to wait: it may
be that of a proxy, or of a whole house.
"""

import threading
from collections import OrderedDict
from typing import TypeVar

LIMIT, WINDOW = 20, 60.0
# Of addresses, and of good tokens; whoever comes with more loses only the oldest.
_REMEMBERED = 10_000
T = TypeVar("T")


class Guesses:
    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._good: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def must_wait(self, address: str, digest: str, now: float) -> bool:
        """``now`` is a monotonic time in seconds."""
        count, since = self._wrong.get(address, (0, 0.0))
        return count >= LIMIT and now - since < WINDOW and digest not in self._good

    def was_wrong(self, address: str, digest: str, now: float) -> bool:
        """Whether the address has to wait from now on."""
        with self._lock:
            self._good.pop(digest, None)
            count, since = self._wrong.pop(address, (0, now))
            if now - since >= WINDOW:
                count, since = 0, now
            _keep(self._wrong, address, (count + 1, since))
        return count + 1 == LIMIT

    def was_good(self, digest: str) -> None:
        if digest not in self._good:
            with self._lock:
                _keep(self._good, digest, None)


def _keep(kept: OrderedDict[str, T], key: str, value: T) -> None:
    kept[key] = value
    if len(kept) > _REMEMBERED:
        kept.popitem(last=False)
