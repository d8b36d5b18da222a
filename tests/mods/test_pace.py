"""That an upstream is asked in turns, by a clock of the test's own."""

import threading
from itertools import pairwise

import pytest

from mods.http import Client
from mods.pace import Pace
from scheduling.context import RunContext, entered
from scheduling.errors import RunCancelled
from vsmanager.standin.server import StandIn

from .conftest import LIMITS


class Clock:
    """Only sleeping passes the time; it oversleeps, as real ones do."""

    def __init__(self, oversleeps: float = 0.0) -> None:
        self.now = 100.0
        self.oversleeps = oversleeps
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds + self.oversleeps


def test_the_first_goes_on_at_once_and_each_next_waits_for_its_turn() -> None:
    clock = Clock()
    pace = Pace(0.25, clock, clock.sleep)
    for _ in range(3):
        pace.wait()
    assert clock.slept == [0.25, 0.25]


def test_whoever_comes_late_enough_does_not_wait() -> None:
    clock = Clock()
    pace = Pace(0.25, clock, clock.sleep)
    pace.wait()
    clock.now += 0.2
    pace.wait()
    clock.now += 7
    pace.wait()
    assert clock.slept == [0.05]


def test_the_gap_counts_from_when_the_one_before_really_went_on() -> None:
    clock = Clock(oversleeps=0.1)
    pace, went = Pace(0.25, clock, clock.sleep), []
    for _ in range(3):
        pace.wait()
        went.append(clock.now)
    assert [later - sooner for sooner, later in pairwise(went)] == pytest.approx([0.35, 0.35])


def test_the_gap_counts_from_when_the_request_before_was_really_sent() -> None:
    clock = Clock()
    pace = Pace(0.25, clock, clock.sleep)
    pace.wait()
    clock.now += 0.2
    pace.sent()
    pace.wait()
    assert clock.slept == [0.25]


def test_who_was_waiting_meanwhile_waits_for_that_too() -> None:
    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:
            # The one before, whose turn came at 100, was only now on its way.
            pace.sent()

    clock = Clock()
    pace = Pace(0.25, clock, sleep)
    pace.wait()
    pace.wait()
    assert clock.slept == [0.25, 0.25]


def test_threads_take_turns() -> None:
    clock = Clock()
    pace, went = Pace(0.25, clock, clock.sleep), []

    def go() -> None:
        pace.wait()
        went.append(clock.now)

    threads = [threading.Thread(target=go) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.slept == [0.25] * 19
    assert clock.now == pytest.approx(100 + 19 * 0.25)


def test_a_cancelled_run_waits_no_longer() -> None:
    run = RunContext(job="x", run_id=1)
    run.stop.set()
    pace = Pace(60)
    with entered(run):
        pace.wait()
        with pytest.raises(RunCancelled):
            pace.wait()


def test_a_request_is_told_once_it_is_sent(upstream: StandIn) -> None:
    told: list[str] = []
    upstream.fail("/api/mods", "status", status=503, times=1)
    with Client(
        LIMITS, before=lambda: told.append("turn"), sent=lambda: told.append("sent")
    ) as client:
        client.fetch_json(f"{upstream.url}/api/mods")
        client.fetch_json(f"{upstream.url}/api/mods")
    assert told == ["turn", "sent"] * 3


def test_new_attempts_and_redirects_wait_for_their_turn_too(upstream: StandIn) -> None:
    turns: list[int] = []
    upstream.fail("/api/mods", "status", status=503, times=1)
    upstream.fail("/elsewhere", "redirect", to="/api/mods")
    with Client(LIMITS, before=lambda: turns.append(1)) as client:
        client.fetch_json(f"{upstream.url}/api/mods")
        assert len(turns) == upstream.count("/api/mods") == 2
        client.fetch_json(f"{upstream.url}/elsewhere")
    assert len(turns) == 4
