"""Cleaned HTML, kept: to clean it costs more than the rest of a page, and it seldom changes."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock

from django.utils.safestring import SafeString

# Characters; a few hundred pages of mods.
MOST = 4_000_000


class KeptHtml:
    """What was made of the texts that were asked for last, MOST characters of it."""

    def __init__(self) -> None:
        self._made: OrderedDict[bytes, SafeString] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, text: str, make: Callable[[str], SafeString]) -> SafeString:
        key = blake2b(text.encode(errors="surrogatepass"), digest_size=20).digest()
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make(text)
        with self._lock:
            # Another thread may have made it meanwhile.
            self._size += len(made) - len(self._made.pop(key, ""))
            self._made[key] = made
            while self._size > MOST:
                self._size -= len(self._made.popitem(last=False)[1])
        return made
