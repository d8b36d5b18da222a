"""Requests to the upstreams are counted by how they ended, and carry the id of the request or run
that they are made for, and nothing else of it."""

import re

import pytest
from django.db import OperationalError
from django.test import Client

from mods import calls
from mods.models import SourceCheck, UpstreamCount
from scheduling import requestid
from scheduling.registry import Outcome
from vsmanager.standin.server import StandIn

from .cast import NOON, mod

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    monkeypatch.setattr(calls, "_waiting", calls.Waiting())
    yield
    requestid.unbind()


def counted():
    return {
        (row.upstream, row.outcome): row.requests for row in UpstreamCount.objects.order_by("pk")
    }


def test_requests_are_counted_when_the_job_ends(upstream: StandIn, run):
    run("mod_cache_refresh")
    run("server_versions_check")
    assert counted() == {("moddb", "ok"): 1, ("versions", "ok"): 2}
    run("server_versions_check")
    assert counted()["versions", "ok"] == 4
    assert UpstreamCount.objects.get(upstream="moddb").seconds > 0


def test_each_attempt_counts_by_its_own_end(upstream: StandIn, run):
    upstream.fail("/api/mods", "status", status=503, times=2)
    outcome: Outcome = run("mod_cache_refresh")
    assert outcome.ok
    assert counted() == {("moddb", "ok"): 1, ("moddb", "unavailable"): 2}


def test_failures_have_names(settings, run, upstream: StandIn):
    settings.MODDB_URL = "http://127.0.0.1:9"
    run("mod_cache_refresh")
    assert counted() == {("moddb", "unreachable"): 3}
    assert "unreachable" in calls.OUTCOMES


def test_what_could_not_be_written_is_written_later(upstream: StandIn, run, monkeypatch):
    with monkeypatch.context() as patched:

        def away(**_fields):
            raise OperationalError("the database is away")

        patched.setattr(UpstreamCount.objects, "get_or_create", away)
        assert run("server_versions_check").ok
    assert counted() == {}
    calls.write()
    assert counted() == {("versions", "ok"): 2}


def test_all_requests_of_a_run_carry_one_id(upstream: StandIn, run):
    run("server_versions_check")
    ids = [one.headers["X-Request-ID"] for one in upstream.requests]
    assert ids[0] == ids[1]
    assert re.fullmatch("[0-9a-f]{32}", ids[0])


def test_it_is_that_of_the_request_that_asked_for_the_run(upstream: StandIn, run):
    requestid.bind("ab" * 16)
    run("mod_cache_refresh")
    assert upstream.requests[-1].headers["X-Request-ID"] == "ab" * 16


def test_metrics_tell_of_sources_and_requests(upstream: StandIn, run):
    run("mod_cache_refresh")
    mod(999_999, "gone", delisted_at=NOON)
    text = Client(SERVER_NAME="localhost").get("/metrics").content.decode()
    assert 'mods_upstream_requests_total{outcome="ok",upstream="moddb"} 1.0' in text
    assert 'mods_upstream_requests_total{outcome="too_slow",upstream="versions"} 0.0' in text
    assert 'mods_source_age_seconds{source="catalogue"}' in text
    assert "mods_listed 100.0" in text
    assert "mods_tracked 0.0" in text
    assert SourceCheck.objects.count() == 1
