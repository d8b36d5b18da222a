"""script/up, against a stand-in: started, killed, started again."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.waiting import wait_until

from .databases import SERVER
from .nursery import PROJECT

pytestmark = pytest.mark.process

DATA = Path(os.environ.get("VSMANAGER_DATA", PROJECT.parent / "shared/data"))
REAL = DATA / "moddb-mods-2025-12-29.json"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def upstream():
    """A stand-in that serves the real export where it is there, else a made-up one."""
    content = ["--catalogue", str(REAL), "--feed", str(DATA / "feed")] if REAL.exists() else []
    with subprocess.Popen(
        [sys.executable, "-m", "vsmanager.standin", *content],
        cwd=PROJECT,
        text=True,
        stdout=subprocess.PIPE,
    ) as process:
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def up(empty, upstream):
    """Start everything on this database; gives the process and the address once it is ready."""
    empty.env |= {"MODDB_URL": upstream, "VERSIONS_URL": upstream}
    del empty.env["DJANGO_SETTINGS_MODULE"]

    def up(port=None):
        port = port or free_port()
        number = len(empty.processes)
        process = empty.start("-m", "vsmanager.up", "--port", str(port))
        wait_until(lambda: "is ready" in empty.log(number) or process.poll() is not None, 60)
        return process, f"http://127.0.0.1:{port}"

    return up


def succeeded(installation):
    return installation.count("SELECT count(*) FROM scheduling_jobrun WHERE status = 'succeeded'")


def test_it_fetches_everything_a_kill_loses_and_repeats_nothing_and_ctrl_c_ends_it(empty, up):
    first, address = up()
    if not SERVER:
        assert empty.database.path.stat().st_mode & 0o077 == 0
    wait_until(lambda: succeeded(empty) == 2, 30)
    mods = empty.count("SELECT count(*) FROM mods_mod")
    assert mods == 4_852
    if REAL.exists():
        assert empty.count("SELECT count(*) FROM mods_gameversion") == 88
    planned = "SELECT id, next_run_time FROM django_apscheduler_djangojob ORDER BY id"
    before = empty.sql(planned)

    first.send_signal(signal.SIGKILL)
    first.wait()
    wait_until(lambda: not answers(address), 15)

    second, address = up()
    wait_until(lambda: empty.count(
        "SELECT count(*) FROM scheduling_schedulerprocess WHERE leading_since IS NOT NULL"
        " AND stopped_at IS NULL") == 1, 15)  # fmt: skip
    assert empty.sql(planned) == before
    assert empty.count("SELECT count(*) FROM scheduling_jobrun") == 2
    assert succeeded(empty) == 2
    assert "Made the administrator admin with the password" in empty.log(0)
    assert "password" not in empty.log(1)

    second.send_signal(signal.SIGINT)
    assert second.wait(20) == 0
    assert not answers(address)
    stopped = "SELECT stopped_at IS NOT NULL FROM scheduling_schedulerprocess ORDER BY started_at"
    assert [bool(row[0]) for row in empty.sql(stopped)][-1]
    assert "Traceback" not in empty.log(1)


def answers(address):
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2):
            return True
    except OSError:
        return False


def test_a_port_in_use_is_told_in_one_line(empty, up):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process, _address = up(taken.getsockname()[1])
        assert process.wait(10) == 1
    assert "Choose another: --port NUMBER" in empty.log()
    assert "Traceback" not in empty.log()


@pytest.mark.skipif(bool(SERVER), reason="about files")
def test_a_database_that_cannot_be_used_is_told_in_one_line(empty, up):
    empty.env["DATABASE_URL"] = "sqlite:////nowhere/at/all.sqlite3"
    process, _address = up()
    assert process.wait(10) == 1
    assert "DATABASE_URL names fails: unable to open database file" in empty.log()
    assert "Traceback" not in empty.log()
