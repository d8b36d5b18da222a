"""The worker as a real process, with real signals."""

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from tests.waiting import wait_until

from .nursery import PROJECT

pytestmark = pytest.mark.process


def slots(installation):
    if not installation.ticks.exists():
        return []
    return [line.rsplit(" ", 1)[0] for line in installation.ticks.read_text().splitlines()]


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    return process.wait(20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(installation, number):
    worker = installation.worker()
    wait_until(lambda: "leadership_acquired" in installation.log(), 10)
    assert stop(worker, number) == 0
    assert "scheduler_stopped" in installation.log()
    assert "Traceback" not in installation.log()
    assert installation.count(
        "SELECT count(*) FROM scheduling_schedulerprocess WHERE stopped_at IS NULL"
    ) == 0  # fmt: skip


def test_the_first_signal_lets_a_running_job_finish(installation):
    worker = installation.worker()
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    assert stop(worker) == 0
    assert installation.runs("nap") == ["succeeded"]


def test_the_second_signal_stops_at_once(installation):
    worker = installation.worker(NAP="60")
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "scheduler_stopping" in installation.log(), 10)
    assert stop(worker) == 1
    assert installation.runs("nap") == ["lost"]
    error = installation.sql("SELECT error FROM scheduling_jobrun WHERE job_name = 'nap'")[0][0]
    assert "told to stop at once" in error


def test_grace_bounds_how_long_a_deaf_job_is_waited_for(installation):
    worker = installation.worker("--grace", "0.2", NAP="60")
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    assert stop(worker) == 1
    assert installation.runs("nap") == ["lost"]


def test_killed_in_the_middle_and_started_again_nothing_runs_twice(installation):
    worker = installation.worker(NAP="60")
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    wait_until(lambda: len(slots(installation)) >= 2, 10)
    stop(worker, signal.SIGKILL)
    assert installation.runs("nap") == ["running"]
    seen = len(slots(installation))
    installation.worker()
    wait_until(lambda: installation.runs("nap") == ["lost"], 10)
    wait_until(lambda: len(slots(installation)) >= seen + 2, 10)
    assert [slot for slot, times in Counter(slots(installation)).items() if times > 1] == []


def test_a_job_that_takes_the_process_with_it_is_lost_and_not_repeated(installation):
    worker = installation.worker()
    installation.queue("crash")
    assert worker.wait(10) == 9
    installation.worker()
    wait_until(lambda: installation.runs("crash") == ["lost"], 10)


def test_restarts_keep_the_next_run(installation):
    installation.worker()
    planned = "SELECT next_run_time FROM django_apscheduler_djangojob WHERE id = 'nap'"
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 600 WHERE name = 'nap'")
    installation.announce()
    wait_until(lambda: installation.sql(planned), 10)
    before = installation.sql(planned)
    for _ in range(2):
        assert stop(installation.processes[-1]) == 0
        installation.worker()
    wait_until(lambda: "leadership_acquired" in installation.log(2), 10)
    assert installation.sql(planned) == before


def test_when_the_leader_is_killed_the_one_standing_by_goes_on(installation):
    leader = installation.worker()
    wait_until(lambda: "leadership_acquired" in installation.log(0), 10)
    installation.worker()
    wait_until(lambda: "standing_by" in installation.log(1), 10)
    wait_until(lambda: len(slots(installation)) >= 2, 10)
    stop(leader, signal.SIGKILL)
    seen = len(slots(installation))
    wait_until(lambda: len(slots(installation)) >= seen + 2, 10)
    assert max(Counter(slots(installation)).values()) == 1


def test_an_edit_from_another_process_is_applied_while_it_runs(installation):
    installation.worker()
    wait_until(lambda: len(slots(installation)) >= 1, 10)
    edit = "from scheduling.models import JobSchedule as S; S.objects.filter(name='tick').{}"
    assert (
        installation.manage("shell", "-c", edit.format("update(interval_seconds=0)")).returncode
        == 0
    )
    wait_until(lambda: "job_removed" in installation.log(), 10)
    assert (
        installation.manage("shell", "-c", edit.format("update(interval_seconds=1)")).returncode
        == 0
    )
    seen = len(slots(installation))
    wait_until(lambda: len(slots(installation)) > seen, 10)


def test_a_log_that_nobody_reads_any_more_stops_nothing(installation):
    reader, writer = os.pipe()
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "runscheduler"],
        cwd=PROJECT,
        env=installation.env,
        stdout=writer,
        stderr=writer,
    )
    installation.processes.append(worker)
    os.close(writer)
    os.close(reader)
    wait_until(lambda: len(slots(installation)) >= 2, 20)
    assert stop(worker) == 0


def test_a_database_without_tables_is_answered_with_the_command_that_makes_them(empty):
    done = empty.manage("runscheduler")
    assert done.returncode == 1
    assert "python manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr
