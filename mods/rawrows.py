"""The rows of a catalogue as they came, read only where somebody asks what they say.

A scan tells where each row begins and ends, and that all of it is JSON; it takes a tenth of the
time of reading. Rows whose bytes are known need no more than that.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec

from . import modrow, strictjson
from .errors import BadAnswer

# So many rows are read at once: all of 50,000 as objects would take 70 MB more.
_BATCH = 500
# Of a key that comes twice the scan forgets the first value. More bytes than this outside of the
# values that it tells could hide what is no JSON to us: a number too long, nesting too deep.
_UNSEEN = 1_000

_scan = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_scan_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode


class RawRows:
    """Rows within ``body``, which came from ``shown_url``."""

    def __init__(self, rows: list[msgspec.Raw], body: bytearray, shown_url: str) -> None:
        self._rows, self._body, self._shown_url = rows, body, shown_url

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def hashes(self) -> list[str]:
        """A hash of the bytes of each row."""
        return [modrow.raw_digest(row) for row in self._rows]

    def read(self, numbers: Iterable[int]) -> Iterator[Any]:
        """The values of these rows, counted from 0; raises BadAnswer as reading all would."""
        wanted = iter(numbers)
        while batch := list(islice(wanted, _BATCH)):
            yield from self._values([self._rows[number] for number in batch])

    def _values(self, rows: list[msgspec.Raw]) -> list[Any]:
        # As deep as they were: what is nested too deeply is so here, too.
        body = b'{"mods":[' + b",".join(rows) + b"]}"
        try:
            values: list[Any] = strictjson.read(body, self._shown_url)["mods"]
        except BadAnswer:
            # The reason and the beginning that are told are those of the whole body.
            strictjson.read(self._body, self._shown_url)
            raise
        return values


# Those of a body that a scan did not take have been read.
Rows = RawRows | list[Any]


def scan(body: bytearray, shown_url: str) -> tuple[dict[str, Any], RawRows] | None:
    """The envelope without its rows, and the rows; None if the body has to be read to tell.

    Never raises: what is wrong with a body is told by ``strictjson``, which may also take what
    a scan does not, such as half a surrogate pair.
    """
    try:
        if not body.isascii():
            body.decode()
        envelope = _scan(body)
        unseen = len(body) - sum(len(bytes(value)) for value in envelope.values())
        rows = _scan_rows(envelope.pop("mods"))
        told = {key: strictjson.read(bytes(value), "") for key, value in envelope.items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, BadAnswer):
        return None
    return (told, RawRows(rows, body, shown_url)) if unseen <= _UNSEEN else None
