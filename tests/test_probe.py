"""The health checks of the containers."""

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from vsmanager import probe


@pytest.fixture
def pages():
    """A server that answers /readyz with ``status``, and remembers for which host it was asked."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked = (self.path, self.headers["Host"])
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Pages)
    server.status = 200
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        ("mods.example.org,localhost", "mods.example.org"),
        (".example.org", "example.org"),
        ("*", "localhost"),
        ("", "localhost"),
    ],
)
def test_the_pages_are_asked_by_a_name_that_they_go_by(pages, monkeypatch, hosts, host):
    monkeypatch.setenv("ALLOWED_HOSTS", hosts)
    assert probe.main(["web", str(pages.server_port)]) == ""
    assert pages.asked == ("/readyz", host)


def test_pages_that_are_not_ready_are_found(pages):
    pages.status = 503
    assert probe.main(["web", str(pages.server_port)]) == "/readyz answers 503"


def test_pages_that_do_not_answer_are_found(pages):
    port = pages.server_port
    pages.server_close()
    assert probe.main(["web", str(port)]).startswith("/readyz does not answer: ")


@pytest.mark.parametrize(
    ("silent", "told"), [(89, ""), (200, "The worker has not beaten for 200 s")]
)
def test_a_worker_is_well_that_beat_of_late(tmp_path, monkeypatch, silent, told):
    beat = tmp_path / "beat"
    beat.touch()
    os.utime(beat, (1_000, 1_000))
    monkeypatch.setenv("BEAT_FILE", str(beat))
    assert probe.worker(1_000 + silent) == told


def test_a_worker_that_never_beat_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("BEAT_FILE", str(tmp_path / "beat"))
    assert probe.main(["worker"]).startswith("The worker has not beaten: ")


def test_whoever_names_nothing_is_told_what_to_name():
    assert probe.main([]) == "Say what to look at: web or worker."
