"""When the leader looks at what: in made-up time, a second at each step."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from scheduling import watch as module
from scheduling.hearing import Hearing
from scheduling.models import ChangeCounter, JobRun, SchedulerProcess, Status
from scheduling.watch import IDLE_LOOK_EVERY, LOOK_EVERY, Watch

from .leader import NOON, schedule

pytestmark = pytest.mark.django_db


class Lock:
    """Whether it leads is asked of the database (``held``), or of what is known (the other)."""

    is_woken = True

    def __init__(self):
        self.asked = []

    def held(self):
        self.asked.append("held")
        return True

    def unquestioned(self):
        self.asked.append("unquestioned")
        return True


class Play:
    def __init__(self, leader, monkeypatch):
        self.leader, self.lock, self.now = leader, Lock(), 5_000.0
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.hearing = Hearing(lambda: True, lambda: self.now)
        self.watch = Watch(leader.clock, self.hearing)
        self.watch.follow(leader.service, self.lock)
        self.reconciler = self.watch._reconciler
        self.watch.start_over()
        self.watch._news = False
        self.monkeypatch = monkeypatch

    def seconds_of(self, thing, name, seconds=200, each=lambda: None):
        """The seconds at which ``thing.name`` is called."""
        real, called = getattr(thing, name), []

        def spy(*arguments, **options):
            called.append(round(self.now - 5_000))
            return real(*arguments, **options)

        self.monkeypatch.setattr(thing, name, spy)
        for _ in range(seconds):
            self.watch._look(self.now)
            self.watch.reconcile()
            each()
            self.pass_time(1)
        return called

    def pass_time(self, seconds):
        self.now += seconds
        self.leader.clock.forward(seconds=seconds)


@pytest.fixture
def play(leader, monkeypatch):
    schedule(interval_seconds=600)
    return Play(leader, monkeypatch)


def test_all_is_looked_at_once_a_minute(play):
    assert play.seconds_of(play.reconciler, "look_at_all") == [60, 120, 180]


def test_edits_that_nobody_tells_of_are_looked_for_every_ten_seconds(play):
    assert play.seconds_of(ChangeCounter, "read_with", 35) == [0, 10, 20, 30]


def test_edits_that_are_told_are_looked_for_at_once(play):
    play.watch._news = True
    assert play.seconds_of(ChangeCounter, "read_with", 3) == [0, 1, 2]


def test_an_edit_of_few_schedules_is_a_look_at_all(play):
    play.seconds_of(ChangeCounter, "read_with", 5)
    ChangeCounter.objects.update(value=77)
    assert play.seconds_of(play.reconciler, "look_at_all", 20) == [10]


def test_the_queue_is_tended_once_a_minute(play):
    executor = play.leader.service.executor
    assert play.seconds_of(executor, "tidy", 130) == [0, 60, 120]


def test_nobody_is_listened_for_while_no_other_process_has_runs(play):
    assert play.seconds_of(play.hearing, "listen", 20) == []


def test_while_others_have_runs_they_are_listened_for_every_three_seconds(play):
    other = SchedulerProcess.objects.create(
        host="elsewhere", pid=1, started_at=NOON, heartbeat_at=NOON
    )
    JobRun.objects.create(job_name="noop", status=Status.RUNNING, scheduled_for=NOON, process=other)

    def beat():
        SchedulerProcess.objects.update(heartbeat_at=play.leader.clock())

    assert play.seconds_of(play.hearing, "listen", 12, each=beat) == [3, 6, 9]
    assert JobRun.objects.get().status == Status.RUNNING


@pytest.mark.parametrize(
    ("step", "seen"), [(3_600, [5]), (-3_600, [5]), (2.5, [5]), (1.5, []), (-1.5, [])]
)
def test_a_clock_that_is_set_is_noticed_once(play, step, seen):
    def set_it():
        if round(play.now) == 5_004:
            play.leader.clock.forward(seconds=step)

    assert play.seconds_of(play.reconciler, "look_at_all", 20, each=set_it) == seen


def test_the_database_is_asked_once_a_minute_who_leads(play):
    for _ in range(121):
        assert play.watch._still_leads()
        play.pass_time(1)
    asked = [second for second, how in enumerate(play.lock.asked) if how == "held"]
    assert asked == [0, 60, 120]


def test_an_edit_that_was_put_off_is_tried_again_every_second(play):
    play.watch._look(play.now)
    play.watch.reconcile()
    play.reconciler._put_off = {"noop"}
    woken = []
    for _ in range(20):
        play.pass_time(0.25)
        play.watch._changed.clear()
        play.watch._look(play.now)
        woken.append(play.watch._changed.is_set())
    assert woken.count(True) == 5


def test_the_end_of_a_pause_wakes_it(play):
    play.watch._look(play.now)
    play.watch.reconcile()
    play.reconciler._resumes = {"noop": play.leader.clock() + timedelta(seconds=5)}
    woken = []
    for _ in range(7):
        play.watch._changed.clear()
        play.watch._look(play.now)
        woken.append(play.watch._changed.is_set())
        play.pass_time(1)
    assert woken == [False] * 5 + [True] * 2


def test_cancellations_are_asked_for_once_a_second_at_most(play):
    asked = []
    play.monkeypatch.setattr(play.watch._tending, "cancel_asked", lambda: asked.append(play.now))
    for _ in range(9):
        play.watch.hear_cancellations()
        play.pass_time(0.25)
    assert [second - 5_000 for second in asked] == [0, 1, 2]


def test_an_idle_worker_that_news_wakes_sleeps_longer(play):
    play.watch._look(play.now)
    play.watch.reconcile()
    assert not play.reconciler.goes_on
    assert play.watch._patience() == IDLE_LOOK_EVERY
    play.lock.is_woken = False
    assert play.watch._patience() == LOOK_EVERY
    play.lock.is_woken = True
    play.leader.started.append(SimpleNamespace(run_id=1))
    assert play.watch._patience() == LOOK_EVERY
