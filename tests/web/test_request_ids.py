"""The id of a request: in its answer, in its log, and with the run that it asks for."""

import re
import threading

import pytest
import structlog
from structlog.testing import capture_logs

from scheduling import claims, registry, requestid, runner, tokens
from scheduling.metrics import exposition
from scheduling.models import JobRun, SchedulerProcess
from scheduling.registry import safe_job

from .conftest import NOON

pytestmark = pytest.mark.django_db
GIVEN = "0123456789abcdef0123456789ABCDEF"


def ask_for_a_run(client, schedule, request_id=GIVEN):
    answer = client.post(
        f"/api/v1/jobs/{schedule.name}/run", headers={requestid.HEADER: request_id}
    )
    assert answer.status_code == 202, answer.content
    return JobRun.objects.get(pk=answer.json()["data"]["run_id"])


@pytest.mark.parametrize("given", [GIVEN, "123e4567-e89b-12d3-a456-426614174000"])
def test_a_uuid_is_taken_over(client, given):
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "ann@example.org", "12", "a" * 33, 'x"} {"event": "forged"', "é" * 32]
)
def test_whatever_else_is_replaced(client, given):
    answered = client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", answered)


def test_each_request_has_another(client):
    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


def told(client, path, **options):
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as events:
        client.get(path, **options)
    return [one for one in events if one["event"] == "request"]


def test_a_request_is_one_line_with_who_asked_and_how_it_went(as_ann, ann, schedules):
    (line,) = told(as_ann, "/runs/?job=tides", headers={"X-Request-ID": GIVEN})
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/runs/",
        "status": 200,
        "user": ann.pk,
        "request_id": GIVEN,
    }


def test_who_asks_by_token_is_known_too(client, ann, schedules):
    bearer = {"authorization": f"Bearer {tokens.issue(ann)}"}
    (line,) = told(client, "/api/v1/jobs", headers=bearer)
    assert line["user"] == ann.pk


def test_the_log_looks_nobody_up(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        (line,) = told(client, "/nowhere")
    assert (line["user"], line["status"]) == (None, 404)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_machines_ask_all_the_time_is_not_told(client, path):
    assert told(client, path) == []


def test_nothing_is_left_of_it_for_the_next_request_of_the_thread(client):
    client.get("/healthz")
    assert requestid.current() == ""


def test_an_answer_to_what_broke_has_one_too(client, monkeypatch):
    def broken(_metrics, _accept):
        raise RuntimeError

    monkeypatch.setattr(exposition, "exposition", broken)
    client.raise_request_exception = False
    answer = client.get("/metrics", headers={"X-Request-ID": GIVEN, "host": "localhost"})
    assert (answer.status_code, answer["X-Request-ID"]) == (500, GIVEN)


@pytest.fixture
def speaks(tides):
    """The job whose schedule is ``tides`` says what it knows."""
    heard = []
    registry.unregister("tides")

    @safe_job("tides")
    def job():
        heard.append(requestid.current())

    return heard


class Ignored:
    def started(self, *_args):
        pass

    def finished(self, outcome):
        self.outcome = outcome


def run_in_thread(claimed):
    """As the worker does; returns the outcome, and the id that was left in the thread."""
    recorder, left = Ignored(), []

    def run():
        runner.run(claimed, recorder, lambda: NOON)
        left.append(requestid.current())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return recorder.outcome, left[0]


def claim():
    process = SchedulerProcess.objects.create(host="mole", pid=7)
    (claimed,) = claims.take_queued(process, JobRun.objects.get().scheduled_for)
    return claimed


def test_a_run_that_was_asked_for_has_the_id_of_the_request(as_ann, tides, speaks):
    run = ask_for_a_run(as_ann, tides)
    assert [(one["event"], one["request_id"]) for one in run.log] == [("run_requested", GIVEN)]
    outcome, left = run_in_thread(claim())
    assert speaks == [GIVEN]
    # And it stays in the run's log, once, before all that the job says.
    assert outcome.log[0] == run.log[0]
    assert [one["event"] for one in outcome.log][1:] == [
        "tides_started",
        "tides_completed",
    ]
    assert "request_id" not in outcome.log[1]
    # The thread's next run is another's.
    assert left == ""


@pytest.mark.parametrize(
    "log", [[], [1], {}, None, [{"event": "run_requested", "request_id": "<script>"}]]
)
def test_what_else_stands_in_the_log_of_a_queued_run_is_no_id(tides, speaks, log):
    JobRun.objects.create(job_name="tides", trigger="manual", scheduled_for=NOON, log=log or [])
    claimed = claim()
    assert claimed.context.request_id == ""
    run_in_thread(claimed)
    assert speaks == [""]


def test_a_run_that_a_script_asks_for_has_none(ann, tides):
    from scheduling import actions

    assert actions.run_now(tides, ann).log == []
