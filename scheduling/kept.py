"""Rendered rows that are kept: the rows of what has ended look the same for everybody who reads
the same language in the same zone on the same day, and make up most of a list."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from django.utils import timezone
from django.utils.translation import get_language

# A row is about 1 kB.
MOST = 4_000


class Kept:
    """The texts of the rows that were asked for last, at most MOST of them."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = Lock()

    def get(self, what: Hashable, make: Callable[[], str]) -> str:
        """The row of ``what``: everything that it shows and that can change."""
        key = (what, get_language(), timezone.get_current_timezone(), timezone.localdate())
        with self._lock:
            if key in self._rows:
                self._rows.move_to_end(key)
                return self._rows[key]
        made = make()
        with self._lock:
            self._rows[key] = made
            if len(self._rows) > MOST:
                self._rows.popitem(last=False)
        return made

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()
