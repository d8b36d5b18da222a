"""One claimed run, from its start to the row that tells about it."""

import pytest
import structlog
from django.db import transaction
from django.utils import timezone

from scheduling import runlog, runner
from scheduling.errors import JobFailed, RunCancelled
from scheduling.models import JobRun, Status
from scheduling.presence import Presence
from scheduling.recorder import Recorder
from scheduling.registry import safe_job
from scheduling.runner import ClaimedRun, storable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cast")]


@pytest.fixture
def presence():
    return Presence(timezone.now)


@pytest.fixture
def run(presence):
    """Claim and run a job in this thread; gives its row once it is written."""

    def run(name, cancelled=False):
        now = timezone.now()
        row = JobRun.objects.create(
            job_name=name, status=Status.RUNNING, scheduled_for=now, process=presence.process
        )
        claimed = ClaimedRun(run_id=row.pk, job_name=name, scheduled_for=now)
        if cancelled:
            claimed.context.stop.set()
        recorder = Recorder(presence.process)
        recorder.start()
        runner.run(claimed, recorder, timezone.now)
        assert recorder.close(patience=10)
        row.refresh_from_db()
        return row

    return run


def test_a_success_has_its_result_and_its_times(run):
    row = run("noop")
    assert (row.status, row.result, row.error) == (Status.SUCCEEDED, {"done": 1}, "")
    assert row.scheduled_for <= row.started_at <= row.finished_at


def test_the_log_of_the_run_is_kept(run):
    events = run("noop").log
    assert [event["event"] for event in events] == ["noop_started", "noop_completed"]
    assert events[0]["level"] == "info"
    assert "run_id" not in events[0]


def test_a_failure_has_its_error_and_traceback(run):
    row = run("failing")
    assert (row.status, row.error) == (Status.FAILED, "ValueError: the well is dry")
    assert 'raise ValueError("the well is dry")' in row.traceback


def test_a_foreseen_failure_keeps_what_was_done_all_the_same(run):
    @safe_job("half")
    def half() -> None:
        raise JobFailed("The second half is down.", result={"first": 1})

    row = run("half")
    assert (row.error, row.traceback) == ("The second half is down.", "")
    assert row.result == {"first": 1}


@pytest.mark.parametrize("error", [SystemExit(1), MemoryError(), KeyboardInterrupt()])
def test_a_job_that_raises_what_it_should_not_is_failed_or_cancelled(run, error):
    @safe_job("wild")
    def wild() -> None:
        raise error

    assert run("wild").status in (Status.FAILED, Status.CANCELLED)


def test_a_cancelled_run_says_so(run):
    assert run("slow", cancelled=True).status == Status.CANCELLED


def test_a_job_that_gives_up_without_being_asked_has_failed(run):
    @safe_job("quitter")
    def quitter() -> None:
        raise RunCancelled

    assert run("quitter").status == "failed"


def test_a_job_that_is_not_registered_fails_with_the_names_that_are(run):
    row = run("nope")
    assert row.status == Status.FAILED
    assert "No job called 'nope' is registered. Registered jobs: failing, noop" in row.error


def test_an_async_job_runs(run):
    @safe_job("modern")
    async def modern() -> str:
        return "done"

    assert run("modern").result == "done"


def test_a_long_log_keeps_its_beginning_and_its_end(run):
    log = run("talkative").log
    assert len(log) == runlog.FIRST_EVENTS + 1 + runlog.LAST_EVENTS
    assert log[1]["number"] == 0
    assert log[runlog.FIRST_EVENTS]["event"] == "log_events_left_out"
    assert log[runlog.FIRST_EVENTS]["count"] == 1_002 - 500
    assert log[-1]["event"] == "talkative_completed"


def test_text_that_a_database_refuses_is_made_fit(run):
    @safe_job("dirty")
    def dirty() -> None:
        structlog.get_logger().info("nul \x00 and \ud800", field="\x00" * 5_000, obj=object())
        raise ValueError("a \x00 b \x1b[31m")

    row = run("dirty")
    assert row.error == "ValueError: a \ufffd b \ufffd[31m"
    assert row.log[1]["event"] == "nul \ufffd and \ufffd"
    assert len(row.log[1]["field"]) == runlog.MAX_TEXT


def test_a_row_that_was_closed_by_others_stays_closed(run, presence, monkeypatch):
    @safe_job("late")
    def late() -> str:
        JobRun.objects.running().update(status=Status.LOST, error="It was lost.")
        return "too late"

    row = run("late")
    assert (row.status, row.result) == (Status.LOST, None)
    assert row.error.startswith("It was lost. Its thread ended at ")
    assert row.error.endswith(" UTC (succeeded): too late to count.")


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def deep_names(levels):
    value = {}
    for _ in range(levels):
        value = {"a": value}
    return value


class Treacherous(dict):
    def items(self):
        raise KeyError("ha")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"a": [1, "x\x00"]}, {"a": [1, "x\ufffd"]}),
        (None, None),
        (float("nan"), {"note": "as JSON"}),
        ({1, 2}, {"note": "as JSON"}),
        (deep(50), deep(50)),
        (deep(51), {"note": "nested more than 50 levels deep"}),
        (deep_names(50), deep_names(50)),
        (deep_names(51), {"note": "nested more than 50 levels deep"}),
        (deep(100_000), {"note": "as JSON: RecursionError"}),
        (Treacherous(a=1), {"note": "as JSON: KeyError"}),
        ("x" * 70_000, {"note": "too long to keep"}),
    ],
)
def test_a_result_is_json_or_a_note(value, stored):
    kept = storable(value)
    if isinstance(stored, dict) and "note" in stored:
        assert stored["note"] in kept["note"]
    else:
        assert kept == stored


def test_a_number_of_thousands_of_digits_is_no_trouble(run):
    @safe_job("huge")
    def huge() -> int:
        structlog.get_logger().info("counted", atoms=10**5_000)
        return 1

    row = run("huge")
    assert row.status == Status.SUCCEEDED
    assert row.log[1]["atoms"] == "a number of 16610 bits"


def test_a_transaction_that_a_job_left_open_is_the_next_jobs_no_trouble(run):
    @safe_job("careless")
    def careless() -> None:
        transaction.atomic().__enter__()
        JobRun.objects.create(job_name="never", scheduled_for=timezone.now())

    assert run("careless").status == Status.SUCCEEDED
    assert not JobRun.objects.filter(job_name="never").exists()
    assert run("noop").status == Status.SUCCEEDED


def test_ctrl_c_in_the_foreground_cancels(run):
    @safe_job("interrupted")
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert run("interrupted").status == Status.CANCELLED
