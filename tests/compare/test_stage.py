"""A contestant set up, started, measured and taken away."""

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks.compare import contestants, environments, measures, options, processes, run
from benchmarks.compare.arithmetic import read_starts
from benchmarks.compare.contestant import Contestant, Program, Task
from benchmarks.compare.contestants import apscheduler, ours
from benchmarks.compare.databases import NoDatabase
from benchmarks.compare.environments import python_of
from benchmarks.compare.errors import Unavailable
from benchmarks.compare.play import body, with_apscheduler
from benchmarks.compare.processes import Group, memory, tree
from benchmarks.compare.stage import Stage
from tests import once
from tests.waiting import wait_until

# In our own environment, which has it too.
PLAIN = replace(apscheduler.CONTESTANTS[0], requirements=())
QUICK = options.read(["--quick", "--seconds", "1"])


def program(code: str) -> Contestant:
    return Contestant(name="somebody", programs=(Program(arguments=("-c", code)),))


@pytest.fixture
def stage_of(tmp_path):
    def make(contestant, task):
        return Stage(contestant, task, tmp_path, NoDatabase(), None)

    return make


def test_plain_apscheduler_tells_its_jobs_the_slot(tmp_path, monkeypatch):
    starts = tmp_path / "starts"
    starts.touch()
    monkeypatch.setenv("STARTS", str(starts))
    monkeypatch.setattr(body, "JOBS", ["job1", "job2"])
    monkeypatch.setattr(body, "first_slot", lambda: time.time() + 0.05)
    scheduler = BackgroundScheduler(timezone="UTC")
    with_apscheduler._add(scheduler)
    planned = {job.id: job.trigger.start_date for job in scheduler.get_jobs()}
    scheduler.start()
    wait_until(lambda: len(read_starts(starts.read_text())) >= 2, 10)
    scheduler.shutdown()
    for start in read_starts(starts.read_text())[:2]:
        assert datetime.fromtimestamp(start.slot, UTC) == planned[start.name]
        assert 0 <= start.late < 5


@pytest.mark.process
@once.on_postgresql
def test_a_contestant_is_measured_and_leaves_nothing_behind(stage_of, monkeypatch):
    monkeypatch.setattr(measures, "SETTLE", 0.0)
    with stage_of(PLAIN, Task(schedules=5, every=1)) as stage:
        row = measures.firing(stage, QUICK)
        pids = stage.own_pids
    assert row["expected"] == 5
    assert 0 < row["fired"] <= 5
    assert row["memory"] > 1
    assert {"late_p50", "late_p99", "late_max", "cpu", "cpu_own"} <= row.keys()
    assert pids
    assert not tree(pids)


@pytest.mark.process
@once.on_postgresql
def test_two_schedulers_that_do_not_know_of_each_other_start_every_slot_twice(
    stage_of, monkeypatch
):
    monkeypatch.setattr(measures, "SETTLE", 1.0)
    with stage_of(PLAIN, Task(schedules=2, every=1)) as stage:
        row = measures.doubles(stage, replace(QUICK, doubles=2))
    assert row["expected"] == 4
    assert 0 < row["doubled"] <= 4


@pytest.mark.process
@once.on_postgresql
def test_who_ends_by_itself_says_so_in_its_row_and_the_others_go_on(monkeypatch):
    monkeypatch.setattr(measures, "SETTLE", 0.0)
    broken = program("raise SystemExit('no such broker')")
    given = replace(QUICK, measures=("firing",), schedules=(2,))
    with ExitStack() as stack:
        servers = run.Servers(given, stack)
        first, second = run.rows([broken, PLAIN], given, servers)
    assert first["problem"] == "It ended by itself: no such broker"
    assert not first["values"]
    assert second["values"]["fired"]
    assert not second["problem"]


@pytest.mark.process
@once.on_postgresql
def test_who_never_fires_says_so(stage_of, monkeypatch):
    monkeypatch.setattr("benchmarks.compare.stage.UP_WITHIN", 0.3)
    sleeper = program("print('up', flush=True); import time; time.sleep(60)")
    with stage_of(sleeper, Task(schedules=1, every=1)) as stage:
        stage.start()
        with pytest.raises(Unavailable, match="Nothing fired within"):
            stage.wait_for_all()
    assert not stage.own_pids


@pytest.mark.process
@pytest.mark.parametrize("handler", ["SIG_IGN", "SIG_DFL"])
@pytest.mark.parametrize("end", [Group.stop, Group.kill])
@once.on_postgresql
def test_children_end_with_their_parent_whatever_it_does_with_the_signal(
    tmp_path, monkeypatch, end, handler
):
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    code = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.{handler})
for new_session in (False, True):
    subprocess.Popen(["sleep", "60"], start_new_session=new_session)
