"""The command that reads a server's folder, with real zips in real folders."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from mods import importing, modfolder
from mods.folderwatch import RESTLESS, FolderWatch
from mods.management.commands import importmods
from mods.models import TrackedMod

from .cast import fetched, mod
from .zips import mod_file, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mods = tmp_path / "Mods"
    mods.mkdir()
    return mods


def tracked() -> set[str]:
    return {str(each) for each in TrackedMod.objects.all()}


Told = Callable[[], str]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    return lambda: capsys.readouterr().out


def test_a_folder_is_read_and_told_as_a_table(folder: Path, told: Told) -> None:
    mod(1, "carryon")
    mod_file(folder, "carryon_1.12.0.zip")
    needing = {"modid": "xskills", "name": "X", "type": "code", "version": "0.8.1"}
    needing |= {"dependencies": {"game": "1.22.0", "xlib": "0.8.0"}, "author": "me"}
    unpacked = folder / "xskills"
    unpacked.mkdir()
    (unpacked / "ModInfo.json").write_text(json.dumps(needing) + "// no more")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 not whole")
    (folder / "readme.txt").write_text("hello")
    call_command("importmods", str(folder))
    assert tracked() == {"carryon@1.12.0", "xskills@0.8.1"}
    assert TrackedMod.objects.get(identifier="xskills").dependencies == {"xlib": "0.8.0"}
    lines = told().splitlines()
    assert lines[0].split() == ["FILE", "MOD", "VERSION", "DONE"]
    assert lines[1].split() == ["carryon_1.12.0.zip", "carryon", "1.12.0", "added"]
    assert lines[2].split() == ["xskills", "xskills", "0.8.1", "added"]
    assert any(line.startswith("broken.zip: left out: it is a damaged zip") for line in lines)
    assert any(line.startswith("xskills: “author” is no key") for line in lines)
    assert lines[-1] == "2 added; 2 left out."


def test_what_its_mods_lack_is_told_and_when_their_releases_are_read(
    folder: Path, told: Told
) -> None:
    mod(1, "carryon")
    fetched(mod(2, "xskills"))
    mod_file(folder, "carryon.zip", needs={"game": "1.99.0", "xlib": "0.8.0", "configlib": "*"})
    mod_file(folder, "xskills.zip", "xskills", needs={"CarryOn": "1.13.0", "xlib": "0.9.0"})
    mod_file(folder, "xskills_old.zip", "xskills", "1.0.0", needs={"xlib": "7.0.0"})
    mod_file(folder, "xlib.zip", "xlib", "0.9.0-rc.2")
    TrackedMod.objects.create(identifier="elsewhere", dependencies={"more": "1.0.0"})
    for _look in range(2):
        call_command("importmods", str(folder))
        lines = told().splitlines()
        assert [line for line in lines if " needs " in line] == [
            "carryon needs configlib, which is missing: install it.",
            "xskills needs CarryOn 1.13.0 or later, and 1.12.0 is installed: update it.",
            "xskills needs xlib 0.9.0 or later, and 0.9.0-rc.2 is installed: update it.",
        ]
        assert lines[-2].startswith("1 mod has no releases read yet: the next run of mod_cache_r")


def test_again_it_updates_what_changed(folder: Path, told: Told) -> None:
    mod_file(folder, "carryon.zip", version="1.11.0")
    call_command("importmods", str(folder))
    mod_file(folder, "carryon.zip", version="1.12.0")
    told()
    call_command("importmods", str(folder))
    assert tracked() == {"carryon@1.12.0"}
    assert "updated from 1.11.0" in told()


def test_one_zip_is_enough(folder: Path, told: Told) -> None:
    mod_file(folder, "a.zip", "aaa")
    call_command("importmods", str(folder))
    call_command("importmods", str(mod_file(folder, "b.zip", "bbb")), "--prune")
    assert tracked() == {"aaa@1.12.0", "bbb@1.12.0"}
    assert "no longer in the folder" not in told()


def test_what_vanished_is_told_and_leaves_the_list_only_with_prune(
    folder: Path, told: Told
) -> None:
    for name in ("aaa", "bbb"):
        mod_file(folder, f"{name}.zip", name)
    call_command("importmods", str(folder))
    TrackedMod.objects.create(identifier="pasted", origin="list")
    (folder / "bbb.zip").unlink()
    told()
    call_command("importmods", str(folder))
    assert "bbb@1.12.0: no longer in the folder, still tracked (--prune" in told()
    assert len(tracked()) == 3
    call_command("importmods", str(folder), "--prune")
    assert "bbb@1.12.0: no longer in the folder, untracked" in told()
    assert tracked() == {"aaa@1.12.0", "pasted"}


def test_a_folder_prunes_nothing_of_another(folder: Path) -> None:
    other = folder.parent / "more"
    other.mkdir()
    moved = mod_file(other, "bbb.zip", "bbb")
    mod_file(folder, "aaa.zip", "aaa")
    mod_file(other, "ccc.zip", "ccc")
    for each in (other, folder):
        call_command("importmods", str(each), "--prune")
    assert tracked() == {"aaa@1.12.0", "bbb@1.12.0", "ccc@1.12.0"}
    moved.rename(folder / "bbb.zip")
    for each in (folder, other):
        call_command("importmods", str(each), "--prune")
    assert tracked() == {"aaa@1.12.0", "bbb@1.12.0", "ccc@1.12.0"}
    (folder / "bbb.zip").unlink()
    call_command("importmods", str(folder), "--prune")
    assert tracked() == {"aaa@1.12.0", "ccc@1.12.0"}


def test_nothing_is_pruned_that_may_be_among_what_cannot_be_read(folder: Path, told: Told) -> None:
    for name in ("aaa", "bbb"):
        mod_file(folder, f"{name}.zip", name)
    call_command("importmods", str(folder))
    (folder / "bbb.zip").write_bytes(b"PK half")
    call_command("importmods", str(folder), "--prune")
    assert tracked() == {"aaa@1.12.0", "bbb@1.12.0"}
    assert "it may be among what can't be read: bbb.zip" in told()


@pytest.mark.parametrize("name", ["bbb.zip.disabled", "bbb.zip.bak", "VSEssentials.pdb"])
def test_what_was_put_aside_is_no_longer_in_the_folder(folder: Path, name: str) -> None:
    for each in ("aaa", "bbb"):
        mod_file(folder, f"{each}.zip", each)
    call_command("importmods", str(folder))
    (folder / "bbb.zip").rename(folder / name)
    call_command("importmods", str(folder), "--prune")
    assert tracked() == {"aaa@1.12.0"}


def test_a_folder_that_is_empty_prunes_nothing(folder: Path) -> None:
    mod_file(folder, "aaa.zip", "aaa").rename(folder.parent / "aaa.zip")
    call_command("importmods", str(folder.parent))
    (folder.parent / "aaa.zip").unlink()
    with pytest.raises(SystemExit) as ended:
        call_command("importmods", str(folder), "--prune")
    assert ended.value.code == 1
    assert tracked() == {"aaa@1.12.0"}


def test_it_ends_with_1_when_nothing_could_be_read(folder: Path) -> None:
    (folder / "a.zip").write_bytes(zipped(("../../etc/passwd", "x"), ("assets/a.json", "{}")))
    with pytest.raises(SystemExit) as ended:
        call_command("importmods", str(folder))
    assert ended.value.code == 1
    assert not tracked()


def test_the_folder_above_is_told_which_one_is_meant(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mod_file(folder, "aaa.zip", "aaa")
    with pytest.raises(SystemExit):
        call_command("importmods", str(folder.parent))
    assert "Is it the folder Mods in it that you mean?" in capsys.readouterr().err
    assert not tracked()


@pytest.mark.parametrize("option", [[], ["--watch"]])
@pytest.mark.parametrize("name", ["nowhere", "a" * 300, "a\0b"])
def test_it_ends_with_2_when_there_is_no_such_path(
    tmp_path: Path, name: str, option: list[str]
) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("importmods", str(tmp_path / name), *option)
    assert refused.value.returncode == 2


def test_a_path_of_nothing_is_not_the_folder_where_one_happens_to_be() -> None:
    with pytest.raises(CommandError, match="it is empty"):
        call_command("importmods", "")


# Watching


class Looks:
    """Counts looks, and fails as often as it is told to."""

    def __init__(self, failing: int = 0) -> None:
        self.count, self._failing = 0, failing

    def __call__(self) -> None:
        self.count += 1
        if self.count <= self._failing:
            raise OperationalError("the database is away")


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def watch(folder: Path, looks: Callable[[], None], stop: threading.Event) -> threading.Thread:
    watching = FolderWatch(folder, looks, stop, every=0.02)
    thread = threading.Thread(target=watching.run, daemon=True)
    thread.start()
    return thread


def until(fact: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not fact():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.01)


def test_it_looks_again_only_when_something_changed(folder: Path, stop: threading.Event) -> None:
    mod_file(folder, "aaa.zip", "aaa")
    looks = Looks()
    thread = watch(folder, looks, stop)
    until(lambda: looks.count == 1)
    time.sleep(0.2)
    assert looks.count == 1
    mod_file(folder, "bbb.zip", "bbb")
    until(lambda: looks.count >= 2)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_it_waits_for_a_database_that_is_away(folder: Path, stop: threading.Event) -> None:
    looks = Looks(failing=3)
    watch(folder, looks, stop)
    until(lambda: looks.count == 4)
    time.sleep(0.1)
    assert looks.count == 4


def test_it_waits_for_a_folder_that_is_away(folder: Path, stop: threading.Event) -> None:
    looks = Looks()
    thread = watch(folder, looks, stop)
    until(lambda: looks.count == 1)
    folder.rename(folder.parent / "aside")
    time.sleep(0.1)
    assert thread.is_alive()
    (folder.parent / "aside").rename(folder)
    until(lambda: looks.count >= 2)


def test_a_watch_tells_all_at_first_and_then_what_is_new(
    folder: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    def looks(_watch: FolderWatch) -> None:
        look()
        look()
        mod_file(folder, "ccc.zip", "ccc", needs={"lib": "1.0.0"})
        look()
        (folder / "bad.zip").unlink()
        look()
        (folder / "bad.zip").write_bytes(b"PK again")
        look()

    def look() -> None:
        command._look()
        said.append(told().splitlines()[1:])

    said: list[list[str]] = []
    monkeypatch.setattr(FolderWatch, "run", looks)
    mod_file(folder, "aaa.zip", "aaa", needs={"lib": "1.0.0"})
    (folder / "bad.zip").write_bytes(b"PK")
    command = importmods.Command()
    call_command(command, str(folder), "--watch")
    bad = "bad.zip: left out: it is a damaged zip, or not yet whole: fetch it again"
    assert said[0][1].split() == ["aaa.zip", "aaa", "1.12.0", "added"]
    assert {bad, "aaa needs lib 1.0.0 or later, which is missing: install it."} <= set(said[0])
    assert said[1] == ["1 as before; 1 left out."]
    assert said[2][1].split() == ["ccc.zip", "ccc", "1.12.0", "added"]
    assert [line for line in said[2] if "aaa" in line or "bad" in line] == []
    assert "ccc needs lib 1.0.0 or later, which is missing: install it." in said[2]
    assert said[3] == ["2 as before."]
    assert said[4] == [bad, "2 as before; 1 left out."]


def test_it_waits_until_a_change_is_over(
    folder: Path, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints = iter(["begun", "half", "more", "whole", *["whole"] * 1_000])
    glanced: list[str] = []
    seen: list[str] = []

    def fingerprint(_path: Path) -> str:
        glanced.append(next(prints))
        return glanced[-1]

    monkeypatch.setattr(modfolder, "fingerprint", fingerprint)
    watch(folder, lambda: seen.append(glanced[-1]), stop)
    until(lambda: len(glanced) > 10)
    assert seen == ["begun", "whole"]


def test_a_folder_without_rest_is_looked_at_all_the_same(
    folder: Path, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()
    monkeypatch.setattr(modfolder, "fingerprint", lambda _path: str(next(numbers)))
    looks = Looks()
    watch(folder, looks, stop)
    until(lambda: looks.count >= 3)
    assert next(numbers) > 2 * RESTLESS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(
    folder: Path, number: int, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    monkeypatch.setattr(importmods, "EVERY", 0.02)
    mod_file(folder, "aaa.zip", "aaa")
    before = signal.getsignal(number)
    real = importing.take_in

    def and_end(*args: object, **options: object) -> importing.Import:
        os.kill(os.getpid(), number)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "take_in", and_end)
    call_command("importmods", str(folder), "--watch")
    assert tracked() == {"aaa@1.12.0"}
    assert "1 added." in told()
    assert signal.getsignal(number) == before
