"""Reads the ``modinfo.json`` of a zipped mod, in memory and within limits.

Nothing is ever unpacked, so what the other entries are called and hold does not matter.
"""

import errno
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Protocol, cast

from django.utils.translation import gettext as _

from . import modinfo
from .modinfo import ModInfo, UnreadableMod
from .oneline import short

NAME = "modinfo.json"
MAX_ENTRIES = 20_000
# Room for that many names of a common length.
MAX_DIRECTORY = 4 * 1024 * 1024

# The other ways to pack may unfold without bounds while they are read, and the game knows
# none of them.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
# Each entry of the directory begins so.
_ENTRY = b"PK\x01\x02"

# What Python's zipfile lets through when it stumbles over a damaged file.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error,
    EOFError, ValueError, OverflowError, NotImplementedError, RuntimeError,
)  # fmt: skip


class Source(Protocol):
    """What is asked of a file: one opened to read bytes, or an upload."""

    def read(self, size: int = ..., /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...
    def seekable(self) -> bool: ...


def read(source: Path | Source) -> ModInfo:
    """The ModInfo of a zip, from its path or its bytes; raises UnreadableMod.

    ``source`` may stand anywhere if it is a file; it is left open.
    """
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return _read(file)
        return _read(source)
    except OSError as error:
        raise UnreadableMod(
            _("it can't be read (%(reason)s): check its permissions, then try again")
            % {"reason": error.strerror or type(error).__name__}
        ) from None


def _read(file: Source) -> ModInfo:
    try:
        with zipfile.ZipFile(cast("IO[bytes]", _Bounded(file))) as archive:
            info, others = _entry(archive.infolist())
            with archive.open(info) as entry:
                body = entry.read(modinfo.MAX_BYTES + 1)
    except UnreadableMod:
        raise
    except _BROKEN as error:
        raise _no_zip(file) from error
    except OSError as error:
        # Looking for something before the beginning of the file.
        if error.errno == errno.EINVAL:
            raise _no_zip(file) from error
        raise
    mod = modinfo.read(body)
    if not others:
        return mod
    told = _("it holds %(count)d files called modinfo.json; %(name)s was read")
    return replace(
        mod, warnings=(told % {"count": others + 1, "name": info.filename}, *mod.warnings)
    )


def _entry(infos: Sequence[zipfile.ZipInfo]) -> tuple[zipfile.ZipInfo, int]:
    """The modinfo.json at the top, and how many others there are."""
    found = [info for info in infos if info.filename.lower() == NAME]
    if not found:
        raise _missing(infos)
    # The one that is spelt as it should be goes first.
    info = min(found, key=lambda info: info.filename != NAME)
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableMod(
            _("it is encrypted, which the game can't read either: pack it without a password")
        )
    if info.compress_type not in _PACKED:
        raise UnreadableMod(
            _("it is packed in a way that the game can't read: pack it as a common zip (deflate)")
        )
    return info, len(found) - 1


def _missing(infos: Sequence[zipfile.ZipInfo]) -> UnreadableMod:
    # Windows has had programs that pack with its own slashes.
    names = [info.filename.replace("\\", "/") for info in infos]
    below = next((name for name in names if name.lower().endswith(f"/{NAME}")), None)
    if below:
        return UnreadableMod(
            _(
                "its modinfo.json lies in a folder (%(name)s), where the game does not look: "
                "pack it anew without that folder"
            )
            % {"name": short(below)}
        )
    if any(name.lower().endswith(".dll") and "/" not in name for name in names):
        return UnreadableMod(
            _(
                "it holds no modinfo.json, and what its .dll says can't be read here: "
                "add the mod by its identifier"
            )
        )
    if zipped := next((name for name in names if name.lower().endswith(".zip")), None):
        return UnreadableMod(
            _(
                "it holds other zips (%(name)s), into which the game does not look: unpack it, "
                "and use those"
            )
            % {"name": short(zipped)}
        )
    return UnreadableMod(_("it holds no modinfo.json, so it is no mod of this game"))


def _too_many() -> UnreadableMod:
    return UnreadableMod(
        _("it holds too many files to be looked through, far more than a mod: don't use it")
    )


def _no_zip(file: Source) -> UnreadableMod:
    file.seek(0)
    begin = file.read(2)
    if not begin:
        return UnreadableMod(_("it is empty, or not yet whole: fetch it again"))
    if begin == b"PK":
        return UnreadableMod(_("it is a damaged zip, or not yet whole: fetch it again"))
    return UnreadableMod(_("it is no zip, whatever it is called: fetch it again"))


class _Bounded:
    """A file that hands out only so much at a time.

    Python reads the directory of a zip in one piece, as large as the zip claims it to be, and
    makes an object of each entry.
    """

    def __init__(self, file: Source) -> None:
        self.seekable, self.seek, self.tell = file.seekable, file.seek, file.tell
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY:
            raise _too_many()
        data = self._file.read(MAX_DIRECTORY + 1 if size < 0 else size)
        if len(data) > MAX_DIRECTORY or data.count(_ENTRY) > MAX_ENTRIES:
            raise _too_many()
        return data
