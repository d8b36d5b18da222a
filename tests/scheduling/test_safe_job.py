"""safe_job: what a decorated function does, called by anybody."""

import asyncio
import inspect

import pytest
from structlog.testing import capture_logs

from scheduling import registry
from scheduling.errors import JobFailed, RunCancelled, UnknownJob
from scheduling.registry import RunContext, current_run, safe_job

pytestmark = pytest.mark.usefixtures("cast")


def names(logs):
    return [log["event"] for log in logs]


def test_it_returns_the_value_of_the_function(cast):
    assert cast.noop() == {"done": 1}


def test_it_logs_start_and_completion(cast):
    with capture_logs() as logs:
        cast.noop()
    assert names(logs) == ["noop_started", "noop_completed"]


def test_a_failure_is_logged_and_gives_none(cast):
    with capture_logs() as logs:
        assert cast.failing() is None
    assert names(logs) == ["failing_started", "failing_failed"]
    assert logs[1]["error"] == "ValueError: the well is dry"


def test_an_async_job_stays_async_and_gives_its_value():
    @safe_job("later")
    async def later() -> str:
        await asyncio.sleep(0)
        return "now"

    assert inspect.iscoroutinefunction(later)
    assert asyncio.run(later()) == "now"


def test_an_async_failure_gives_none_too():
    @safe_job("never")
    async def never() -> str:
        raise OSError("no")

    assert asyncio.run(never()) is None


def test_cancelling_a_coroutine_gets_through():
    @safe_job("endless")
    async def endless() -> None:
        await asyncio.sleep(60)

    async def cancel():
        task = asyncio.create_task(endless())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


@pytest.mark.parametrize(
    "error", [SystemExit(3), MemoryError(), RecursionError("deep"), JobFailed("down")]
)
def test_nothing_that_a_job_raises_gets_out(error):
    @safe_job("raising")
    def raising() -> None:
        raise error

    assert raising() is None


def test_the_runner_learns_the_outcome(cast):
    outcome = registry.get("failing").run(RunContext(job="failing", run_id=1))
    assert not outcome.ok
    assert outcome.reason == "ValueError: the well is dry"
    assert "raise ValueError" in outcome.traceback


def test_a_foreseen_failure_has_a_message_and_no_traceback():
    @safe_job("foreseen")
    def foreseen() -> None:
        raise JobFailed("The mod database is down.")

    outcome = registry.get("foreseen").run(RunContext(job="foreseen", run_id=1))
    assert (outcome.reason, outcome.traceback) == ("The mod database is down.", "")


def test_an_error_that_cannot_be_printed_is_still_reported():
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    @safe_job("unprintable")
    def unprintable() -> None:
        raise Broken

    outcome = registry.get("unprintable").run(RunContext(job="unprintable", run_id=1))
    assert outcome.reason == "Broken"


def test_a_job_knows_its_run_and_hears_of_cancellation():
    seen = []

    @safe_job("asking")
    def asking() -> None:
        seen.append(current_run().run_id)
        current_run().check()

    context = RunContext(job="asking", run_id=7)
    context.stop.set()
    outcome = registry.get("asking").run(context)
    assert seen == [7]
    assert isinstance(outcome.error, RunCancelled)
    assert current_run().run_id == 0


def test_a_job_that_cancels_itself_does_not_end_the_worker():
    @safe_job("suicidal")
    async def suicidal() -> None:
        raise asyncio.CancelledError

    assert not registry.get("suicidal").run(RunContext(job="suicidal", run_id=1)).ok


def test_two_jobs_cannot_share_a_name(cast):
    with pytest.raises(ValueError, match="Two jobs are called 'noop'"):

        @safe_job("noop")
        def another() -> None: ...


def test_an_unknown_name_is_answered_with_the_known_ones(cast):
    with pytest.raises(UnknownJob, match=r"Registered jobs: .*noop"):
        registry.get("nope")


def test_the_first_line_of_the_docstring_describes_the_job(cast):
    assert registry.get("noop").description == "Does nothing."


@pytest.mark.parametrize("name", ["", "a/b", "a b", "../up", "x" * 101, "nul\0"])
def test_a_name_that_can_not_stand_in_an_address_is_refused(name):
    with pytest.raises(ValueError, match="can't be the name of a job"):
        safe_job(name)
