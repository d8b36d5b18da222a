"""/healthz and /readyz: true, cheap, and never the reason for a page at night."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from scheduling import health
from scheduling.models import JobSchedule, SchedulerProcess

from .conftest import registered


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("the database is away: secret/path")

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", away)


def test_it_tells_of_the_leader(
    client: Client, tides: JobSchedule, leader: SchedulerProcess
) -> None:
    registered(tides)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "data": {
            "api": "healthy",
            "scheduler": {
                "status": "running",
                "job_count": 1,
                "leader": "lighthouse:7",
                "last_heartbeat": leader.heartbeat_at.isoformat(),
            },
        },
    }
    assert not answer.cookies


def test_a_silent_leader_counts_as_stopped(client: Client, leader: SchedulerProcess) -> None:
    silent = datetime.now(UTC) - timedelta(seconds=16)
    SchedulerProcess.objects.update(heartbeat_at=silent)
    scheduler = client.get("/healthz").json()["data"]["scheduler"]
    assert (scheduler["status"], scheduler["leader"]) == ("stopped", None)
    assert scheduler["last_heartbeat"] == silent.isoformat()


def test_it_answers_without_a_database(client: Client, no_database: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["data"]["scheduler"] == {
        "status": "stopped",
        "job_count": 0,
        "leader": None,
        "last_heartbeat": None,
    }


def test_ready_means_migrated_and_asks_cheaply_afterwards(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    assert client.get("/readyz").status_code == 200
    with django_assert_num_queries(1):
        assert client.get("/readyz").status_code == 200


def test_not_ready_while_migrations_are_missing(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'scheduling'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "MIGRATIONS_MISSING"


def test_not_ready_without_a_database(client: Client, no_database: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "DATABASE_UNAVAILABLE"
    assert b"secret" not in answer.content


@pytest.mark.parametrize("url", ["/healthz", "/readyz"])
def test_they_only_answer_reading(client: Client, db: None, url: str) -> None:
    assert client.head(url).status_code == 200
    assert client.post(url).status_code == 405


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the web process, where what was read is kept; here for as long as the test takes."""
    lately = health.Lately()
    lately.keep_for = 3600
    monkeypatch.setattr(health, "lately", lately)


def test_any_number_of_questions_reads_once(
    client: Client, kept: None, leader: SchedulerProcess, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        answers = {client.get("/healthz").content for _ in range(5)}
    assert len(answers) == 1


def test_a_leader_that_falls_silent_meanwhile_is_noticed_without_reading(
    client: Client, kept: None, leader: SchedulerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/healthz").json()["data"]["scheduler"]["status"] == "running"
    later = datetime.now(UTC) + timedelta(seconds=16)
    monkeypatch.setattr(health, "now", lambda: later)
    assert client.get("/healthz").json()["data"]["scheduler"]["status"] == "stopped"


def test_while_one_reads_the_others_do_not_wait(leader: SchedulerProcess) -> None:
    lately = health.Lately()
    lately.keep_for = 0.000001
    first = lately.rows()
    lately._reading.acquire()
    assert lately.rows() is first
    lately._reading.release()
    assert lately.rows() is not first
