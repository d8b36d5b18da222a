"""Receivers of news: a web server and a mail server; channels and rules that use them."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from pytest_django.fixtures import Settings

from mods.models import NewsChannel, NewsMessage, NewsRule
from mods.news import post
from mods.news.post import Answer
from scheduling.models import JobRun, JobSchedule

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECRET = "s3cr3t-t0ken-of-ann"
ADDRESS = f"json://news.example/{SECRET}"
MINUTE = timedelta(minutes=1)


class Receiver:
    """Takes webhooks: ``bodies`` are what came, ``answers`` what is answered, 200 in the end."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        # How many wait until they are let go.
        self.waiting = 0
        self.let_go = threading.Event()
        self.let_go.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.waiting += 1
                receiver.let_go.wait(20)
                receiver.waiting -= 1
                length = int(self.headers.get("Content-Length", 0))
                receiver.paths.append(self.path)
                receiver.bodies.append(json.loads(self.rfile.read(length) or b"{}"))
                self._answer()

            def do_GET(self) -> None:
                receiver.paths.append(self.path)
                self._answer()

            def _answer(self) -> None:
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


class Mailbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.mails.append(message)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server, and its port."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def private(settings: Settings) -> None:
    """Receivers on this machine are allowed."""
    settings.NEWS_ALLOW_PRIVATE = True


class Post:
    """Stands in for the process that sends: keeps what was sent, answers ``problem``."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.problem = ""

    def __call__(self, address: str, title: str, body: str, seconds: float = 0) -> Answer:
        self.sent.append((title, body))
        return Answer(problem=self.problem, service="JSON")

    @property
    def bodies(self) -> list[str]:
        return [body for _title, body in self.sent]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Post:
    fake = Post()
    monkeypatch.setattr(post, "send", fake)
    return fake


def channel(name: str = "chat", address: str = ADDRESS, **fields: Any) -> NewsChannel:
    made = NewsChannel(name=name, **{"timezone": "UTC", **fields})
    made.seal(address)
    made.save()
    return made


MakeRule = Callable[..., NewsRule]


def rule(event: str, *channels: NewsChannel, **fields: Any) -> NewsRule:
    made = NewsRule.objects.create(event=event, **fields)
    made.channels.set(channels)
    return made


def job(name: str = "tides", **fields: Any) -> JobSchedule:
    made, _ = JobSchedule.objects.update_or_create(
        name=name, defaults={"interval_seconds": 600, **fields}
    )
    return made


def ran(status: str, at: datetime = NOON, name: str = "tides", **fields: Any) -> JobRun:
    ended = {"started_at": at, "finished_at": at + timedelta(seconds=2)}
    return JobRun.objects.create(
        job_name=name, scheduled_for=at, status=status, **{**ended, **fields}
    )


def told() -> list[str]:
    """What the messages say, oldest first."""
    return [item for message in NewsMessage.objects.order_by("pk") for item in message.items]


@pytest.fixture
def tides() -> JobSchedule:
    JobSchedule.objects.all().delete()
    return job("tides")
