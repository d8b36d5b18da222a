"""Files that are written to, as the system tells it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scheduling.filewatch import FileWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
OPEN = Path("/proc/self/fd")


@pytest.fixture
def watch(tmp_path):
    watching = FileWatch(tmp_path, {"db", "db-wal"})
    yield watching
    watching.close()


def test_what_another_process_writes_ends_the_wait(watch, tmp_path):
    begun = time.monotonic()
    code = "import sys; open(sys.argv[1], 'a').write('x')"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "db-wal")]):
        assert watch.wait(30)
    assert time.monotonic() - begun < 20


def test_what_was_written_before_the_wait_ends_it_too_and_only_once(watch, tmp_path):
    for _ in range(3):
        (tmp_path / "db").write_text("x")
    assert watch.wait(5)
    assert not watch.wait(0.01)


def test_other_files_and_readers_end_no_wait(watch, tmp_path):
    (tmp_path / "db").touch()
    (tmp_path / "db").read_text()
    (tmp_path / "log").write_text("x")
    (tmp_path / "db-walrus").write_text("x")
    assert not watch.wait(0.05)


def test_a_wait_that_is_over_does_not_begin(watch, tmp_path):
    (tmp_path / "db").write_text("x")
    assert not watch.wait(-1)


def test_a_folder_that_is_not_there_is_refused_and_leaves_nothing_open(tmp_path):
    before = len(list(OPEN.iterdir()))
    with pytest.raises(OSError, match="no watch"):
        FileWatch(tmp_path / "none", {"db"})
    assert len(list(OPEN.iterdir())) == before


def test_a_system_that_has_no_watch_left_is_told(monkeypatch, tmp_path):
    class Libc:
        def inotify_init1(self, _flags):
            return -1

    monkeypatch.setattr("ctypes.CDLL", lambda *_args, **_options: Libc())
    with pytest.raises(OSError, match="no watch"):
        FileWatch(tmp_path, {"db"})


def test_systems_that_do_not_tell_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(OSError, match="only Linux"):
        FileWatch(tmp_path, {"db"})
