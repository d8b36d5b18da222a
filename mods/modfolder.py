"""The ``Mods`` folder of a server: what lies in it, and whether that has changed."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from . import modinfo, modzip
from .modinfo import ModInfo, UnreadableMod
from .oneline import one_line

MAX_FILES = 2_000
_CODE = (".cs", ".dll")
# They lie in the Mods folder that comes with the game.
_GAME = ("vscreativemod.dll", "vsessentials.dll", "vssurvivalmod.dll")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file or folder by its name, with the mod that it is or, in words, why it is none."""

    name: str
    mod: ModInfo | None = None
    problem: str = ""


def scan(path: Path) -> Iterator[Found]:
    """What is in a ``Mods`` folder, by name; a path of a single mod gives that one.

    Raises UnreadableMod if there is nothing to read at all. Hidden files are passed over,
    subfolders are looked into only for a modinfo.json of their own.
    """
    path = _existing(path)
    is_folder = _is_folder(path)
    entries, more = _entries(path) if is_folder else ([], False)
    if not is_folder or _is_mod(entries):
        yield _found(path, path.parent)
        return
    for entry in entries:
        if not entry.name.startswith("."):
            yield _found(entry, path)
    if more:
        yield Found(
            name=one_line(path.name),
            problem=_("the folder holds more than %(most)d files; the others were not looked at")
            % {"most": MAX_FILES},
        )


def fingerprint(path: Path) -> str:
    """Differs once a file came, went or was written; opens none. Raises UnreadableMod."""
    path = _existing(path)
    entries = _entries(path)[0] if _is_folder(path) else [path]
    digest = blake2b(digest_size=16)
    for entry in entries:
        digest.update(repr((entry.name, _state(entry), _state(_modinfo_in(entry)))).encode())
    return digest.hexdigest()


def _existing(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise _nowhere(path, error) from None


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        # It went meanwhile, or lies on a network that did.
        raise _nowhere(path, error) from None


def _nowhere(path: Path, error: Exception) -> UnreadableMod:
    return UnreadableMod(
        _("%(path)s can't be read (%(reason)s): name the Mods folder of the server, or a mod")
        % {"path": one_line(str(path)), "reason": _reason(error)}
    )


def _entries(folder: Path) -> tuple[list[Path], bool]:
    """What is in it, by name, and whether there is more than is looked at."""
    try:
        entries = list(islice(folder.iterdir(), MAX_FILES + 1))
    except OSError as error:
        raise UnreadableMod(
            _("%(path)s can't be read (%(reason)s): check the permissions of the folder")
            % {"path": one_line(str(folder)), "reason": _reason(error)}
        ) from None
    return sorted(entries[:MAX_FILES]), len(entries) > MAX_FILES


def _is_mod(entries: list[Path]) -> bool:
    """Not if there are zips as well: then somebody has unpacked a mod into the wrong place."""
    names = [entry.name.lower() for entry in entries]
    return modzip.NAME in names and not any(name.endswith(".zip") for name in names)


def _found(path: Path, folder: Path) -> Found:
    # Names need not be UTF-8.
    name = one_line(path.name)
    try:
        return Found(name=name, mod=_mod(_within(path, folder), path.name))
    except UnreadableMod as why:
        return Found(name=name, problem=str(why))
    except OSError as error:
        problem = _("it can't be read (%(reason)s): check its permissions, then try again")
        return Found(name=name, problem=problem % {"reason": _reason(error)})


def _within(path: Path, folder: Path) -> Path:
    """The path without links; raises UnreadableMod where they lead out of the folder."""
    try:
        target = path.resolve(strict=True)
    except RuntimeError:
        target = None
    if target is None or not target.is_relative_to(folder):
        raise UnreadableMod(
            _("it is a link out of the folder, which is not followed: put the file itself there")
        )
    return target


def _mod(path: Path, name: str) -> ModInfo:
    """``path`` is where a link called ``name`` leads."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return _folder_mod(path)
    if not stat.S_ISREG(mode):
        # A pipe would be waited for without end.
        raise UnreadableMod(_("it is neither a file nor a folder: remove it"))
    check_code(name)
    if not name.lower().endswith(".zip"):
        raise UnreadableMod(_("it is no .zip, so the game does not take it for a mod"))
    return modzip.read(path)


def check_code(name: str) -> None:
    """Raises UnreadableMod for the name of a mod that is only code, which nobody can read."""
    suffix = Path(name).suffix.lower()
    if name.lower() in _GAME:
        raise UnreadableMod(_("it is a part of the game itself, so there is nothing to track"))
    if suffix in _CODE:
        raise UnreadableMod(
            _("what a single %(suffix)s file says can't be read here: add it by its identifier")
            % {"suffix": suffix}
        )


def _folder_mod(folder: Path) -> ModInfo:
    path = _modinfo_in(folder)
    if path is None:
        raise UnreadableMod(_("the folder holds no modinfo.json, so it is no mod"))
    target = _within(path, folder)
    if not target.is_file():
        raise UnreadableMod(_("its modinfo.json is no file: replace it by one"))
    with target.open("rb") as file:
        return modinfo.read(file.read(modinfo.MAX_BYTES + 1))


def _modinfo_in(folder: Path) -> Path | None:
    """Its modinfo.json, whatever its case; None where there is none to be found."""
    try:
        if not folder.is_dir():
            return None
        names = (path for path in islice(folder.iterdir(), MAX_FILES))
        return min((path for path in names if path.name.lower() == modzip.NAME), default=None)
    except OSError:
        return None


def _state(path: Path | None) -> tuple[int, int] | None:
    try:
        state = path.stat() if path else None
    except (OSError, RuntimeError):
        return None
    return (state.st_size, state.st_mtime_ns) if state else None


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or _("it can't be followed")
