"""The pool: so many at a time, and none is lost to a thread that never comes back."""

import threading
import time

import pytest

from scheduling.threads import Threads
from tests.waiting import wait_until


class Work:
    def __init__(self, size):
        self.done, self.begun = [], []
        self.held = {}
        self.threads = Threads(size, self)

    def __call__(self, key):
        self.begun.append(key)
        if key in self.held:
            self.held[key].wait(10)
        self.done.append(key)

    def hold(self, key):
        self.held[key] = threading.Event()
        self.threads.submit([key])
        wait_until(lambda: key in self.begun)
        return self.held[key]


@pytest.fixture
def work():
    made = []

    def work(size=1):
        made.append(Work(size))
        return made[-1]

    yield work
    for one in made:
        for event in one.held.values():
            event.set()
        one.threads.close()


def test_everything_is_done_in_its_order(work):
    work = work()
    for key in range(50):
        work.threads.submit([key])
    assert work.threads.wait(5)
    assert work.done == list(range(50))


def test_no_more_at_a_time_than_there_are_threads(work):
    work = work(2)
    holding = [work.hold(key) for key in (1, 2)]
    work.threads.submit([3])
    assert not work.threads.wait(0.05)
    assert 3 not in work.begun
    holding[0].set()
    wait_until(lambda: 3 in work.done)


def test_the_same_key_is_not_worked_on_twice(work):
    work = work(2)
    held = work.hold(1)
    work.threads.submit([1])
    held.set()
    assert work.threads.wait(5)
    assert work.done == [1]


def test_what_has_not_begun_can_be_withdrawn(work):
    work = work()
    held = work.hold(1)
    work.threads.submit([2])
    assert work.threads.withdraw() == [2]
    held.set()
    assert work.threads.wait(5)
    assert work.done == [1]


def test_a_thread_that_is_given_up_makes_room_for_another(work):
    work = work()
    held = work.hold(1)
    work.threads.submit([2])
    work.threads.give_up(1)
    wait_until(lambda: work.done == [2])
    assert work.threads.wait(5)
    held.set()
    wait_until(lambda: work.done == [2, 1])
    work.threads.submit([3])
    wait_until(lambda: work.done == [2, 1, 3])


def test_work_that_raises_frees_its_thread(work):
    done = []

    def wild(key):
        done.append(key)
        raise ValueError

    threads = Threads(1, wild)
    threads.submit([1])
    threads.submit([2])
    assert threads.wait(5)
    assert done == [1, 2]
    threads.close()


def test_a_system_that_has_no_more_threads_makes_things_slow_and_nothing_twice(work, monkeypatch):
    work = work(2)
    held = work.hold(1)
    start = threading.Thread.start

    def none_left(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    work.threads.submit([2])
    monkeypatch.setattr(threading.Thread, "start", start)
    work.threads.submit([2])
    held.set()
    assert work.threads.wait(5)
    assert sorted(work.done) == [1, 2]


class Crew(Work):
    """Tells which threads worked, and for how long each key keeps its thread waiting."""

    def __init__(self, size, seconds=0.0):
        super().__init__(size)
        self.names, self.seconds = set(), seconds

    def __call__(self, key):
        self.names.add(threading.current_thread().name)
        threading.Event().wait(self.seconds)
        super().__call__(key)


@pytest.fixture
def busy_process(monkeypatch):
    """Whatever the machine does: all time that passes is this process's own."""
    monkeypatch.setattr(time, "process_time", time.monotonic)


def test_one_thread_does_what_is_done_before_anybody_looks(monkeypatch):
    monkeypatch.setattr("scheduling.threads.LOOK_EVERY", 60)
    crew = Crew(8)
    crew.threads.submit(range(200))
    assert crew.threads.wait(5)
    assert crew.done == list(range(200))
    assert len(crew.names) == 1
    crew.threads.close()


@pytest.mark.usefixtures("busy_process")
def test_no_others_are_called_while_one_keeps_the_process_busy(monkeypatch):
    monkeypatch.setattr("scheduling.threads.LOOK_EVERY", 0.1)
    crew = Crew(8, seconds=0.002)
    crew.threads.submit(range(150))
    assert crew.threads.wait(30)
    assert len(crew.names) == 1
    crew.threads.close()


def test_others_are_called_while_the_process_waits(monkeypatch):
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    crew = Crew(8, seconds=0.01)
    crew.threads.submit(range(150))
    assert crew.threads.wait(30)
    assert len(crew.names) > 2
    crew.threads.close()


@pytest.mark.usefixtures("busy_process")
def test_long_work_gets_all_the_threads(work):
    work = work(8)
    for key in range(8):
        work.held[key] = threading.Event()
    work.threads.submit(range(10))
    wait_until(lambda: set(work.begun) == set(range(8)))


def test_a_key_that_comes_while_others_are_worked_on_waits_for_nobody(work, monkeypatch):
    monkeypatch.setattr("scheduling.threads.LOOK_EVERY", 60)
    work = work(3)
    work.hold(1)
    work.hold(2)
    work.threads.submit([3])
    wait_until(lambda: work.done == [3])


def test_a_busy_process_calls_others_only_after_some_patience(work, monkeypatch):
    """Who waits for Python's lock takes nothing either, and more threads make that worse."""
    looks = []

    def busy():
        looks.append(time.monotonic())
        return looks[-1]

    monkeypatch.setattr(time, "process_time", busy)
    monkeypatch.setattr("scheduling.threads.PATIENCE", 60)
    work = work(3)
    work.held = {key: threading.Event() for key in range(3)}
    work.threads.submit(range(3))
    wait_until(lambda: len(looks) > 10)
    assert work.begun == [0]
    monkeypatch.setattr("scheduling.threads.PATIENCE", 0.01)
    wait_until(lambda: set(work.begun) == {0, 1, 2})