# One that its parent has left alone.
subprocess.run(["sh", "-c", "sleep 60 & echo $! > orphan"])
time.sleep(60)
"""
    group = Group(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"]},
        log=tmp_path / "log",
        cwd=tmp_path,
    )
    wait_until(lambda: len(tree([group.pid])) == 3, 10)
    wait_until((tmp_path / "orphan").exists, 10)
    wait_until(lambda: (tmp_path / "orphan").read_text(), 10)
    family = [*tree([group.pid]), int((tmp_path / "orphan").read_text())]
    end(group)
    wait_until(lambda: not any(_lives(pid) for pid in family), 10)


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def test_without_a_redis_server_those_who_need_one_say_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    needy = replace(PLAIN, needs_redis=True)
    given = replace(QUICK, measures=("firing",), schedules=(2,))
    with ExitStack() as stack:
        [row] = run.rows([needy], given, run.Servers(given, stack))
    assert row["problem"] == "There is no redis-server on the PATH."


def test_without_a_postgresql_those_who_need_one_say_so():
    url = "postgresql://somebody@127.0.0.1:1/nothing"
    given = replace(QUICK, measures=("firing",), schedules=(2,), database_url=url)
    with ExitStack() as stack:
        servers = run.Servers(given, stack)
        rows = [*run.rows([ours.contestant("PostgreSQL")], given, servers)]
        rows += run._beside("history", "PostgreSQL", given, servers)
        assert servers.version().startswith("none (PostgreSQL: connection failed")
    assert len(rows) == 2
    assert all(row["problem"].startswith("PostgreSQL: connection failed") for row in rows)


def test_whatever_goes_wrong_with_one_the_others_go_on(monkeypatch):
    def trip(_stage, _options):
        raise ZeroDivisionError("by zero")

    monkeypatch.setitem(measures.ALL, "idle", trip)
    given = replace(QUICK, measures=("idle",))
    with ExitStack() as stack:
        rows = [*run.rows([PLAIN, PLAIN], given, run.Servers(given, stack))]
    assert [row["problem"] for row in rows] == ["ZeroDivisionError: by zero"] * 2


def test_a_command_that_hangs_is_given_up(stage_of):
    slow = replace(PLAIN, commands={"history": ("-c", "import time; time.sleep(60)")})
    with (
        stage_of(slow, Task(schedules=1, every=1)) as stage,
        pytest.raises(Unavailable, match="history took longer than 0 s"),
    ):
        stage.command("history", within=0.3)


def test_a_failing_command_is_the_reason_of_its_row(stage_of):
    lame = replace(PLAIN, commands={"prepare": ("-c", "raise ValueError('no such table')")})
    with pytest.raises(Unavailable, match="prepare failed: ValueError: no such table"):
        stage_of(lame, Task(schedules=1, every=1)).__enter__()


def test_who_can_not_be_edited_says_why(stage_of):
    stage = stage_of(PLAIN, Task(schedules=1, every=1))
    with pytest.raises(Unavailable, match="its schedules are in the process alone"):
        measures.apply(stage, QUICK)


def test_what_can_not_be_installed_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Unavailable, match="could not be installed"):
        python_of("nobody", ("nobody==1",))


def test_memory_and_time_of_this_process_are_found():
    assert memory([os.getpid()]) > 10
    assert tree([os.getpid()])[os.getpid()].parent == os.getppid()
    assert tree([2**22 + 1]) == {}


@pytest.mark.parametrize("contestant", contestants.ALL, ids=lambda each: each.name)
def test_everybody_says_why_it_lacks_a_command(contestant):
    for command in ("edit", "history"):
        assert (command in contestant.commands) != (command in contestant.without)


def test_schedules_that_go_twice_are_those_of_schedulers():
    for contestant in contestants.ALL:
        assert any(each.schedules for each in contestant.programs), contestant.name
        assert any(each.runs for each in contestant.programs), contestant.name


def test_ours_through_procrastinate_has_a_leader_and_four_workers():
    through = ours.contestant("PostgreSQL", "procrastinate")
    assert through.env["SCHEDULER_EXECUTOR"] == "procrastinate"
    assert [each.arguments[1] for each in through.programs] == ["runscheduler"] + [
        "procrastinate"
    ] * 4
    assert [each.runs for each in through.programs] == [False] + [True] * 4


def test_names_choose_who_is_measured():
    assert {each.name for each in contestants.chosen(["celery", "SQLite"])} == {
        "vsmanager, SQLite",
        "django-apscheduler, SQLite",
        "celery-beat, no results",
        "celery-beat, results in PostgreSQL",
    }
    assert contestants.chosen([]) == list(contestants.ALL)


def test_who_has_a_minute_at_least_fires_one_size_and_who_has_no_database_asks_nobody():
    given = options.read([])
    [slow] = [each for each in contestants.ALL if each.name.startswith("huey")]
    sizes = [size for size in given.schedules if run._takes_part(slow, "firing", size, given)]
    assert sizes == [1_000]
    assert all(run._takes_part(PLAIN, "firing", size, given) for size in given.schedules)
    assert not run._takes_part(PLAIN, "queries", 100, given)
    assert run._takes_part(ours.contestant("PostgreSQL"), "queries", 100, given)


@pytest.mark.parametrize("hurried", [["--quick"], ["--only", "huey"], ["--measure", "idle"]])
def test_only_a_full_run_goes_into_the_docs(hurried):
    assert options.read([]).write
    assert not options.read(hurried).write
    assert not options.read(["--dry-run"]).write
