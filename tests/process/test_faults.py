"""Processes that die, freeze, or wrongly believe: no slot twice, none lost, none left open."""

import json
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from tests import once
from tests.waiting import wait_until

from .databases import SERVER
from .history import broken_ticks, notes, rows
from .play.apps import DEAD, STEPS

pytestmark = pytest.mark.process

LEADS = "leadership_acquired"


def ticked(installation, more=2, seconds=10):
    """Wait for so many more starts of ``tick``."""
    before = len(notes(installation))
    wait_until(lambda: len(notes(installation)) >= before + more, seconds)


def leader_and_stand_by(installation, host="", **env):
    leader = installation.worker(**env)
    wait_until(lambda: LEADS in installation.log(0), 10)
    stand_by = installation.worker(**env, FAULT_HOST=host)
    wait_until(lambda: "standing_by" in installation.log(1), 10)
    return leader, stand_by


def stop_all(installation):
    for process in installation.processes:
        process.send_signal(signal.SIGTERM)
    for process in installation.processes:
        process.wait(20)


@pytest.mark.parametrize(
    "by",
    [pytest.param("", marks=once.on_sqlite), pytest.param("SIGKILL", marks=once.on_postgresql)],
    ids=["power cut", "SIGKILL"],
)
@pytest.mark.parametrize("step", STEPS)
def test_a_run_whose_process_vanishes_does_not_stay_open(installation, step, by):
    """Guard: ``if reason and _close(run, reason, now):`` in scheduling/sweeps.py."""
    worker = installation.worker(FAULT_DIE=step, FAULT_BY=by, NAP="0.1")
    ticked(installation)
    installation.queue("nap")
    assert worker.wait(10) == (-signal.SIGKILL if by else DEAD)
    assert installation.runs("nap") == ["queued" if step == "claiming" else "running"]
    installation.worker(NAP="0")
    expected = "succeeded" if step == "claiming" else "lost"
    wait_until(lambda: installation.runs("nap") == [expected], 10)
    ticked(installation)
    stop_all(installation)
    assert broken_ticks(installation) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_run_whose_process_freezes_for_longer_than_the_silence_comes_to_one_end(
    installation, step
):
    """Guards: ``lock.take_away()`` in scheduling/worker.py and
    ``mine = JobRun.objects.running()`` in scheduling/recorder.py."""
    impatient = {"FAULT_SILENT_AFTER": "1.5", "NAP": "0.1"}
    if not SERVER:
        impatient["FAULT_BUSY_TIMEOUT"] = "500"
    leader = installation.worker(FAULT_DIE=step, FAULT_BY="SIGSTOP", **impatient)
    wait_until(lambda: LEADS in installation.log(0), 10)
    installation.worker(FAULT_HOST="elsewhere", **impatient)
    wait_until(lambda: "standing_by" in installation.log(1), 10)
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(lambda: is_frozen(leader), 10)
    # In the middle of a transaction it keeps SQLite locked, and nobody can do anything.
    taken_over = [LEADS, "heartbeat_failed"]
    wait_until(lambda: any(word in installation.log(1) for word in taken_over), 10)
    leader.send_signal(signal.SIGCONT)
    wait_until(lambda: installation.runs("nap")[0] not in ("queued", "running"), 10)
    ticked(installation)
    stop_all(installation)
    assert len(installation.runs("nap")) == 1
    assert set(installation.runs("nap")) <= {"succeeded", "lost"}
    assert broken_ticks(installation) == []


def is_frozen(process):
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "T"


def test_a_frozen_leader_is_replaced_and_finds_its_outcome_too_late(installation):
    """Guards: ``lock.take_away()`` in scheduling/worker.py lets the other one lead, and
    ``mine = JobRun.objects.running()`` in scheduling/recorder.py refuses the outcome.
    """
    leader, _stand_by = leader_and_stand_by(
        installation, "elsewhere", FAULT_SILENT_AFTER="1.5", NAP="2"
    )
    installation.queue("nap")
    # Frozen while it writes the row it would keep it locked, on PostgreSQL for up to a minute.
    wait_until(lambda: rows(installation, "nap")[0].started_at, 10)
    installation.freeze(leader)
    wait_until(lambda: LEADS in installation.log(1), 10)
    wait_until(lambda: installation.runs("nap") == ["lost"], 10)
    ticked(installation)
    leader.send_signal(signal.SIGCONT)
    wait_until(lambda: "late_outcome_ignored" in installation.log(0), 10)
    wait_until(lambda: "leadership_lost" in installation.log(0), 10)
    ticked(installation)
    [nap] = rows(installation, "nap")
    assert nap.status == "lost"
    assert "too late to count" in nap.error
    stop_all(installation)
    assert broken_ticks(installation) == []


def test_a_run_that_is_killed_keeps_its_log_up_to_the_last_second(installation):
    """Guard: ``mine.update(log=events, progress=run.progress())`` in scheduling/tail.py."""
    worker = installation.worker(LOG_LEVEL="INFO")
    installation.queue("recite")
    wait_until(lambda: verses(installation)[0] > 5, 15)
    seen = verses(installation)[0]
    wait_until(lambda: verses(installation)[0] > seen, 5)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    said = installation.log().count('"event": "verse"')
    installation.worker()
    wait_until(lambda: installation.runs("recite") == ["lost"], 10)
    kept, progress = verses(installation)
    assert progress == {"done": kept, "total": 1_000, "text": "verses"}
    # Ten a second, written every second and a quarter at the latest, and a busy machine.
    assert said - 25 <= kept <= said


def verses(installation):
    """How many the row of ``recite`` tells, and its progress."""
    found = installation.sql(
        "SELECT log, progress FROM scheduling_jobrun WHERE job_name = 'recite'"
    )
    log, progress = (json.loads(value) if isinstance(value, str) else value for value in found[0])
    numbers = [event["number"] for event in log if event["event"] == "verse"]
    return (numbers[-1] if numbers else 0), progress


def test_workers_that_all_believe_they_lead_start_every_slot_once(installation):
    """Guards: ``with transaction.atomic():`` in ``_pass``, scheduling/scheduler.py, and
    ``name="one_run_per_slot"`` in scheduling/models/run.py; either is enough.
    """
    for _ in range(3):
        installation.worker(FAULT_ALL_LEAD="yes")
    wait_until(lambda: all(LEADS in installation.log(number) for number in range(3)), 10)
    ticked(installation, 4)
    stop_all(installation)
    assert broken_ticks(installation) == []


def test_a_dead_leader_is_replaced_at_once(installation):
    """Guard: ``if lock.acquire():`` in the loop of ``_stand_by``, scheduling/worker.py."""
    # On the same host: elsewhere nobody can tell that its last run, if it was under way, has
    # died too, and the job waits for that until the silence is long enough.
    leader, _ = leader_and_stand_by(installation)
    ticked(installation, 1)
    leader.send_signal(signal.SIGKILL)
    leader.wait()
    wait_until(lambda: LEADS in installation.log(1), 5)  # benchmarks/failover.py measures it
    ticked(installation, 1)
    stop_all(installation)
    assert broken_ticks(installation) == []


def test_a_job_that_quits_takes_nothing_with_it(installation):
    """Guards: ``return not foreign`` in scheduling/outcome.py, and ``except BaseException`` in
    scheduling/runner.py; either is enough."""
    installation.worker(FAULT_JOBS="yes")
    ticked(installation, 1)
    installation.queue("quit")
    wait_until(lambda: installation.runs("quit") == ["failed"], 10)
    ticked(installation)


def test_a_job_that_logs_without_end_is_cut_short_and_harms_no_other(installation):
    """Guard: ``maxlen=LAST_EVENTS`` in scheduling/runlog.py."""
    installation.worker(FAULT_JOBS="yes", LOG_LEVEL="INFO")
    ticked(installation, 1)
    installation.queue("talk")
    ticked(installation)
    wait_until(lambda: installation.runs("talk") == ["succeeded"], 30)
    kept = "SELECT length(CAST(log AS text)) FROM scheduling_jobrun WHERE job_name = 'talk'"
    assert installation.count(kept) < 1_000_000
    stop_all(installation)
    assert broken_ticks(installation) == []


NONSENSE = [
    "cron = 'every other thursday'",
    "cron = '0 0 30 2 *'",
    "timezone = 'Mars/Olympus', cron = '* * * * *'",
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_bad_row_written_by_sql_shows_its_problem_and_harms_no_other(installation, nonsense):
    """Guards: ``except InvalidSchedule as error:`` in ``_look``, scheduling/applier.py, and
    the ``except Exception`` around it; either is enough."""
    installation.worker()
    ticked(installation, 1)
    installation.sql(f"UPDATE scheduling_jobschedule SET {nonsense} WHERE name = 'nap'")
    installation.announce()
    problem = (
        "SELECT problem FROM scheduling_schedulestate s JOIN scheduling_jobschedule j"
        " ON j.id = s.schedule_id WHERE j.name = 'nap'"
    )
    wait_until(lambda: installation.sql(problem)[0][0] != "", 10)
    ticked(installation)


EDITS = {
    "update": "S.objects.filter(name='nap').update(interval_seconds=500)",
    "save": "s = S.objects.get(name='nap'); s.interval_seconds = 500; s.save()",
}


@pytest.mark.parametrize("how", EDITS)
def test_an_edit_is_applied_without_a_restart(installation, how):
    """Guards: ``count_change()`` in ``update`` (scheduling/querysets.py) and in ``save``
    (scheduling/models/schedule.py)."""
    installation.worker()
    ticked(installation, 1)
    edit = f"from scheduling.models import JobSchedule as S; {EDITS[how]}"
    assert installation.manage("shell", "-c", edit).returncode == 0
    wait_until(lambda: planned(installation, "nap"), 3)


def test_an_edit_by_sql_is_found_by_the_full_look(installation):
    """Guard: ``or now >= full_look`` in ``_look``, scheduling/watch.py."""
    installation.worker(FAULT_FULL_LOOK_EVERY="1")
    ticked(installation, 1)
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 500 WHERE name = 'nap'")
    wait_until(lambda: planned(installation, "nap"), 5)


def test_restarts_more_often_than_the_interval_keep_the_next_run(installation):
    """Guard: ``elif not is_stored:`` in scheduling/applier.py; without it every start would
    plan the job anew.
    """
    installation.sql("UPDATE scheduling_jobschedule SET interval_seconds = 3 WHERE name = 'nap'")
    installation.announce()
    while len(rows(installation, "nap")) < 2:
        assert len(installation.processes) < 10, "it never ran"
        worker = installation.worker(NAP="0")
        ticked(installation, 1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    first, second = rows(installation, "nap")[:2]
    assert second.slot - first.slot == timedelta(seconds=3)


def planned(installation, job):
    table = "django_apscheduler_djangojob"
    return installation.count(f"SELECT count(*) FROM {table} WHERE id = %s", job) == 1


def test_what_waits_for_a_thread_when_leadership_is_lost_goes_back_to_the_queue(installation):
    """Guard: ``claims.release(`` in ``drain``, scheduling/service.py."""
    installation.worker(SCHEDULER_THREADS="1", NAP="1.5")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    # Its one thread naps: the next slot of tick is claimed and waits.
    wait_until(lambda: installation.runs("tick").count("running") == 1, 10)
    lose_leadership(installation)
    wait_until(lambda: "leadership_lost" in installation.log(), 10)
    ticked(installation, 2)
    stop_all(installation)
    assert {row.status for row in rows(installation, "tick")} <= {"succeeded", "missed", "skipped"}
    assert broken_ticks(installation) == []


def lose_leadership(installation):
    if SERVER:
        installation.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    else:
        (installation.folder / "db.sqlite3.leader").unlink()


def test_stopping_waits_for_a_run_and_starts_no_other(installation):
    """Guard: ``while self._stops < 2 and time.monotonic() < deadline:`` in scheduling/worker.py."""
    worker = installation.worker(NAP="3")
    ticked(installation, 1)
    installation.queue("nap")
    wait_until(installation.napping.exists, 10)
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "scheduler_stopping" in installation.log(), 10)
    before = len(notes(installation))
    assert worker.wait(10) == 0
    assert installation.runs("nap") == ["succeeded"]
    assert len(notes(installation)) == before
