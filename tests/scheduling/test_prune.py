"""The job ``pruneruns``: what goes, what stays, and that it can be stopped."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import jobs, prune, registry
from scheduling.errors import RunCancelled
from scheduling.models import JobRun, SchedulerProcess, Status
from scheduling.registry import RunContext

pytestmark = pytest.mark.django_db


def add(days_old: int, job: str = "noop", status: str = Status.SUCCEEDED) -> JobRun:
    slot = datetime.now(UTC) - timedelta(days=days_old, seconds=1)
    return JobRun.objects.create(job_name=job, scheduled_for=slot, status=status)


def run_it() -> Any:
    return registry.get("pruneruns").run(RunContext(job="pruneruns", run_id=1))


def kept() -> set[int]:
    return set(JobRun.objects.values_list("pk", flat=True))


def test_it_is_registered_once_a_day_and_not_at_start_up():
    job = registry.get("pruneruns")
    assert (job.interval_seconds, job.run_at_once, job.setting) == (86_400, False, "")


def test_what_is_past_its_retention_goes_but_the_newest_of_each_job_stay(settings):
    settings.RUN_RETENTION_DAYS, settings.RUNS_KEPT_PER_JOB = 30, 2
    young = [add(days) for days in (1, 29)]
    for days in (31, 40, 3_000):
        add(days)
    rare = [add(days, "rare") for days in (400, 500)]
    add(600, "rare")
    outcome = run_it()
    assert outcome.value.keys() == {"deleted", "seconds"}
    assert outcome.value["deleted"] == 4
    assert kept() == {run.pk for run in (*young, *rare)}


def test_a_job_may_keep_nothing_but_what_is_young(settings):
    settings.RUN_RETENTION_DAYS, settings.RUNS_KEPT_PER_JOB = 30, 0
    young = add(1)
    add(31)
    assert run_it().value["deleted"] == 1
    assert kept() == {young.pk}


def test_each_run_comes_in_one_batch_attempts_at_one_slot_too(monkeypatch):
    monkeypatch.setattr(prune, "BATCH", 2)
    runs = [add(days, job) for job in ("a", "b") for days in range(31, 36)]
    for attempt in (2, 3, 4):
        slot = runs[2].scheduled_for
        runs.append(
            JobRun.objects.create(
                job_name="a", scheduled_for=slot, attempt=attempt, status=Status.FAILED
            )
        )
    batches = list(prune.old_runs(datetime.now(UTC), 30, 0))
    assert all(len(batch) <= 2 for batch in batches)
    found = [pk for batch in batches for pk in batch]
    assert sorted(found) == sorted(run.pk for run in runs)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
def test_no_batch_sorts_or_reads_what_came_before_it(monkeypatch):
    monkeypatch.setattr(prune, "BATCH", 2)
    for days in range(31, 36):
        add(days)
    with CaptureQueriesContext(connection) as queries:
        assert len(list(prune.old_runs(datetime.now(UTC), 30, 0))) == 3
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan = " ".join(row[-1] for row in cursor.fetchall())
        assert "TEMP B-TREE" not in plan
        assert "SCAN" not in plan


def test_what_has_not_ended_stays(settings):
    settings.RUN_RETENTION_DAYS, settings.RUNS_KEPT_PER_JOB = 30, 0
    open_runs = [add(100, status=Status.QUEUED), add(101, status=Status.RUNNING)]
    assert run_it().value["deleted"] == 0
    assert kept() == {run.pk for run in open_runs}


def test_it_stops_between_two_batches_when_it_is_cancelled(settings, monkeypatch):
    settings.RUN_RETENTION_DAYS, settings.RUNS_KEPT_PER_JOB = 30, 0
    monkeypatch.setattr(prune, "BATCH", 2)
    for days in range(31, 41):
        add(days)
    context, batches = RunContext(job="pruneruns", run_id=1), prune.old_runs

    def cancelled_after_two(*args: Any) -> Any:
        for number, batch in enumerate(batches(*args)):
            if number == 2:
                context.stop.set()
            yield batch

    monkeypatch.setattr(prune, "old_runs", cancelled_after_two)
    outcome = registry.get("pruneruns").run(context)
    assert isinstance(outcome.error, RunCancelled)
    assert JobRun.objects.count() == 6


def test_it_rests_after_each_batch_so_that_others_find_the_lock_free(settings, monkeypatch):
    settings.RUN_RETENTION_DAYS, settings.RUNS_KEPT_PER_JOB = 30, 0
    monkeypatch.setattr(prune, "BATCH", 2)
    for days in range(31, 37):
        add(days)
    rests: list[float] = []
    monkeypatch.setattr(RunContext, "sleep", lambda _run, seconds: rests.append(seconds))
    registry.get("pruneruns").run(RunContext(job="pruneruns", run_id=1))
    assert len(rests) == 3
    assert min(rests) >= prune.LEAST_PAUSE


def test_processes_long_gone_go_too():
    long_ago = datetime.now(UTC) - timedelta(days=8)
    SchedulerProcess.objects.create(host="old", pid=1, heartbeat_at=long_ago)
    now = SchedulerProcess.objects.create(host="new", pid=2)
    run_it()
    assert [process.pk for process in SchedulerProcess.objects.all()] == [now.pk]


def test_it_tells_for_how_long_it_was_at_it(monkeypatch):
    clock = iter([100.0, 102.5])
    monkeypatch.setattr(jobs, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert run_it().value == {"deleted": 0, "seconds": 2.5}
