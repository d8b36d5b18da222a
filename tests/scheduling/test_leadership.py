"""The lock: one leads, and learns of it when that ends."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection, connections

from scheduling import leadership
from scheduling.leadership import AdvisoryLock, FileLock
from scheduling.querysets import count_change
from tests.waiting import wait_until


@pytest.fixture
def lock(request, tmp_path):
    """A maker of locks on the same thing, as so many processes would have."""
    made = []

    def file():
        made.append(FileLock(tmp_path / "db.sqlite3"))
        return made[-1]

    def advisory():
        made.append(leadership.for_database())
        return made[-1]

    yield advisory if connection.vendor == "postgresql" else file
    for one in made:
        one.release()


pytestmark = pytest.mark.django_db(transaction=True)
OPEN = Path("/proc/self/fd")
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="about the file")
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="about sessions")


def test_only_one_leads(lock):
    first, second = lock(), lock()
    assert first.acquire()
    assert not second.acquire()
    assert (first.held(), second.held()) == (True, False)


def test_the_next_one_leads_when_the_first_lets_go(lock):
    first, second = lock(), lock()
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert not first.held()
    assert second.acquire()


def test_acquiring_again_changes_nothing(lock):
    first, second = lock(), lock()
    assert first.acquire()
    assert first.acquire()
    first.release()
    assert second.acquire()


@on_sqlite
def test_who_cannot_open_the_file_of_the_lock_does_not_lead(lock, tmp_path):
    (tmp_path / "db.sqlite3.leader").mkdir()
    first = lock()
    assert not first.acquire()
    assert not first.held()


@on_sqlite
def test_without_its_file_it_is_questioned(lock, tmp_path):
    first = lock()
    assert not first.unquestioned()
    assert first.acquire()
    assert first.unquestioned()
    (tmp_path / "db.sqlite3.leader").unlink()
    assert not first.unquestioned()


@on_sqlite
def test_a_leader_whose_file_was_removed_leads_no_more(lock, tmp_path):
    first = lock()
    assert first.acquire()
    (tmp_path / "db.sqlite3.leader").unlink()
    assert not first.held()
    assert not first.broken


@on_sqlite
def test_a_lock_that_is_taken_away_is_held_by_its_taker(lock):
    silent, second = lock(), lock()
    assert silent.acquire()
    second.take_away()
    # As when two that stand by do it.
    second.take_away()
    assert second.acquire()
    assert (silent.held(), second.held()) == (False, True)


@on_sqlite
def test_a_database_that_was_replaced_can_not_be_led(lock, tmp_path):
    database = tmp_path / "db.sqlite3"
    database.touch()
    first = lock()
    assert first.acquire()
    database.rename(tmp_path / "away")
    database.touch()
    assert not first.held()
    assert "was removed or replaced" in first.broken
    first.release()
    assert not first.acquire()
    assert not lock().broken


@on_sqlite
def test_a_child_does_not_hold_on_to_the_lock_of_its_parent(lock):
    first, second = lock(), lock()
    assert first.acquire()
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    try:
        assert first.held()
        first.release()
        wait_until(second.acquire)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@on_postgresql
def test_the_session_of_a_silent_leader_can_be_ended(lock):
    silent, second = lock(), lock()
    assert silent.acquire()
    assert not second.acquire()
    second.take_away()
    wait_until(second.acquire)
    assert not silent.held()


@on_postgresql
def test_letting_go_does_not_wait_for_the_end_of_the_session(lock, monkeypatch):
    """Guard: ``pg_advisory_unlock_all`` in scheduling/leadership.py. A server under load ends
    sessions late."""
    first, second = lock(), lock()
    assert first.acquire()
    session = first._session
    monkeypatch.setattr(session, "close", lambda: None)
    first.release()
    try:
        assert not first.held()
        assert second.acquire()
    finally:
        monkeypatch.undo()
        session.close()


@on_sqlite
def test_it_sees_at_the_next_look_whether_others_wrote(lock):
    leader = lock()
    leader.wait(0)
    assert not leader.wait(0)

    others_write().join()
    assert leader.wait(0)
    assert not leader.wait(0)


def others_write():
    def write():
        count_change()
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    return writer


@on_sqlite
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_others_commit_ends_the_wait():
    leader = leadership.for_database()
    assert leader.acquire()
    assert leader.is_woken
    leader.wait(0)
    begun = time.monotonic()
    writer = others_write()
    assert leader.wait(30)
    assert time.monotonic() - begun < 20
    writer.join()
    leader.release()


@on_sqlite
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_system_does_not_tell_is_seen_when_the_wait_is_over(lock, monkeypatch):
    leader = lock()
    assert leader.acquire()
    leader.wait(0)
    monkeypatch.setattr(leader._written, "wait", lambda _seconds: False)
    others_write().join()
    assert leader.wait(0.01)
    assert not leader.wait(0.01)


class Told:
    """What the system tells, in the place of the system; and for how long it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def wait(self, seconds):
        self.asked.append(seconds)
        return self.answers.pop(0)

    def close(self):
        pass


