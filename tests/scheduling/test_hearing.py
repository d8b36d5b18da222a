"""Who counts as gone: heartbeats that do not change while somebody listens."""

from datetime import datetime, timedelta

import pytest

from scheduling.hearing import Hearing
from scheduling.models import SchedulerProcess

from .leader import NOON, Clock

pytestmark = pytest.mark.django_db
LISTENS = 3.0


class Listener:
    """Listens every 3 seconds, beside another process; the wall clock may be set."""

    def __init__(self) -> None:
        self.clock, self.monotonic, self.in_touch = Clock(), 0.0, True
        self.hearing = Hearing(lambda: self.in_touch, lambda: self.monotonic)
        self.other = SchedulerProcess.objects.create(
            host="elsewhere", pid=1, started_at=NOON, heartbeat_at=NOON
        )
        self.hearing.listen()

    def pass_time(self, seconds: float, beats: bool = True) -> None:
        for _ in range(int(seconds // LISTENS)):
            self.monotonic += LISTENS
            self.clock.forward(seconds=LISTENS)
            if beats:
                self.beat(self.clock())
            self.hearing.listen()

    def beat(self, at: datetime) -> None:
        SchedulerProcess.objects.filter(pk=self.other.pk).update(heartbeat_at=at)

    @property
    def finds_it_silent(self) -> bool:
        self.other.refresh_from_db()
        return self.hearing.is_silent(self.other, self.clock())


@pytest.fixture
def listener() -> Listener:
    return Listener()


def test_who_does_not_beat_is_silent_after_15_seconds(listener):
    listener.pass_time(12, beats=False)
    assert not listener.finds_it_silent
    listener.pass_time(6, beats=False)
    assert listener.finds_it_silent


def test_of_whom_nothing_was_heard_yet_nothing_is_known(listener):
    listener.pass_time(30)
    new = SchedulerProcess.objects.create(
        host="elsewhere", pid=2, started_at=NOON, heartbeat_at=NOON - timedelta(days=1)
    )
    assert not listener.hearing.is_silent(new, listener.clock())


def test_who_was_silent_before_is_so_after_two_beats_that_did_not_come(listener):
    listener.clock.forward(minutes=5)
    listener.pass_time(9, beats=False)
    assert not listener.finds_it_silent
    listener.pass_time(3, beats=False)
    assert listener.finds_it_silent


def test_who_beats_after_its_clock_was_set_back_is_heard(listener):
    listener.pass_time(30)
    listener.pass_time(18, beats=False)
    assert listener.finds_it_silent
    listener.beat(NOON - timedelta(hours=1))
    assert not listener.finds_it_silent


def test_a_clock_that_is_set_forward_makes_nobody_silent(listener):
    """Guard: ``unchanged <= MISSED_BEATS`` in scheduling/hearing.py."""
    listener.pass_time(30)
    listener.clock.forward(hours=1)
    assert not listener.finds_it_silent
    listener.pass_time(30)
    assert not listener.finds_it_silent


def test_a_clock_that_is_set_back_hides_nobody_who_is_gone(listener):
    """Guard: ``or unchanged > SILENT_AFTER`` in scheduling/hearing.py."""
    listener.pass_time(30)
    listener.clock.forward(hours=-1)
    listener.pass_time(18, beats=False)
    assert listener.finds_it_silent


def test_whose_own_beats_do_not_arrive_hears_nobody_gone(listener):
    """Guard: ``self._in_touch()`` in scheduling/hearing.py: SQLite is locked by another
    program, which keeps everybody from beating, but nobody from reading."""
    listener.in_touch = False
    listener.pass_time(60, beats=False)
    listener.in_touch = True
    listener.hearing.listen()
    assert not listener.finds_it_silent
    listener.pass_time(60)
    assert not listener.finds_it_silent


def test_who_was_frozen_itself_begins_to_listen_anew(listener):
    """Guard: ``not was_deaf`` in scheduling/hearing.py."""
    listener.pass_time(30)
    listener.monotonic += 60
    listener.clock.forward(seconds=60)
    listener.hearing.listen()
    assert not listener.finds_it_silent


def test_who_beats_between_two_looks_is_not_silent(listener):
    listener.pass_time(30, beats=False)
    listener.beat(listener.clock() - timedelta(seconds=1))
    assert not listener.finds_it_silent


def test_whose_clock_is_behind_is_alive_as_long_as_it_beats(listener):
    """Guard: ``was_old = is_first and`` in scheduling/hearing.py."""
    for _ in range(4):
        listener.pass_time(3, beats=False)
        listener.beat(listener.clock() - timedelta(minutes=1))
    listener.pass_time(12, beats=False)
    assert not listener.finds_it_silent
    listener.pass_time(9, beats=False)
    assert listener.finds_it_silent
