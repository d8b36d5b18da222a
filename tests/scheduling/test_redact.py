"""What looks like a secret is neither logged nor stored, and costs nothing where there is none."""

import io
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from scheduling import redact, registry
from scheduling.redact import redacted
from scheduling.registry import current_run, safe_job
from scheduling.runner import ClaimedRun, run
from vsmanager import logs

SLOT = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECRETS = [
    "connection to postgres://vs:{}@db.example/vs failed",
    "401 for Authorization: Bearer {}",
    "{{'Authorization': 'Token {}'}}",
    "authorization=Basic {}",
    "GET https://api.example/x?api_key={}&page=2",
    "https://ann:{}@example.com/feed",
    "password: {}, user: ann",
    '{{"DB_PASSWORD": "{}"}}',
    "host=db user=vs password='{}' dbname=vs",
    "secret_key = {}",
    "Cookie: sessionid={}; csrftoken={}",
    "Set-Cookie: sessionid={}; HttpOnly",
    "could not send to discord://1234/{}",
    "mailtos://ann:{}@example.com refused",
    "POST https://discord.com/api/webhooks/1234/{} gave 404",
    "POST https://hooks.slack.com/services/T0/B0/{}",
    "https://api.telegram.org/bot1234:{}/sendMessage",
    "the token vsm_{} was refused",
]
SECRET = "s3cr3tS3cr3tS3cr3tS3cr3t"


@pytest.mark.parametrize("form", SECRETS)
def test_no_form_of_a_secret_is_left(form: str) -> None:
    text = form.format(*[SECRET] * 2)
    assert SECRET in text
    for told in (redacted(text), redacted(f"{'x ' * 400}\n{text}\nend")):
        assert SECRET not in told
        assert "•••" in told
        assert redacted(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "The secret garden is closed. Basic rules apply.",
        "a token was refused by https://mods.example/api/mods?page=2",
        "http://127.0.0.1:8000/ answered 500 to ann@example.com",
        "Traceback (most recent call last):",
        "KeyError: 'sessions'",
        "disk at sqlite:////var/lib/vsmanager.sqlite3 is full",
        "author: Ann, monkey: yes, passed: 3",
        "",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("unit", ["a-", "pass", "pass=", 'token="', "://", "authorization: ", "_"])
def test_a_long_text_takes_no_long_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = time.process_time()
    redacted(text)
    assert time.process_time() - began < 2


def test_what_the_process_was_given_is_known_whatever_it_looks_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redact, "_known", None)
    redact.know("https://ping.example/very-private", "hush hush", "", "short")
    assert redacted("no answer from https://ping.example/very-private") == "no answer from •••"
    assert redacted("it said hush hush, in short") == "it said •••, in short"


class Fails(Exception):
    """Has the secret in its text, and in its cause's."""


@pytest.fixture
def leaking(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_jobs", {})

    @safe_job("leaking")
    def leaking() -> None:
        log = structlog.get_logger()
        current_run().progress(1, 2, f"with password={SECRET}")
        log.info("called", url=f"https://ann:{SECRET}@example.com", api_token=SECRET)
        log.warning("sent", headers={"Authorization": f"Bearer {SECRET}"}, tries=[f"pwd={SECRET}"])
        logging.getLogger("other").warning("login with token=%s failed", SECRET)
        try:
            raise Fails(f"postgres://vs:{SECRET}@db/vs is away")
        except Fails as error:
            log.warning("again", error=error, exc_info=error)
            raise ValueError(f"discord://1/{SECRET} is gone") from error

    @safe_job("returning")
    def returning() -> dict[str, Any]:
        return {"password": SECRET, "from": f"https://ann:{SECRET}@example.com", "rows": 3}

    yield
    for name in ("leaking", "returning"):
        registry.unregister(name)


class Kept:
    """In place of a recorder."""

    def started(self, *_: object) -> None:
        """Not kept."""

    def finished(self, finished: Any) -> None:
        self.end = finished


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_run_that_fails_stores_and_logs_no_secret(
    leaking: None, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    told, kept = io.StringIO(), Kept()
    monkeypatch.setattr("sys.stderr", told)
    logs.configure(form, "INFO")
    try:
        run(ClaimedRun(run_id=1, job_name="leaking", scheduled_for=SLOT), kept, lambda: SLOT)  # type: ignore[arg-type]
    finally:
        logs.configure("console", "INFO")
    stored = json.dumps(
        [kept.end.error, kept.end.traceback, kept.end.log, kept.end.result, kept.end.progress]
    )
    # The source of the job shows the name, never the value.
    for text in (stored, told.getvalue()):
        assert SECRET not in text
        assert "postgres://" in text
        assert "leaking_failed" in text
    assert kept.end.error == "ValueError: discord://••• is gone"
    if form == "json":
        assert all(json.loads(line) for line in told.getvalue().splitlines())


def test_a_result_holds_no_secret(leaking: None) -> None:
    kept = Kept()
    run(ClaimedRun(run_id=1, job_name="returning", scheduled_for=SLOT), kept, lambda: SLOT)  # type: ignore[arg-type]
    assert kept.end.result == {"password": "•••", "from": "https://•••@example.com", "rows": 3}


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_what_is_nested_ever_deeper_becomes_text_at_the_tenth_level(wrap):
    given: Any = "password: hunter2"
    for _ in range(30):
        given = wrap(given)
    levels, left = 0, redact.value(given)
    while not isinstance(left, str):
        levels, left = levels + 1, left[0] if isinstance(left, list) else left["a"]
    assert levels == 10
    assert "hunter2" not in left