@on_sqlite
def test_what_is_written_is_looked_at_a_moment_later_until_it_is_committed(lock, monkeypatch):
    leader, steps, changes = lock(), [], [False, False, True]
    leader._written = told = Told(True, True, True)
    monkeypatch.setattr(time, "sleep", steps.append)
    monkeypatch.setattr(leader, "_has_changed", lambda: steps.append("look") or changes.pop(0))
    assert leader.wait(60)
    moment = [leadership.SETTLED_IN, "look"]
    assert steps[1:] == moment * 3
    assert len(told.asked) == 3


@on_sqlite
def test_a_worker_that_writes_all_the_time_does_not_look_all_the_time(lock, monkeypatch):
    leader, slept = lock(), []
    monkeypatch.setattr(leadership, "NEWS_EVERY", 50)
    monkeypatch.setattr(leader, "_has_changed", lambda: True)
    leader._written = Told(True, True)
    assert leader.wait(60)
    monkeypatch.setattr(time, "sleep", slept.append)
    assert leader.wait(60)
    assert 40 < slept[0] <= 50


@on_sqlite
def test_a_question_that_sqlite_refuses_counts_as_news(lock):
    leader = lock()
    leader.wait(0)
    assert not leader.wait(0)
    # Closed under Django's feet: that raises SQLite's own error.
    connection.connection.close()
    assert leader.wait(0)
    connection.connection = None


@on_sqlite
def test_where_the_system_tells_nothing_it_looks_now_and_then(lock, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    leader = lock()
    assert leader.acquire()
    assert not leader.is_woken
    leader.wait(0)
    others_write().join()
    assert leader.wait(0.01)


@on_sqlite
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_who_leads_no_more_watches_nothing(lock):
    leader = lock()
    before = len(list(OPEN.iterdir()))
    assert leader.acquire()
    leader.release()
    assert len(list(OPEN.iterdir())) == before
    assert not leader.is_woken


@on_sqlite
def test_the_lock_lies_beside_the_database():
    assert str(leadership.for_database()._path) == f"{connection.settings_dict['NAME']}.leader"


@on_postgresql
def test_a_leader_whose_session_was_ended_leads_no_more(lock):
    first, second = lock(), lock()
    assert first.acquire()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first._session.info.backend_pid])
    assert not first.held()
    wait_until(second.acquire)
    first.release()
    assert not first.acquire()


@on_postgresql
def test_the_end_of_its_session_is_noticed_without_a_question(lock, monkeypatch):
    first = lock()
    assert not first.unquestioned()
    assert first.acquire()
    questions = []
    monkeypatch.setattr(
        "scheduling.leadership._answers", lambda *asked: questions.append(asked) or False
    )
    assert first.unquestioned()
    assert not questions
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first._session.info.backend_pid])
    wait_until(lambda: not first.unquestioned())


@on_postgresql
def test_a_server_that_is_away_is_waited_for():
    nowhere = AdvisoryLock({"host": "127.0.0.1", "port": 9, "dbname": "nothing"})
    assert not nowhere.acquire()
    assert not nowhere.held()


@on_postgresql
def test_a_change_is_told_at_once_and_only_at_its_commit(lock):
    leader = lock()
    assert leader.acquire()
    assert not leader.wait(0.01)
    told = []
    listening = threading.Thread(target=lambda: told.append((leader.wait(5), time.monotonic())))
    listening.start()
    count_change()
    changed = time.monotonic()
    listening.join(6)
    assert told[0][0] is True
    assert told[0][1] - changed < 2


@on_postgresql
def test_ears_that_were_cut_off_make_it_look_by_itself(lock):
    leader = lock()
    assert leader.acquire()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [leader._ears.info.backend_pid])
    assert leader.wait(0.01)


@on_postgresql
def test_the_lock_asks_no_more_than_the_driver_knows(lock):
    assert isinstance(lock(), AdvisoryLock)
    with psycopg.connect(**leadership.for_database()._parameters) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)


def raises(error):
    def refuse(*_arguments):
        raise error

    return refuse


@on_sqlite
def test_a_database_that_does_not_answer_counts_as_changed(lock, monkeypatch):
    leader = lock()
    leader.wait(0)
    assert not leader.wait(0)
    with monkeypatch.context() as away:
        away.setattr(
            connections["default"], "ensure_connection", raises(DatabaseError("it is away"))
        )
        assert leader.wait(0)


@on_postgresql
def test_a_session_that_breaks_while_it_is_asked_is_lost(lock, monkeypatch):
    first = lock()
    assert first.acquire()
    monkeypatch.setattr(leadership, "_answers", raises(psycopg.OperationalError("cut")))
    assert not first.held()
