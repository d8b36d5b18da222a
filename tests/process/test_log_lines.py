"""What real processes write to stderr: one JSON object a line, whatever happens."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing, suppress

import pytest

from tests.waiting import wait_until

from .databases import SERVER
from .nursery import PROJECT

pytestmark = pytest.mark.process
ID = "0f" * 16


def events(text):
    """Every line is an object with an event."""
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(one, dict) and one["event"] and one["level"] for one in found)
    return found


def named(found, name):
    return [one for one in found if one["event"] == name]


@pytest.fixture
def web(installation):
    """gunicorn with two workers; ``ask`` gives the status and the headers of an answer."""

    def start(**env):
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            port = probe.getsockname()[1]
        number = len(installation.processes)
        arguments = ("--bind", f"127.0.0.1:{port}", "--workers", "2", "--log-level", "info")
        logger = ("--logger-class", "vsmanager.weblog.Logger")
        process = installation.start("-m", "gunicorn", *arguments, *logger, "vsmanager.wsgi", **env)

        def ask(path, **headers):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.status, answer.headers, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.headers, error.read().decode()

        def answers():
            with suppress(OSError):
                return ask("/healthz")[0] == 200

        wait_until(lambda: process.poll() is not None or answers(), 30)
        return process, ask, lambda: installation.log(number)

    return start


def test_the_web_tells_each_request_in_a_line(web):
    process, ask, log = web()
    _status, headers, _body = ask("/nowhere?secret=1", **{"X-Request-ID": ID})
    assert headers["X-Request-ID"] == ID
    for path in ("/readyz", "/metrics"):
        assert ask(path)[0] == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    found = events(log())
    (told,) = named(found, "request")
    assert (told["method"], told["path"], told["status"]) == ("GET", "/nowhere", 404)
    assert told["request_id"] == ID
    assert told["user"] is None
    assert told["ms"] >= 0
    assert "secret" not in log()
    # gunicorn's own, in the same form.
    assert {one["logger"] for one in found} >= {"gunicorn.error", "web"}
    assert "Shutting down: Master" in {one["event"] for one in found}


def test_no_charset_that_a_request_names_keeps_the_web_from_answering(web):
    _process, ask, log = web()
    for charset in ("zlib", "undefined", "utf-16", "utf8"):
        kind = f"text/plain; charset={charset}"
        assert ask("/healthz?odd=%ff", **{"Content-Type": kind})[0] == 200
    assert ask("/", Host="evil.example")[0] == 400
    assert {one["level"] for one in events(log())} <= {"info", "warning"}


def test_every_process_of_the_web_tells_the_same_numbers(web, installation):
    _process, ask, _log = web()
    installation.add_run("nap", "succeeded", __import__("datetime").datetime.now())
    answers = {
        "\n".join(line for line in ask("/metrics")[2].splitlines() if "_runs_total{" in line)
        for _ in range(12)
    }
    assert len(answers) == 1


def test_a_bad_setting_ends_the_web_in_one_line(web):
    process, _ask, log = web(LOG_LEVEL="loud")
    assert process.wait(10) == 1
    (told,) = events(log())
    assert told["event"].startswith("vsmanager can't start: LOG_LEVEL ")


def test_a_web_that_fails_as_it_starts_tells_it_as_an_event(web):
    process, _ask, log = web(DJANGO_SETTINGS_MODULE="tests.process.nowhere")
    assert process.wait(10) != 0
    assert any("nowhere" in one.get("exception", "") for one in events(log()))


def test_the_worker_tells_everything_in_lines(installation):
    worker = installation.worker(PYTHONDONTWRITEBYTECODE="1")
    installation.queue("rave")
    wait_until(lambda: installation.runs("rave") == ["succeeded"], 20)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    found = events(installation.log())
    (told,) = named(found, "named")
    assert told["mod"].startswith('Evil\n{"event": "forged"}')
    assert "\x1b" not in told["mod"]
    assert told["job"] == "rave"
    (numbers,) = named(found, "numbers")
    assert (numbers["nan"], numbers["inside"]) == ("nan", ["inf"])
    assert named(found, "record_not_logged")
    (died,) = named(found, "thread_died")
    assert "ZeroDivisionError" in died["exception"]
    assert any("nobody should do this" in one["event"] for one in found)
    assert {"scheduler_started", "rave_completed", "scheduler_stopped"} <= {
        one["event"] for one in found
    }


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"SCHEDULER_THREADS": "many"}, "vsmanager can't start: SCHEDULER_THREADS "),
        ({"SCHEDULER_EXECUTOR": "procrastinate"}, "SystemCheckError: "),
    ],
)
def test_a_worker_that_may_not_start_says_so_in_one_line(installation, env, told):
    if SERVER and "SCHEDULER_EXECUTOR" in env:
        pytest.skip("about SQLite")
    done = installation.manage("runscheduler", **env)
    assert done.returncode == 1
    (event,) = events(done.stderr)
    assert event["event"].startswith(told)


def test_an_error_that_nobody_caught_is_one_line(installation):
    failing = "import django; from vsmanager.start import read_settings as r; r(service=True); 1/0"
    done = subprocess.run(
        [sys.executable, "-c", failing],
        cwd=PROJECT,
        env=installation.env | {"PATH": os.environ["PATH"]},
        text=True,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    (told,) = events(done.stderr)
    assert told["event"] == "uncaught_exception"
    assert "ZeroDivisionError" in told["exception"]
