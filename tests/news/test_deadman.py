"""The address that is pinged while a worker leads."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from mods.news import deadman, guarded, post
from mods.news.deadman import Deadman, ping
from mods.watch import Sockets
from scheduling import beats, presence
from scheduling.presence import Presence
from tests.waiting import wait_until
from vsmanager.standin.server import StandIn

from .conftest import SECRET, Receiver


@pytest.fixture
def address(receiver: Receiver, settings: Settings) -> str:
    settings.NEWS_ALLOW_PRIVATE = True
    settings.DEADMAN_URL = f"http://127.0.0.1:{receiver.port}/{SECRET}"
    return settings.DEADMAN_URL


def test_it_is_pinged_once_a_minute_at_most(receiver: Receiver, address: str) -> None:
    now = [100.0]
    one = Deadman(lambda: now[0])
    for second in range(0, 125, 3):
        now[0] = 100.0 + second
        one.beat()
        wait_until(lambda: not one._busy.locked())
    assert receiver.paths == [f"/{SECRET}"] * 3


def test_a_monitor_that_hangs_delays_no_beat(receiver: Receiver, address: str) -> None:
    entered, let_go = threading.Event(), threading.Event()
    one = Deadman()

    def hang() -> None:
        entered.set()
        let_go.wait(10)
        one._busy.release()

    one._ping = hang  # type: ignore[method-assign]
    one.beat()
    assert entered.wait(5)
    one.beat()
    let_go.set()


def test_without_an_address_nothing_is_pinged(settings: Settings) -> None:
    settings.DEADMAN_URL = ""
    one = Deadman()
    one.beat()
    assert one._pinged_at is None


def test_a_failure_is_logged_without_the_address(receiver: Receiver, address: str) -> None:
    receiver.answers = [(500, {})]
    one = Deadman()
    with capture_logs() as logs:
        one.beat()
        wait_until(lambda: not one._busy.locked())
    assert [log["problem"] for log in logs] == ["status 500"]
    assert SECRET not in str(logs)


def test_redirects_are_not_followed(receiver: Receiver, address: str) -> None:
    receiver.answers = [(302, {"Location": "/elsewhere"})]
    assert ping(address) == "status 302"
    assert receiver.paths == [f"/{SECRET}"]


def test_an_address_inside_is_refused_before_and_after_its_name_is_resolved(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NEWS_ALLOW_PRIVATE = False
    inside = f"http://localhost:{receiver.port}/"
    assert "set NEWS_ALLOW_PRIVATE" in ping(inside)
    # The name was public when it was looked at, and is not when it is used.
    monkeypatch.setattr(deadman, "check_host", lambda _host: None)
    assert ping(inside) == "ConnectionError"
    assert receiver.paths == []
    assert guarded.GuardedAdapter(Sockets()).max_retries.total == 0


@pytest.mark.parametrize(
    ("fault", "problems"),
    [
        # It depends on what comes first: the end of what was read, or the reset of the connection.
        ("drip_headers", {"", "ConnectionError"}),
        ("drip_body", {""}),
        ("hang", {"ConnectionError"}),
    ],
)
def test_a_monitor_that_drips_its_answer_is_given_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, fault: str, problems: set[str]
) -> None:
    """What counts is the line that says 200."""
    settings.NEWS_ALLOW_PRIVATE = True
    monkeypatch.setattr(deadman, "_TOTAL", 1.0)
    begun = time.monotonic()
    with StandIn(mods=1) as monitor:
        monitor.fail("/ping", fault)
        assert ping(f"{monitor.url}/ping") in problems
    assert time.monotonic() - begun < 4


def test_even_the_most_talkative_log_does_not_tell_the_address(
    receiver: Receiver, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """urllib3 tells each request where it may."""
    code = (
        "import django; django.setup()\n"
        "from mods.news.deadman import deadman\n"
        "deadman._busy.acquire(); deadman._ping()\n"
    )
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "vsmanager.settings", "LOG_LEVEL": "DEBUG",
        "NEWS_ALLOW_PRIVATE": "true", "DEADMAN_URL": address,
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", code], env=env, cwd=post._PROJECT, check=True)
    assert receiver.paths == [f"/{SECRET}"]
    assert SECRET not in "".join(capfd.readouterr())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Hearts beat 50 times a second; what is called then is written down."""
    called: list[str] = []
    monkeypatch.setattr(presence, "HEARTBEAT_EVERY", presence.HEARTBEAT_EVERY / 150)
    monkeypatch.setattr(beats, "_calls", [lambda: called.append("beat")])
    return called


@pytest.mark.django_db(transaction=True)
def test_beats_of_the_leader_alone_are_told(quick: list[str]) -> None:
    heart = Presence(lambda: datetime.now(UTC))
    seen = threading.Event()
    heart.on_beat = seen.set
    heart.start()
    try:
        assert seen.wait(5)
        assert quick == []
        heart.lead()
        wait_until(lambda: quick)
        heart.follow()
        seen.clear()
        assert seen.wait(5)
        count = len(quick)
        seen.clear()
        assert seen.wait(5)
        assert len(quick) <= count + 1
    finally:
        heart.stop()


@pytest.mark.django_db(transaction=True)
def test_a_beat_that_the_database_did_not_take_is_not_told(
    quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heart = Presence(lambda: datetime.now(UTC))
    tried: list[str] = []

    def refused(**_fields: object) -> None:
        tried.append("beat")
        raise DatabaseError("away")

    heart.lead()
    with monkeypatch.context() as broken:
        broken.setattr(heart, "_write", refused)
        heart.start()
        wait_until(lambda: len(tried) > 5)
        assert quick == []
    wait_until(lambda: quick)
    heart.stop()


def test_a_call_that_fails_stops_neither_the_heart_nor_the_others(quick: list[str]) -> None:
    def broken() -> None:
        raise ValueError(SECRET)

    beats._calls.insert(0, broken)
    with capture_logs() as logs:
        beats.tell()
    assert quick == ["beat"]
    assert logs[0]["event"] == "beat_call_failed"
    assert SECRET not in str(logs)
