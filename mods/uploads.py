"""What people upload: zipped mods and lists, within limits, and never unpacked to disk."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from . import modfolder, modlist, modzip
from .bytetext import decoded
from .modinfo import ModInfo, UnreadableMod
from .oneline import one_line
from .wanted import Unread, Wanted, of_info, of_list

_MIB = 1024 * 1024
# As the mod database's own.
MAX_FILE = 40 * _MIB
MAX_LIST = 1 * _MIB
# Of all that comes at once; how many files may, says DATA_UPLOAD_MAX_NUMBER_FILES.
MAX_TOTAL = 512 * _MIB
_LISTS = (".txt", ".csv", ".list")


class KeepNothing(FileUploadHandler):
    """Reads over every file."""

    def new_file(self, *_args: Any, **_kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never asked for."""

    def file_complete(self, file_size: int) -> None:
        """Never asked for."""


class SizeLimit(FileUploadHandler):
    """Leaves out files that are too large as soon as they are, before they fill the disk."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.too_large: list[str] = []
        self._size = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        self._size += len(raw_data)
        if self._size > MAX_FILE:
            self.too_large.append(one_line(self.file_name or ""))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        return None


def is_too_large(request: HttpRequest) -> bool:
    """Whether all of it is more than is taken, by what the client says; reads nothing.

    No server hands on more than that.
    """
    said = request.headers.get("Content-Length", "")
    return said.isdigit() and int(said) > MAX_TOTAL


def read(
    files: Iterable["UploadedFile[Any]"], too_large: Iterable[str] = ()
) -> tuple[list[Wanted], list[Unread]]:
    """The mods in these files, and what could not be read."""
    wanted: list[Wanted] = []
    unread = [Unread(source=name, reason=_larger_than(MAX_FILE)) for name in too_large]
    for file in files:
        name = one_line(file.name or "")
        if name.lower().endswith(_LISTS):
            mods, problems = _list(file, name)
            wanted += mods
            unread += problems
            continue
        try:
            wanted.append(of_info(_mod(file, name), name))
        except UnreadableMod as why:
            unread.append(Unread(source=name, reason=str(why)))
    return wanted, unread


def total_too_large() -> str:
    return _("The files together are larger than %(most)s MB: upload fewer at a time.") % {
        "most": number_format(MAX_TOTAL // _MIB)
    }


def _mod(file: "UploadedFile[Any]", name: str) -> ModInfo:
    modfolder.check_code(name)
    try:
        return modzip.read(file)
    except UnreadableMod:
        if name.lower().endswith(".zip"):
            raise
        raise UnreadableMod(
            _("it is neither a zipped mod nor a list whose name ends in .txt: upload one of those")
        ) from None


def _list(file: "UploadedFile[Any]", name: str) -> tuple[list[Wanted], list[Unread]]:
    if (file.size or 0) > MAX_LIST:
        return [], [Unread(source=name, reason=_larger_than(MAX_LIST))]
    return of_list(modlist.parse(decoded(file.read())), name)


def _larger_than(most: int) -> str:
    return _("it is larger than %(most)s MB") % {"most": number_format(most // _MIB)}
