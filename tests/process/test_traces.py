"""Traces of real processes, sent to a collector that speaks OTLP over HTTP."""

import gzip
import json
import signal
import socket
import threading
import time
import urllib.request
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.waiting import wait_until

pytestmark = pytest.mark.process


class Collector(ThreadingHTTPServer):
    """Keeps each span that it is sent, as (service, name, attributes, trace)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def named(self, name):
        return [span for span in self.spans if span[1] == name]


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = attributes(resource.resource)["service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    found = (service, span.name, attributes(span), span.trace_id.hex())
                    self.server.spans.append(found)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()
        self.wfile.write(ExportTraceServiceResponse().SerializeToString())

    def log_message(self, *_args):
        pass


def attributes(holder):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in holder.attributes}


@pytest.fixture
def collector(installation):
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        installation.env |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        yield server
        server.shutdown()
        thread.join()


def test_the_worker_sends_its_runs_and_its_log_names_their_traces(installation, collector):
    worker = installation.worker()
    wait_until(lambda: collector.named("run tick"), 20)
    service, _name, told, trace = collector.named("run tick")[0]
    assert service == "vsmanager"
    assert told["job"] == "tick"
    assert told["status"] == "succeeded"
    assert 0 <= told["lag_seconds"] < 10
    wait_until(lambda: trace in installation.log(), 5)
    events = [json.loads(line) for line in installation.log().splitlines()]
    lines = [one for one in events if one.get("trace_id") == trace]
    assert [one["event"] for one in lines] == ["tick_started", "tick_completed"]
    assert {one["run_id"] for one in lines} == {told["run_id"]}
    # What is still unsent goes before the end.
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    count = len(installation.runs("tick"))
    assert len(collector.named("run tick")) == count


def test_the_web_sends_its_requests(installation, collector):
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    arguments = ("--bind", f"127.0.0.1:{port}", "--logger-class", "vsmanager.weblog.Logger")
    web = installation.start("-m", "gunicorn", *arguments, "vsmanager.wsgi")

    def answers():
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/"):
            return True

    wait_until(answers, 20)
    web.send_signal(signal.SIGTERM)
    assert web.wait(20) == 0
    assert [told for _service, _name, told, _trace in collector.spans if told.get("request_id")]


def test_a_collector_that_is_away_keeps_nothing_from_its_end(installation):
    url = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_BSP_SCHEDULE_DELAY": "200"}
    worker = installation.worker(**url)
    wait_until(lambda: installation.runs("tick").count("succeeded") > 1, 20)
    begun = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert time.monotonic() - begun < 10
    for line in installation.log().splitlines():
        json.loads(line)
