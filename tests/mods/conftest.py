"""A stand-in for the upstreams, limits short enough for tests, and the jobs run through it."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from mods import jobs
from mods.http import Limits
from scheduling import registry
from scheduling.registry import Outcome, RunContext
from vsmanager.standin.server import StandIn

LIMITS = Limits(
    connect=2, read=0.4, total=0.8, backoff=0.01, longest_wait=0.3, max_bytes=4 * 1024 * 1024
)
Run = Callable[[str], Outcome]


@pytest.fixture
def upstream(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setattr(jobs, "CATALOGUE_LIMITS", LIMITS)
    monkeypatch.setattr(jobs, "DETAIL_LIMITS", LIMITS)
    monkeypatch.setattr(jobs, "FEED_LIMITS", LIMITS)
    monkeypatch.setattr(jobs, "DETAIL_GAP", 0)
    with StandIn(mods=100) as standin:
        settings.MODDB_URL = settings.VERSIONS_URL = standin.url
        yield standin


@pytest.fixture
def run() -> Run:
    """Run a job as the worker does; returns its Outcome."""

    def run_job(name: str) -> Outcome:
        return registry.get(name).run(RunContext(job=name, run_id=1))

    return run_job


def written_by(refresh: Callable[[], object]) -> list[str]:
    """The tables that a refresh wrote to, one for each statement."""
    with CaptureQueriesContext(connection) as queries:
        refresh()
    writes = ("INSERT INTO", "UPDATE", "DELETE FROM")
    # As SQLite is told the same statement with many values.
    sql = [re.sub(r"^\d+ times: ", "", query["sql"]) for query in queries]
    return [text.split('"')[1] for text in sql if text.startswith(writes)]
