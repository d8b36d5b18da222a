"""The rows of a long table: the first at once, all of them for the asking."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from django.http import QueryDict

T = TypeVar("T")

# Of a server with more mods, the page says that there are more.
AT_ONCE = 100
ALL = "all"


class Rows(Generic[T]):
    """Iterates over what is shown; ``more`` counts the rest, and ``everything`` leads there."""

    def __init__(self, rows: Sequence[T], query: QueryDict) -> None:
        self._rows = rows if query.get(ALL) else rows[:AT_ONCE]
        self.more = len(rows) - len(self._rows)
        asked = query.copy()
        asked[ALL] = "1"
        self.everything = f"?{asked.urlencode()}"

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
