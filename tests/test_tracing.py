"""Traces: a span for each request, for each run and for what it asks of the upstreams."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import structlog
from django.test import Client
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from mods import jobs
from mods.http import Limits
from scheduling import registry, runner, spans
from scheduling.registry import safe_job
from scheduling.runner import ClaimedRun
from tests.scheduling.leader import NOON
from vsmanager import tracing
from vsmanager.standin.server import StandIn

PROJECT = Path(__file__).resolve().parent.parent
ID = "ab" * 16


class Sent(InMemorySpanExporter):
    """Spans that have ended, by name."""

    def named(self, name):
        return [span for span in self.get_finished_spans() if span.name == name]

    def one(self, name):
        (span,) = self.named(name)
        return span


@pytest.fixture
def sent(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE]
    exporter = Sent()
    end = tracing.begin(SimpleSpanProcessor(exporter))
    yield exporter
    end()
    assert spans._opener is None


class Ignored:
    def started(self, *_args):
        pass

    def finished(self, outcome):
        pass


def run(name, **fields):
    """As the worker does, in a thread."""
    claimed = ClaimedRun(run_id=7, job_name=name, scheduled_for=NOON, **fields)
    thread = threading.Thread(target=lambda: runner.run(claimed, Ignored(), lambda: NOON))
    thread.start()
    thread.join()
    return claimed


def test_a_run_is_a_span_with_its_job_slot_and_end(sent, cast):
    run("noop", attempt=2)
    span = sent.one("run noop")
    assert dict(span.attributes) == {
        "job": "noop",
        "run_id": 7,
        "attempt": 2,
        "slot": "2026-11-23T12:00:00+00:00",
        "status": "succeeded",
    }
    assert span.status.status_code is StatusCode.UNSET


def test_a_first_attempt_tells_how_late_it_began(sent, cast):
    run("noop")
    assert sent.one("run noop").attributes["lag_seconds"] == 0.0


def test_a_run_that_failed_is_a_span_that_failed(sent, cast):
    run("failing")
    span = sent.one("run failing")
    assert span.status.status_code is StatusCode.ERROR
    # What went wrong may tell more than a collector should know.
    assert "the well is dry" not in span.to_json()


def test_runs_of_one_thread_are_traces_of_their_own(sent, cast):
    run("noop")
    run("noop")
    first, second = sent.named("run noop")
    assert first.context.trace_id != second.context.trace_id
    assert first.parent is None


@pytest.mark.django_db
def test_what_a_run_asks_of_an_upstream_is_a_span_beneath_it(sent, monkeypatch, settings):
    monkeypatch.setattr(jobs, "FEED_LIMITS", Limits(backoff=0.01))
    monkeypatch.setattr(registry, "_jobs", {})
    with StandIn() as upstream:
        settings.VERSIONS_URL = upstream.url
        upstream.fail("/stable.json", "status", status=503, times=1)

        @safe_job("feed")
        def feed():
            with jobs.Client(jobs.FEED_LIMITS, setting="VERSIONS_URL") as client:
                client.fetch_json(f"{upstream.url}/stable.json")

        claimed = ClaimedRun(run_id=7, job_name="feed", scheduled_for=NOON)
        claimed.context.request_id = ID
        thread = threading.Thread(target=runner.run, args=(claimed, Ignored(), lambda: NOON))
        thread.start()
        thread.join()
        headers = [one.headers for one in upstream.requests]
    ours, calls = sent.one("run feed"), sent.named("GET")
    assert [span.attributes["outcome"] for span in calls] == ["unavailable", "ok"]
    assert [span.attributes["http.response.status_code"] for span in calls] == [503, 200]
    for span in calls:
        assert span.kind is SpanKind.CLIENT
        assert span.parent.span_id == ours.context.span_id
        assert span.attributes["url.full"] == f"{upstream.url}/stable.json"
    assert {span.attributes["request_id"] for span in [ours, *calls]} == {ID}
    # Upstreams are told the id of the request, and nothing of our traces.
    assert {one["X-Request-ID"] for one in headers} == {ID}
    assert not [name for one in headers for name in one if name.lower().startswith("trace")]


@pytest.mark.django_db
def test_a_web_request_is_a_span(sent):
    Client().get("/admin/login/", headers={"X-Request-ID": ID})
    (span,) = sent.get_finished_spans()
    assert span.kind is SpanKind.SERVER
    assert span.attributes["request_id"] == ID


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_machines_ask_all_the_time_is_none(sent, path):
    Client().get(path)
    assert not sent.get_finished_spans()


def test_log_lines_carry_the_ids_of_their_span(sent, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    (processor,) = tracing.processors()
    with spans.span("outer", {}):
        line = processor(structlog.get_logger(), "info", {"event": "said"})
    span = sent.one("outer")
    assert line["trace_id"] == f"{span.context.trace_id:032x}"
    assert line["span_id"] == f"{span.context.span_id:016x}"
    assert processor(None, "info", {"event": "said"}) == {"event": "said"}


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_sent_where_a_collector_is_named(monkeypatch, env, wanted):
    for name in tracing._ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert tracing.wanted() is wanted


def test_where_the_extra_is_missing_the_log_says_what_to_do(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    monkeypatch.setattr(tracing, "find_spec", lambda _name: None)
    monkeypatch.setattr(tracing, "begin", pytest.fail)
    with structlog.testing.capture_logs() as events:
        tracing.start()
    assert events[0]["reason"] == "pip install -r requirements-otel.txt"
    assert tracing.processors() == []


def test_without_a_collector_nothing_of_it_is_imported():
    code = (
        "import sys; from vsmanager.start import read_settings; read_settings();"
        "import django; django.setup(); import vsmanager.wsgi, scheduling.worker;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, text=True, capture_output=True, check=True
    )
    assert done.stdout == "[]\n"


def test_without_a_collector_a_run_costs_nothing_more(cast, monkeypatch):
    monkeypatch.setattr(spans, "_in_span", pytest.fail)
    assert run("noop").started_at == NOON
