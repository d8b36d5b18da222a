"""The command that reads a server's folder, as its operator starts and stops it."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mods.zips import mod_file, zipped
from tests.waiting import wait_until

from .nursery import PROJECT

pytestmark = pytest.mark.process
TRACKED = "SELECT identifier, version FROM mods_trackedmod ORDER BY identifier"


@pytest.fixture
def mods(tmp_path: Path) -> Path:
    folder = tmp_path / "Mods"
    folder.mkdir()
    return folder


@pytest.mark.realdata
def test_a_published_folder_is_read_once(installation, mods, data):
    for path in (data / "modinfo").glob("*.json"):
        if "SCHEMA" not in path.name:
            body = zipped(("modinfo.json", path.read_bytes()), ("assets/game/x.json", "{}"))
            (mods / f"{path.stem}.zip").write_bytes(body)
    (mods / "bad.zip").write_bytes(zipped(("../../modinfo.json", "{}")))
    done = installation.manage("importmods", str(mods))
    assert done.returncode == 0, done.stderr
    assert "9 added; 1 left out." in done.stdout
    assert "carryon needs carryonlib 1.0.0-pre.8 or later, which is missing: in" in done.stdout
    assert "“dependency” is no key that the game knows" in done.stdout
    assert ("carryon", "2.0.0-pre.8") in [tuple(row) for row in installation.sql(TRACKED)]


def test_a_folder_is_watched_while_people_work_in_it_until_it_is_told_to_stop(installation, mods):
    def tracked() -> list[tuple[str, str]]:
        return [tuple(row) for row in installation.sql(TRACKED)]

    mod_file(mods, "aaa.zip", "aaa", "1.0.0")
    process = installation.start("manage.py", "importmods", str(mods), "--watch", "--prune")
    wait_until(lambda: tracked() == [("aaa", "1.0.0")], 20)

    whole = mod_file(mods.parent, "bbb.zip", "bbb", "2.0.0").read_bytes()
    (mods / "bbb.zip").write_bytes(whole[:60])
    wait_until(lambda: "bbb.zip: left out: it is a damaged zip, or not" in installation.log(), 20)
    (mods / "bbb.zip").write_bytes(whole)
    wait_until(lambda: ("bbb", "2.0.0") in tracked(), 20)

    (mods / "bbb.zip").rename(mods / "other.zip")
    mods.rename(mods.parent / "aside")
    wait_until(lambda: "folder_unavailable" in installation.log(), 20)
    shutil.copytree(mods.parent / "aside", mods)
    (mods / "aaa.zip").unlink()
    wait_until(lambda: tracked() == [("bbb", "2.0.0")], 20)

    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert "Traceback" not in installation.log()


def test_who_reads_only_the_beginning_gets_no_traceback_and_all_is_tracked(installation, mods):
    for number in range(3_000):
        (mods / f"{number:04}.txt").touch()
    mod_file(mods, "0000.zip", "aaa", "1.0.0")
    command = f"'{sys.executable}' manage.py importmods '{mods}' | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=PROJECT,
        env=installation.env,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("FILE")
    assert done.stderr == ""
    assert installation.sql(TRACKED)
