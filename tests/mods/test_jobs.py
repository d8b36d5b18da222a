"""The two jobs as the worker runs them, against a stand-in, through the real client."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from mods import jobs
from mods.errors import UpstreamError
from mods.models import GameVersion, Mod, SourceCheck
from scheduling import registry
from scheduling.errors import JobFailed
from scheduling.registry import Outcome
from vsmanager.standin.server import StandIn

from .conftest import Run

pytestmark = pytest.mark.django_db

MODS, STABLE, UNSTABLE = "/api/mods", "/stable.json", "/unstable.json"

# What is wrong with the upstream, and how the history puts it.
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("refuse", {}, "can't be reached: Connection reset by peer"),
    ("hang", {}, "sent nothing for 0.4 s"),
    ("drip_headers", {}, "did not finish its answer within 0.8 s"),
    ("drip_body", {}, "did not finish its answer within 0.8 s"),
    ("status", {"status": 500}, "answers 500 Internal Server Error"),
    ("status", {"status": 429}, "answers 429 Too Many Requests"),
    ("status", {"status": 429, "retry_after": "120"}, "asks us to come back in 2 minutes, longer"),
    ("status", {"status": 204}, "answers 204 No Content instead of 200 OK"),
    ("html", {}, "did not send the expected JSON: it looks like a web page"),
    ("truncated", {}, "broke off in the middle of its answer"),
    ("truncated", {"with_length": False}, "it breaks off after"),
    ("nul", {"raw": True}, "did not send the expected JSON"),
    ("oversize", {}, "sent more than 4,194,304 bytes (unpacked)"),
    ("gzip_bomb", {}, "sent more than 4,194,304 bytes (unpacked)"),
    ("redirect_loop", {}, "redirects more than 3 times, perhaps in a circle"),
    ("redirect", {"to": "http://other.example/"}, "only redirects within one host are followed"),
    ("body", {"text": ""}, "it is empty"),
]
CATALOGUE_FAULTS: list[tuple[str, dict[str, Any], str]] = [
    *FAULTS,
    ("wrong_statuscode", {}, "its statuscode is 404 instead of 200"),
    ("content", {"value": {"statuscode": "200"}}, "it has no list of mods"),
    ("empty", {}, "The catalogue came empty, while 100 mods are listed here"),
    ("shrunken", {}, "came with 40 mods, while 100 are listed here"),
    ("wrong_types", {"rows": 6}, "6 of 100 mods could not be understood, more than the 5%"),
    ("duplicate_ids", {"rows": 10}, "10 of 110 mods could not be understood"),
]
FEED_FAULTS: list[tuple[str, dict[str, Any], str]] = [
    *(fault for fault in FAULTS if fault[0] != "drip_headers"),
    ("content", {"value": []}, "it is not an object of versions"),
    ("content", {"value": {"next": {}}}, "1 of 1 versions of the stable feed could not be"),
    ("empty", {}, "The stable feed came with 0 versions, while 11 are listed here"),
    ("shrunken", {}, "The stable feed came with 4 versions, while 11 are listed here"),
]


def stored() -> list[Any]:
    """All that the jobs have stored, but for when the unstable feed was looked at."""
    looked = SourceCheck.objects.exclude(source="unstable").order_by("source")
    return [*Mod.objects.values(), *GameVersion.objects.values(), *looked.values()]


def reason(outcome: Outcome) -> str:
    """Why a run failed, without a traceback since the job foresaw it."""
    assert isinstance(outcome.error, JobFailed)
    assert outcome.traceback == ""
    return outcome.reason


def test_the_jobs_are_registered_as_staff_and_scripts_know_them() -> None:
    catalogue = registry.get("mod_cache_refresh")
    versions = registry.get("server_versions_check")
    assert (catalogue.interval_seconds, versions.interval_seconds) == (14_400, 86_400)
    assert (catalogue.min_interval_seconds, versions.min_interval_seconds) == (10, 10)
    assert catalogue.setting == "mod_list_refresh_interval"
    assert versions.setting == "server_versions_refresh_interval"
    assert catalogue.run_at_once
    assert versions.run_at_once
    assert catalogue.description == (
        "Fetches the catalogue of the mod database and stores what changed."
    )


def test_the_catalogue_is_stored(upstream: StandIn, run: Run) -> None:
    outcome = run("mod_cache_refresh")
    body = upstream.world.body(MODS) or b""
    seconds = outcome.value.pop("seconds")
    assert outcome.value == {
        "received": 100, "created": 100, "updated": 0, "unchanged": 0, "delisted": 0,
        "rejected": 0, "bytes": len(body),
    }  # fmt: skip
    assert 0 < seconds < 10
    assert Mod.objects.listed().count() == 100


def test_a_second_refresh_finds_nothing_new(upstream: StandIn, run: Run) -> None:
    run("mod_cache_refresh")
    before = list(Mod.objects.values())
    value = run("mod_cache_refresh").value
    assert (value["created"], value["updated"], value["unchanged"]) == (0, 0, 100)
    assert list(Mod.objects.values()) == before


@pytest.mark.parametrize(("fault", "options", "words"), CATALOGUE_FAULTS)
def test_a_bad_catalogue_changes_nothing_and_the_next_run_goes_on(
    upstream: StandIn, run: Run, fault: str, options: dict[str, Any], words: str
) -> None:
    run("mod_cache_refresh")
    before = stored()
    upstream.fail(MODS, fault, **options)
    outcome = run("mod_cache_refresh")
    assert words in reason(outcome)
    assert isinstance(outcome.error, UpstreamError)
    assert stored() == before
    upstream.heal()
    assert run("mod_cache_refresh").value["unchanged"] == 100


def test_a_fault_on_the_first_run_stores_nothing(upstream: StandIn, run: Run) -> None:
    upstream.fail(MODS, "html")
    assert "web page" in reason(run("mod_cache_refresh"))
    assert not Mod.objects.exists()
    assert not SourceCheck.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"), [("downloads", "many"), ("name", None), ("modid", 2**63), ("tags", "x")]
)
def test_wrong_types_in_some_rows_cost_those_rows_alone(
    upstream: StandIn, run: Run, field: str, value: Any
) -> None:
    upstream.fail(MODS, "wrong_types", rows=3, field=field, value=value)
    with capture_logs() as logs:
        outcome = run("mod_cache_refresh")
    assert (outcome.value["created"], outcome.value["rejected"]) == (97, 3)
    assert len([log for log in logs if log["event"] == "mod_rejected"]) == 3


def test_duplicate_ids_cost_the_doubles_alone(upstream: StandIn, run: Run) -> None:
    upstream.fail(MODS, "duplicate_ids", rows=2)
    value = run("mod_cache_refresh").value
    assert (value["created"], value["rejected"]) == (100, 2)
    assert not Mod.objects.filter(name="A double").exists()


def test_null_bytes_in_names_are_replaced(upstream: StandIn, run: Run) -> None:
    upstream.fail(MODS, "nul")
    assert run("mod_cache_refresh").value["created"] == 100
    assert Mod.objects.filter(name__endswith="\N{REPLACEMENT CHARACTER}").count() == 3


def test_names_with_markup_are_stored_as_they_came(upstream: StandIn, run: Run) -> None:
    run("mod_cache_refresh")
    assert Mod.objects.filter(name="<script>alert('mods')</script>").exists()
    assert Mod.objects.filter(name="  Spaces at both ends ").exists()


def test_the_versions_of_both_channels_are_stored(upstream: StandIn, run: Run) -> None:
    with capture_logs() as logs:
        outcome = run("server_versions_check")
    assert outcome.value == {
        "stable": {"received": 11, "created": 11, "withdrawn": 0, "latest": "1.22.7"},
        "unstable": {"received": 6, "created": 6, "withdrawn": 0, "latest": "1.22.0-rc.10"},
    }
    events = [log["event"] for log in logs if log["event"].startswith("new_")]
    assert events == ["new_stable_version_detected", "new_unstable_version_detected"]


def test_a_new_version_is_announced_once(upstream: StandIn, run: Run) -> None:
    run("server_versions_check")
    upstream.world.life = True
    announced: list[str] = []
    for _ in range(3):
        with capture_logs() as logs:
            run("server_versions_check")
        announced += [log["version"] for log in logs if log["event"].startswith("new_")]
    assert announced == ["1.22.8"]


@pytest.mark.parametrize(("fault", "options", "words"), FEED_FAULTS)
def test_a_bad_feed_keeps_its_versions_and_the_other_is_still_refreshed(
    upstream: StandIn, run: Run, fault: str, options: dict[str, Any], words: str
) -> None:
    run("server_versions_check")
    before = stored()
    looked = SourceCheck.objects.get(source="unstable").checked_at
    upstream.fail(STABLE, fault, **options)
    outcome = run("server_versions_check")
    assert "stable" in reason(outcome)
    assert "versions: " not in reason(outcome)
    assert words in reason(outcome)
    assert stored() == before

    assert isinstance(outcome.error, JobFailed)
    summary = outcome.error.result
    assert words in summary["stable"]["error"]
    assert summary["unstable"]["latest"] == "1.22.0-rc.10"
    assert SourceCheck.objects.get(source="unstable").checked_at > looked


def test_the_stable_channel_goes_on_without_the_unstable_one(upstream: StandIn, run: Run) -> None:
    upstream.fail(UNSTABLE, "status", status=500)
    outcome = run("server_versions_check")
    assert f"{UNSTABLE} answers 500" in reason(outcome)
    assert GameVersion.objects.in_channel("stable").count() == 11


def test_both_channels_failing_are_both_named(upstream: StandIn, run: Run) -> None:
    for path in (STABLE, UNSTABLE):
        upstream.fail(path, "html")
    words = reason(run("server_versions_check"))
    assert f"{STABLE} did not send" in words
    assert f"{UNSTABLE} did not send" in words


def test_a_decorated_job_called_directly_never_raises(upstream: StandIn) -> None:
    upstream.fail(MODS, "html")
    assert jobs.mod_cache_refresh() is None
