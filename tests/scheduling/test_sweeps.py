"""Runs whose process is gone don't stay open."""

import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from scheduling import sweeps
from scheduling.machine import machine
from scheduling.models import JobRun, SchedulerProcess, Status

from .leader import NOON, Leader, rows, schedule


@pytest.fixture
def other(leader, clock):
    return Leader(clock)


@pytest.fixture
def running(leader, clock):
    schedule(interval_seconds=60)
    leader.look()
    clock.forward(seconds=60)
    leader.turn()
    return JobRun.objects.get()


def test_a_run_of_a_living_process_is_left_alone(running, leader):
    leader.beat()
    assert leader.sweep() == 0
    assert rows() == [("12:01:00", "running")]


def test_a_process_that_fell_silent_loses_its_runs(running, leader, clock):
    clock.forward(seconds=16)
    other = Leader(clock)
    assert other.sweep() == 1
    running.refresh_from_db()
    assert (running.status, running.finished_at) == (Status.LOST, clock.now)
    assert "was last heard from at 2026-11-23 12:00:00 UTC" in running.error


def test_a_process_that_said_goodbye_loses_its_runs_at_once(running, other):
    SchedulerProcess.objects.update(stopped_at=NOON)
    assert other.sweep() == 1


def test_a_process_that_died_on_this_machine_is_noticed_at_once(running, other):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    SchedulerProcess.objects.update(pid=child.pid, heartbeat_at=NOON + timedelta(hours=1))
    assert other.sweep() == 1
    assert "is gone" in JobRun.objects.get().error


def test_a_number_in_use_on_another_machine_tells_nothing(running, other):
    SchedulerProcess.objects.update(host="elsewhere", pid=1, heartbeat_at=NOON + timedelta(hours=1))
    assert other.sweep() == 0


def test_a_run_without_a_process_is_lost(running, leader):
    SchedulerProcess.objects.all().delete()
    assert leader.sweep() == 1


def test_a_lost_run_does_not_block_the_next_slot(running, leader, clock):
    clock.forward(seconds=60)
    other = Leader(clock)
    SchedulerProcess.objects.filter(pk=leader.presence.process.pk).update(stopped_at=clock.now)
    other.sweep()
    other.look()
    assert rows() == [("12:01:00", "lost"), ("12:02:00", "running")]


def test_a_process_does_not_lose_its_own_runs_by_its_own_silence(running, leader, clock):
    clock.forward(minutes=5)
    assert leader.sweep() == 0


def test_a_process_that_is_heard_from_while_it_is_swept_keeps_its_runs(
    running, leader, other, clock, monkeypatch
):
    clock.forward(minutes=5)
    why_lost = sweeps._why_lost

    def heard_meanwhile(*about):
        leader.beat()
        return why_lost(*about)

    monkeypatch.setattr(sweeps, "_why_lost", heard_meanwhile)
    assert other.sweep() == 0
    assert rows() == [("12:01:00", "running")]


def test_a_run_that_ends_while_it_is_swept_stays_as_it_ended(
    running, leader, other, clock, monkeypatch
):
    clock.forward(minutes=5)
    why_lost = sweeps._why_lost

    def ended_meanwhile(*about):
        leader.end_runs()
        return why_lost(*about)

    monkeypatch.setattr(sweeps, "_why_lost", ended_meanwhile)
    assert other.sweep() == 0
    assert rows() == [("12:01:00", "succeeded")]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_row_that_its_frozen_process_keeps_locked_holds_up_no_other(running, other, clock):
    """Guard: ``select_for_update(skip_locked=True`` in scheduling/sweeps.py."""
    free = JobRun.objects.create(
        job_name="slow", status=Status.RUNNING, scheduled_for=NOON, process=running.process
    )
    clock.forward(minutes=5)
    parameters = {**connection.get_connection_params(), "cursor_factory": None}
    with connection.cursor() as cursor, psycopg.connect(**parameters) as frozen:
        frozen.execute("SELECT 1 FROM scheduling_jobrun WHERE id = %s FOR UPDATE", [running.pk])
        cursor.execute("SET lock_timeout = '500ms'")
        try:
            assert other.sweep() == 1
        finally:
            cursor.execute("RESET lock_timeout")
        free.refresh_from_db()
        running.refresh_from_db()
        assert (running.status, free.status) == (Status.RUNNING, Status.LOST)
    assert other.sweep() == 1


def test_an_old_heartbeat_alone_closes_nothing(running, other, clock):
    clock.forward(minutes=5)
    assert sweeps.close_lost_runs(clock.now) == 0
    assert sweeps.close_lost_runs(clock.now, is_silent=lambda _process: True) == 1


@pytest.mark.parametrize("elsewhere", [f"{machine()}1", machine()[:-1]])
def test_a_pid_means_nothing_in_another_container_of_the_same_host(
    running, other, clock, elsewhere
):
    """Guard: ``process.machine != machine()`` in scheduling/sweeps.py."""
    SchedulerProcess.objects.filter(pk=running.process_id).update(
        pid=4_000_000, machine=elsewhere, heartbeat_at=clock()
    )
    assert other.sweep() == 0
    SchedulerProcess.objects.filter(pk=running.process_id).update(machine=machine())
    assert other.sweep() == 1
