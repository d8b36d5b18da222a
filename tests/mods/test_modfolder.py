"""A server's Mods folder, as it is found in the wild."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mods import modfolder
from mods.modfolder import fingerprint, scan
from mods.modinfo import UnreadableMod

from .zips import GOOD, mod_file, zipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "Mods"
    path.mkdir()
    return path


def scanned(path: Path) -> dict[str, str]:
    """The identifier of each file, or the problem with it."""
    return {
        found.name: found.mod.identifier if found.mod else found.problem for found in scan(path)
    }


def test_each_file_is_a_mod_or_a_problem_in_words(folder: Path) -> None:
    mod_file(folder, "carryon_1.12.0.zip")
    mod_file(folder, "Config Lib.ZIP", "configlib")
    (folder / "unpacked").mkdir()
    (folder / "unpacked" / "ModInfo.json").write_text(GOOD.replace("carryon", "unpacked"))
    (folder / "empty").mkdir()
    (folder / "broken.zip").write_bytes(b"<html>")
    (folder / "half.zip").write_bytes((folder / "carryon_1.12.0.zip").read_bytes()[:-30])
    (folder / "old.dll").write_bytes(b"MZ")
    (folder / "VSSurvivalMod.dll").write_bytes(b"MZ")
    (folder / "source.CS").write_text("class Mod {}")
    (folder / "carryon.zip.disabled").write_bytes(b"")
    (folder / ".DS_Store").write_bytes(b"")
    assert scanned(folder) == {
        "Config Lib.ZIP": "configlib",
        "VSSurvivalMod.dll": "it is a part of the game itself, so there is nothing to track",
        "broken.zip": "it is no zip, whatever it is called: fetch it again",
        "carryon.zip.disabled": "it is no .zip, so the game does not take it for a mod",
        "carryon_1.12.0.zip": "carryon",
        "empty": "the folder holds no modinfo.json, so it is no mod",
        "half.zip": "it is a damaged zip, or not yet whole: fetch it again",
        "old.dll": "what a single .dll file says can't be read here: add it by its identifier",
        "source.CS": "what a single .cs file says can't be read here: add it by its identifier",
        "unpacked": "unpacked",
    }


def test_an_empty_folder_holds_nothing(folder: Path) -> None:
    assert list(scan(folder)) == []


@pytest.mark.realdata
def test_published_mods_are_found_zipped_and_unpacked(data: Path, folder: Path) -> None:
    paths = [path for path in (data / "modinfo").glob("*.json") if "SCHEMA" not in path.name]
    for path in paths:
        (folder / f"{path.stem}.zip").write_bytes(zipped(("modinfo.json", path.read_bytes())))
        (folder / path.stem).mkdir()
        (folder / path.stem / "modinfo.json").write_bytes(path.read_bytes())
    mods = [found.mod for found in scan(folder)]
    assert len(mods) == 18
    assert mods[::2] == mods[1::2]
    assert all(mods)


def test_a_single_mod_may_be_named(folder: Path) -> None:
    assert scanned(mod_file(folder, "carryon.zip")) == {"carryon.zip": "carryon"}
    (folder / "unpacked").mkdir()
    (folder / "unpacked" / "modinfo.json").write_text(GOOD)
    assert scanned(folder / "unpacked") == {"unpacked": "carryon"}


def test_a_mod_unpacked_into_the_wrong_place_does_not_hide_the_others(folder: Path) -> None:
    mod_file(folder, "carryon.zip")
    (folder / "modinfo.json").write_text(GOOD)
    assert scanned(folder) == {
        "carryon.zip": "carryon",
        "modinfo.json": "it is no .zip, so the game does not take it for a mod",
    }


def test_subfolders_are_not_searched(folder: Path) -> None:
    (folder / "more" / "mods").mkdir(parents=True)
    mod_file(folder / "more", "carryon.zip")
    assert scanned(folder) == {"more": "the folder holds no modinfo.json, so it is no mod"}


def test_links_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    inside, outside = mod_file(folder, "a.zip"), mod_file(tmp_path, "outside.zip")
    (tmp_path / "modinfo.json").write_text(GOOD)
    (folder / "b.zip").symlink_to(inside)
    (folder / "c.zip").symlink_to(outside)
    (folder / "d").symlink_to(tmp_path)
    (folder / "e").mkdir()
    (folder / "e" / "modinfo.json").symlink_to(tmp_path / "modinfo.json")
    (folder / "f.zip").symlink_to(folder / "f.zip")
    (folder / "g.zip").symlink_to(folder / "gone.zip")
    found = scanned(folder)
    assert (found["a.zip"], found["b.zip"]) == ("carryon", "carryon")
    # Newer Pythons tell of a link to itself in other words.
    assert "link" in found["f.zip"]
    for name in ("c.zip", "d", "e"):
        assert found[name].startswith("it is a link out of the folder, which is not followed")
    assert found["g.zip"].startswith("it can't be read (No such file or directory)")
    assert fingerprint(folder)


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    mod_file(folder, "a.zip")
    (tmp_path / "link").symlink_to(folder)
    assert scanned(tmp_path / "link") == {"a.zip": "carryon"}


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.zip")
    (folder / "mod").mkdir()
    os.mkfifo(folder / "mod" / "modinfo.json")
    assert scanned(folder) == {
        "mod": "its modinfo.json is no file: replace it by one",
        "pipe.zip": "it is neither a file nor a folder: remove it",
    }


def test_a_file_that_may_not_be_read_costs_only_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mod_file(folder, "a.zip").chmod(0)
    mod_file(folder, "b.zip")
    (folder / "c").mkdir()
    (folder / "c" / "modinfo.json").write_text(GOOD)
    real = Path.open

    def refused(path: Path, *args: str) -> object:
        # Root may read everything.
        if path.name == "a.zip" or path.parent.name == "c":
            raise PermissionError(13, "Permission denied")
        return real(path, *args)

    monkeypatch.setattr(Path, "open", refused)
    problem = "it can't be read (Permission denied): check its permissions, then try again"
    assert scanned(folder) == {"a.zip": problem, "b.zip": "carryon", "c": problem}


def test_names_that_are_no_text_are_shown_all_the_same(folder: Path) -> None:
    (folder / os.fsdecode(b"m\xffd\n<b>.zip")).write_bytes(b"")
    assert list(scanned(folder)) == ["m�d <b>.zip"]
    assert fingerprint(folder)


def test_only_so_many_files_are_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modfolder, "MAX_FILES", 3)
    for name in "abc":
        mod_file(folder, f"{name}.zip")
    assert list(scanned(folder)) == ["a.zip", "b.zip", "c.zip"]
    mod_file(folder, "d.zip")
    *files, last = scan(folder)
    assert len(files) == 3
    assert last.problem == "the folder holds more than 3 files; the others were not looked at"


@pytest.mark.parametrize("name", ["gone", "a\0b", "x" * 300])
def test_a_path_that_leads_nowhere_is_told(tmp_path: Path, name: str) -> None:
    for look in (lambda path: list(scan(path)), fingerprint):
        with pytest.raises(UnreadableMod, match=r"can't be read .*: name the Mods folder"):
            look(tmp_path / name)


def test_a_folder_that_may_not_be_listed_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    for look in (lambda path: list(scan(path)), fingerprint):
        with pytest.raises(UnreadableMod, match=r"can't be read \(Permission denied\): check the"):
            look(folder)


def test_the_fingerprint_tells_every_change_and_nothing_else(folder: Path) -> None:
    def touch(path: Path) -> None:
        state = path.stat()
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))

    path = mod_file(folder, "a.zip")
    (folder / "mod").mkdir()
    info = folder / "mod" / "modinfo.json"
    info.write_text(GOOD)
    seen = [fingerprint(folder)]

    def differs() -> bool:
        seen.append(fingerprint(folder))
        return seen[-1] not in seen[:-1]

    assert not differs()
    list(scan(folder))
    path.chmod(path.stat().st_mode & ~stat.S_IWUSR)
    assert not differs()
    touch(path)
    assert differs()
    touch(info)
    assert differs()
    mod_file(folder, "b.zip")
    assert differs()
    (folder / "b.zip").rename(folder / "c.zip")
    assert differs()
    path.unlink()
    assert differs()


def test_a_single_mod_has_a_fingerprint_too(folder: Path) -> None:
    path = mod_file(folder, "a.zip")
    before = fingerprint(path)
    mod_file(folder, "other.zip")
    assert fingerprint(path) == before
    mod_file(folder, "a.zip", version="1.12.10")
    assert fingerprint(path) != before


@pytest.mark.parametrize("asked", [fingerprint, lambda path: list(scan(path))])
def test_a_network_that_goes_away_in_the_middle_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked: Callable[[Path], object]
) -> None:
    def stale(_path: Path, **_options: bool) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "stat", stale)
    with pytest.raises(UnreadableMod, match="Stale file handle"):
        asked(folder)
