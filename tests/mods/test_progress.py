"""What the two jobs tell of their progress and their steps."""

from typing import Any

import pytest
import requests
from structlog.testing import capture_logs

from mods import http, sync
from scheduling import registry
from scheduling.registry import RunContext
from vsmanager.standin.server import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Everything that was reported, in its order."""
    reported: list[Any] = []
    progress = RunContext.progress

    def noted(self: RunContext, *said: Any) -> None:
        progress(self, *said)
        reported.append(self.reached)

    monkeypatch.setattr(RunContext, "progress", noted)
    return reported


def run(name: str) -> list[str]:
    """Run the job; returns the events of its steps."""
    with capture_logs() as logs:
        assert registry.get(name).run(RunContext(job=name, run_id=1)).ok
    return [log["event"] for log in logs]


def test_the_catalogue_tells_the_bytes_that_came_and_the_rows_that_were_stored(
    upstream: StandIn, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync.batches, "__defaults__", (40,))
    run("mod_cache_refresh")
    came = [each for each in told if each.text == "bytes downloaded"]
    # Packed as they came over the wire: all of them, whatever was unpacked from them.
    assert came[-1].done == came[-1].total > 0
    assert [tuple(each) for each in told if each not in came] == [
        (stored, 100, "changed mods stored") for stored in (40, 80, 100)
    ]


def test_a_body_without_a_length_has_a_progress_without_a_total(
    upstream: StandIn, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mods.http._length", lambda _response: None)
    run("mod_cache_refresh")
    assert told[0].done > 0
    assert told[0].total is None


@pytest.mark.parametrize(
    ("header", "length"),
    [("120", 120), ("", None), ("-1", None), ("many", None), ("٣", None), ("9" * 5_000, None)],
)
def test_a_length_that_is_none_is_left_out(header: str, length: int | None) -> None:
    response = requests.Response()
    response.headers["Content-Length"] = header
    assert http._length(response) == length


def test_the_versions_tell_which_channels_are_done(upstream: StandIn, told: list[Any]) -> None:
    run("server_versions_check")
    assert [tuple(each) for each in told] == [(n, 2, "channels checked") for n in (1, 2)]


def test_each_step_leaves_a_line(upstream: StandIn) -> None:
    assert run("mod_cache_refresh") == [
        "mod_cache_refresh_started", "catalogue_fetched", "catalogue_stored",
        "mod_cache_refresh_completed",
    ]  # fmt: skip
    assert run("server_versions_check").count("feed_stored") == 2


def test_a_channel_that_failed_leaves_a_line_too(upstream: StandIn) -> None:
    upstream.fail("/stable.json", "html")
    with capture_logs() as logs:
        registry.get("server_versions_check").run(RunContext(job="x", run_id=1))
    steps = [(log["event"], log["channel"]) for log in logs if "channel" in log]
    assert ("feed_failed", "stable") in steps
    assert ("feed_stored", "unstable") in steps
