"""What the worker tells its supervisor: systemd's socket, or the file of a container."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from scheduling import worker
from scheduling.pulse import BEAT_EVERY, Pulse
from scheduling.service import SchedulerService
from scheduling.worker import Worker

Heard = Callable[[], list[str]]


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """Systemd's side: what has been told since the last look."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("notify")
        ear.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", "notify")

        def look() -> list[str]:
            told = []
            try:
                while True:
                    told.append(ear.recv(1000).decode())
            except BlockingIOError:
                return told

        yield look


def test_it_tells_once_that_it_is_up_and_what_it_does_when_that_changes(heard: Heard) -> None:
    pulse = Pulse()
    for _ in range(2):
        pulse.is_up()
        pulse.status("stands by")
    pulse.status("leads")
    pulse.stopping("stops")
    assert heard() == [
        "READY=1", "STATUS=stands by", "STATUS=leads", "STOPPING=1", "STATUS=stops",
    ]  # fmt: skip


def test_it_beats_every_few_seconds_however_often_the_loop_turns(heard: Heard) -> None:
    now = 100.0
    pulse = Pulse(lambda: now)
    for _ in range(3):
        pulse.beat()
    assert heard() == ["WATCHDOG=1"]
    now += BEAT_EVERY
    pulse.beat()
    assert heard() == ["WATCHDOG=1"]


def test_a_beat_touches_the_file_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "beat"
    monkeypatch.setenv("BEAT_FILE", str(file))
    Pulse().beat()
    assert file.exists()
    os.utime(file, (0, 0))
    Pulse().beat()
    assert file.stat().st_mtime > 0


@pytest.mark.parametrize("address", ["", "nobody/there", "@nobody-there"])
def test_who_does_not_listen_is_no_trouble(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("BEAT_FILE", "/nowhere/at/all")
    pulse = Pulse()
    pulse.is_up()
    pulse.beat()


def test_an_abstract_socket_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"vsmanager-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name}")
        ear.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        Pulse().beat()
        assert ear.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.0, ["WATCHDOG=1"]), (worker.LONGEST_PASS + 1, [])]
)
def test_a_leader_whose_pass_does_not_end_beats_no_more(
    seconds: float, told: list[str], heard: Heard
) -> None:
    service = cast("SchedulerService", SimpleNamespace(passing_for=seconds))
    assert Worker(threads=1)._goes_on(service)
    assert heard() == told
