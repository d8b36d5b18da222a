"""The refresh of details as part of its job, against a stand-in, through the real client."""

import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from django.db import DataError
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from mods import details, jobs, moddetail
from mods.details import refresh_details
from mods.http import Client
from mods.models import Change, Mod, ModDetail, Release, TrackedMod
from scheduling import registry
from scheduling.errors import JobFailed, RunCancelled
from scheduling.registry import Outcome, RunContext
from vsmanager.standin.server import StandIn

from .conftest import LIMITS, Run

pytestmark = pytest.mark.django_db

MODS, DETAILS = "/api/mods", "/api/mod/"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def refresh(run: Run) -> Outcome:
    outcome = run("mod_cache_refresh")
    assert outcome.ok, outcome.reason
    return outcome


def counts(outcome: Outcome) -> dict[str, int]:
    counts: dict[str, int] = outcome.value["details"]
    return counts


def fetched(upstream: StandIn) -> list[int]:
    """The mods whose details were asked for, in that order; forgets them."""
    paths = [request.path for request in upstream.requests if request.path.startswith(DETAILS)]
    upstream.requests.clear()
    return [int(path.removeprefix(DETAILS)) for path in paths]


@pytest.fixture
def tracked(upstream: StandIn, run: Run) -> list[int]:
    """Five mods that are tracked, of a catalogue that is stored. No details yet."""
    refresh(run)
    rows = [row for row in upstream.world.mods if row["modidstrs"]][:5]
    for row in rows:
        TrackedMod.objects.create(
            identifier=f"i{row['modid']}", mod_id=row["modid"], origin="catalogue"
        )
    upstream.requests.clear()
    return [row["modid"] for row in rows]


def row_of(upstream: StandIn, modid: int) -> dict[str, Any]:
    return next(row for row in upstream.world.mods if row["modid"] == modid)


def move(upstream: StandIn, *modids: int) -> None:
    """Let the catalogue's rows of these mods change, by no counter."""
    for modid in modids:
        row_of(upstream, modid)["summary"] += "!"
    upstream.world.changed()


def test_without_tracked_mods_only_the_catalogue_is_read(upstream: StandIn, run: Run) -> None:
    assert "details" not in refresh(run).value
    assert not fetched(upstream)


def test_the_details_of_tracked_mods_are_stored(
    upstream: StandIn, run: Run, tracked: list[int]
) -> None:
    TrackedMod.objects.create(identifier="another", mod_id=tracked[0], origin="list")
    TrackedMod.objects.create(identifier="unknown", origin="list")
    with capture_logs() as logs:
        outcome = refresh(run)
    assert counts(outcome) == {"fetched": 5, "unchanged": 0, "failed": 0}
    assert sorted(fetched(upstream)) == sorted(tracked)
    assert {"fetched": 5, "unchanged": 0, "failed": 0}.items() <= next(
        log for log in logs if log["event"] == "details_stored"
    ).items()
    for modid in tracked:
        served = {each["releaseid"] for each in upstream.world.releases(modid)}
        assert set(Release.objects.filter(mod=modid).values_list("pk", flat=True)) == served
    assert not Release.objects.exclude(mod__in=tracked).exists()
    assert not Change.objects.exists()


def test_nothing_changed_costs_no_request_but_the_catalogues(
    upstream: StandIn, run: Run, tracked: list[int]
) -> None:
    refresh(run)
    upstream.requests.clear()
    for modid in tracked:
        row_of(upstream, modid)["downloads"] += 100
        row_of(upstream, modid)["trendingpoints"] -= 3
    upstream.world.changed()
    assert counts(refresh(run)) == {"fetched": 0, "unchanged": 5, "failed": 0}
    assert [request.path for request in upstream.requests] == [MODS]


def test_only_the_mod_whose_row_changed_is_asked_for(
    upstream: StandIn, run: Run, tracked: list[int]
) -> None:
    refresh(run)
    upstream.requests.clear()
    move(upstream, tracked[2])
    assert counts(refresh(run)) == {"fetched": 1, "unchanged": 4, "failed": 0}
    assert fetched(upstream) == [tracked[2]]


def test_a_mod_that_is_tracked_later_is_asked_for_by_the_next_run(
    upstream: StandIn, run: Run, tracked: list[int]
) -> None:
    refresh(run)
    upstream.requests.clear()
    newcomer = upstream.world.mods[50]["modid"]
    TrackedMod.objects.create(identifier="newcomer", mod_id=newcomer, origin="upload")
    assert not fetched(upstream)
    assert counts(refresh(run))["fetched"] == 1
    assert fetched(upstream) == [newcomer]


def test_what_authors_do_is_noticed(upstream: StandIn, run: Run, tracked: list[int]) -> None:
    refresh(run)
    new, edited, retracted = tracked[:3]
    gone = upstream.world.releases(retracted)[0]["releaseid"]
    upstream.control({"release": "publish", "mod": new, "fields": {"modversion": "9.0.0"}})
    upstream.control({"release": "edit", "mod": edited, "fields": {"tags": ["1.22.7"]}})
    upstream.control({"release": "retract", "mod": retracted})
    assert counts(refresh(run)) == {"fetched": 3, "unchanged": 2, "failed": 0}
    kinds = dict(Change.objects.filter(kind__startswith="release").values_list("kind", "mod"))
    assert kinds == {
        "release_new": new, "release_edited": edited, "release_retracted": retracted,
    }  # fmt: skip
    assert Release.objects.get(pk=gone).gone_at

    upstream.control({"release": "restore", "mod": retracted, "releaseid": gone})
    refresh(run)
    assert Release.objects.get(pk=gone).gone_at is None
    back = Change.objects.first()
    assert back
    assert (back.mod_id, back.before, back.after) == (retracted, "retracted", "back")


def test_a_mod_that_lost_every_release_leaves_the_catalogue_and_is_looked_at_once_more(
    upstream: StandIn, run: Run, tracked: list[int]
) -> None:
    refresh(run)
    for each in upstream.world.releases(tracked[0]):
        upstream.control({"release": "retract", "mod": tracked[0], "releaseid": each["releaseid"]})
    assert counts(refresh(run))["fetched"] == 1
    assert Mod.objects.get(pk=tracked[0]).delisted_at
    assert not Release.objects.filter(mod=tracked[0]).current().exists()
    assert counts(refresh(run))["fetched"] == 0


def test_a_mod_that_was_deleted_is_asked_for_once(
    upstream: StandIn, run: Run, tracked: list[int]
) -> None:
    refresh(run)
    upstream.world.mods.remove(row_of(upstream, tracked[0]))
    upstream.world.changed()
    assert counts(refresh(run)) == {"fetched": 0, "unchanged": 4, "failed": 1}
    assert "it knows no such mod" in ModDetail.objects.get(mod=tracked[0]).problem
    assert counts(refresh(run)) == {"fetched": 0, "unchanged": 5, "failed": 0}


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("refuse", {}, "can't be reached"),
    ("hang", {}, "sent nothing for 0.4 s"),
    ("drip_body", {}, "did not finish its answer within 0.8 s"),
    ("status", {"status": 500}, "answers 500"),
    ("status", {"status": 404}, "answers 404 Not Found instead of 200 OK"),
    ("html", {}, "it looks like a web page"),
    ("truncated", {}, "broke off"),
    ("oversize", {}, "sent more than 4,194,304 bytes"),
    ("wrong_statuscode", {"code": "404"}, "it knows no such mod"),
    ("wrong_statuscode", {"code": "410"}, "the mod is gone"),
    ("wrong_types", {"field": "releases", "value": None}, "releases is null"),
    ("wrong_types", {"field": "tags", "value": "1.22.7"}, "tags is a text"),
    ("content", {"value": {"statuscode": "200", "mod": {"modid": 1}}}, "another mod's"),
    ("body", {"text": ""}, "it is empty"),
]


@pytest.mark.parametrize(("fault", "options", "words"), FAULTS)
def test_one_mod_failing_costs_itself_alone_and_is_tried_again(
    upstream: StandIn,
    run: Run,
    tracked: list[int],
    fault: str,
    options: dict[str, Any],
    words: str,
) -> None:
    refresh(run)
    before = list(Release.objects.values())
    move(upstream, *tracked)
    upstream.fail(f"{DETAILS}{tracked[3]}", fault, **options)
    with capture_logs() as logs:
        assert counts(refresh(run)) == {"fetched": 4, "unchanged": 0, "failed": 1}
    (told,) = [log for log in logs if log["event"] == "detail_failed"]
    assert told["mod"] == tracked[3]
    failed = ModDetail.objects.get(mod=tracked[3])
    assert words in failed.problem
    assert failed.fetched_at
    assert failed.fetched_at < failed.tried_at
    assert failed.text
    assert list(Release.objects.values()) == before

    assert counts(refresh(run)) == {"fetched": 0, "unchanged": 4, "failed": 1}
    upstream.heal()
    assert counts(refresh(run)) == {"fetched": 1, "unchanged": 4, "failed": 0}
    assert ModDetail.objects.get(mod=tracked[3]).problem == ""


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (moddetail, KeyError("nobody thought of it")),
        (details, DataError("the database refuses it")),
    ],
)
def test_what_nobody_foresaw_of_a_mod_costs_itself_alone_too(
    upstream: StandIn,
    run: Run,
    tracked: list[int],
    monkeypatch: pytest.MonkeyPatch,
    step: ModuleType,
    error: Exception,
) -> None:
    refresh(run)
    move(upstream, *tracked)
    name = "read" if step is moddetail else "store"
    real = getattr(step, name)

    def stumbles(first: Any, *rest: Any) -> Any:
        if tracked[3] in (getattr(first, "pk", None), *rest):
            raise error
        return real(first, *rest)

    monkeypatch.setattr(step, name, stumbles)
    assert counts(refresh(run)) == {"fetched": 4, "unchanged": 0, "failed": 1}
    assert str(error) in ModDetail.objects.get(mod=tracked[3]).problem
    monkeypatch.setattr(step, name, real)
    assert counts(refresh(run)) == {"fetched": 1, "unchanged": 4, "failed": 0}


@pytest.mark.parametrize(
    ("fault", "options", "words"),
    [
        ("refuse", {}, "can't be reached"),
        ("hang", {}, "sent nothing"),
        ("status", {"status": 503}, "answers 503"),
        ("html", {}, "it looks like a web page"),
    ],
)
def test_all_failing_fails_the_run_and_the_catalogue_stays_stored(
    upstream: StandIn,
    run: Run,
    tracked: list[int],
    fault: str,
    options: dict[str, Any],
    words: str,
) -> None:
    upstream.fail(DETAILS, fault, **options)
    row_of(upstream, tracked[0])["name"] = "Renamed"
    upstream.world.changed()
    outcome = run("mod_cache_refresh")
    assert isinstance(outcome.error, JobFailed)
    assert outcome.traceback == ""
    assert outcome.reason.startswith("The catalogue was stored, but none of the tracked mods")
    assert words in outcome.reason
    assert outcome.error.result["details"] == {"fetched": 0, "unchanged": 0, "failed": 5}
    assert outcome.error.result["updated"] == 1
    assert Mod.objects.get(pk=tracked[0]).name == "Renamed"
    upstream.heal()
    assert counts(refresh(run))["fetched"] == 5


def test_mods_that_the_mod_database_does_not_know_fail_no_run(
    upstream: StandIn, run: Run, tracked: list[int]
) -> None:
    upstream.fail(DETAILS, "wrong_statuscode", code="404")
    assert counts(refresh(run)) == {"fetched": 0, "unchanged": 0, "failed": 5}


@pytest.mark.parametrize(("rest", "permanent"), [("3600", True), ("30", False)])
def test_a_host_that_asks_for_a_rest_gets_it(
    upstream: StandIn, run: Run, monkeypatch: pytest.MonkeyPatch, rest: str, permanent: bool
) -> None:
    refresh(run)
    monkeypatch.setattr(jobs, "DETAIL_GAP", 0.03)
    for row in upstream.world.mods[:40]:
        TrackedMod.objects.create(identifier=f"i{row['modid']}", mod_id=row["modid"], origin="list")
    upstream.requests.clear()
    upstream.fail(DETAILS, "status", status=429, retry_after=rest)
    outcome = run("mod_cache_refresh")
    assert isinstance(outcome.error, JobFailed)
    assert "It asks us to come back in" in outcome.reason
    assert outcome.error.permanent is permanent
    assert len(fetched(upstream)) <= 2 * details.WORKERS
    assert outcome.error.result["details"]["left"] >= 32


def test_a_host_that_is_gone_is_not_asked_for_all_and_the_rest_comes_first_next_time(
    upstream: StandIn, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(run)
    monkeypatch.setattr(jobs, "DETAIL_GAP", 0.03)
    for row in upstream.world.mods[:40]:
        TrackedMod.objects.create(identifier=f"i{row['modid']}", mod_id=row["modid"], origin="list")
    upstream.requests.clear()
    upstream.fail(DETAILS, "status", status=503)
    outcome = run("mod_cache_refresh")
    assert isinstance(outcome.error, JobFailed)
    told = outcome.error.result["details"]
    assert told["failed"] + told["left"] == 40
    assert details.PATIENCE <= told["failed"] <= details.PATIENCE + details.WORKERS + 1
    failed = set(fetched(upstream))
    assert len(failed) == told["failed"]

    upstream.heal()
    assert counts(refresh(run))["fetched"] == 40
    # Those that were never tried are the first to be.
    order = fetched(upstream)
    assert set(order[-len(failed) + details.WORKERS :]) <= failed


def test_what_time_does_not_allow_is_left_to_the_next_run_oldest_first(
    upstream: StandIn, run: Run, tracked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(details, "WORKERS", 1)
    refresh(run)
    move(upstream, *tracked)
    upstream.fail(DETAILS, "wrong_statuscode")  # the catalogue alone
    refresh(run)
    upstream.heal()
    ModDetail.objects.filter(mod=tracked[4]).update(tried_at=LONG_AGO)
    upstream.requests.clear()
    stopped, stop, fetch = threading.Event(), details._stop, details.fetch_detail

    def tell_stop(waiting: Any) -> None:
        stop(waiting)
        stopped.set()

    def fetch_in_time(client: Client, base_url: str, modid: int) -> Any:
        # Only the first is there when the time is over.
        assert not upstream.requests or stopped.wait(20)
        return fetch(client, base_url, modid)

    monkeypatch.setattr(details, "_stop", tell_stop)
    monkeypatch.setattr(details, "fetch_detail", fetch_in_time)
    times = iter([0.0, *[10_000.0] * 20])
    tally = refresh_details(upstream.url, lambda: Client(LIMITS), clock=lambda: next(times))
    assert tally.fetched + tally.left == 5
    assert 1 <= tally.fetched < 5
    assert fetched(upstream)[0] == tracked[4]
    assert not tally.is_hopeless
    refresh(run)
    assert not ModDetail.objects.exclude(problem="").exists()


def test_a_run_with_little_time_left_begins_only_what_it_can_finish() -> None:
    context = RunContext(job="mod_cache_refresh", run_id=1, timeout_seconds=10)
    context.begin()
    with registry.entered(context):
        assert 7 < details._budget() <= 8
    assert details._budget() == 240


def test_at_most_four_are_asked_for_at_a_time(
    upstream: StandIn, run: Run, tracked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in upstream.world.mods[40:52]:
        TrackedMod.objects.create(identifier=f"i{row['modid']}", mod_id=row["modid"], origin="list")
    body, lock, at_once = upstream.world.body, threading.Lock(), [0, 0]

    def slow(path: str, zipped: bool = False) -> bytes | None:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        time.sleep(0.03)
        with lock:
            at_once[0] -= 1
        return body(path, zipped)

    monkeypatch.setattr(upstream.world, "body", slow)
    assert counts(refresh(run))["fetched"] == 17
    assert at_once == [0, 4]


def test_requests_start_at_least_the_gap_apart(
    upstream: StandIn, run: Run, tracked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jobs.DETAIL_GAP == 0
    monkeypatch.undo()
    assert jobs.DETAIL_GAP >= 0.25
    started = time.monotonic()
    refresh(run)
    # The catalogue's own request is one of them.
    assert time.monotonic() - started >= 5 * jobs.DETAIL_GAP
    gaps = [later.at - sooner.at for sooner, later in pairwise(upstream.requests)]
    assert len(gaps) == 5
    assert min(gaps) > 0.2


def test_a_run_cancelled_half_way_keeps_what_is_whole_and_nothing_of_the_rest(
    upstream: StandIn, tracked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RunContext(job="mod_cache_refresh", run_id=1)
    write = details.store
    stored: list[int] = []

    def asked_meanwhile(mod: Mod, *arguments: Any) -> None:
        write(mod, *arguments)
        stored.append(mod.pk)
        if len(stored) == 2:
            context.stop.set()

    monkeypatch.setattr(details, "store", asked_meanwhile)
    outcome = registry.get("mod_cache_refresh").run(context)
    assert isinstance(outcome.error, RunCancelled)
    assert set(ModDetail.objects.values_list("mod", flat=True)) == set(stored)
    assert len(stored) == 2
    assert set(Release.objects.values_list("mod", flat=True)) == set(stored)
    assert Mod.objects.count() == 100


def test_a_run_cancelled_while_a_mod_hangs_ends_at_once(
    upstream: StandIn, tracked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the limits of production
    upstream.fail(DETAILS, "hang")
    context = RunContext(job="mod_cache_refresh", run_id=1)
    threading.Timer(0.8, context.stop.set).start()
    started = time.monotonic()
    outcome = registry.get("mod_cache_refresh").run(context)
    assert isinstance(outcome.error, RunCancelled)
    assert time.monotonic() - started < 5
    assert not ModDetail.objects.exists()
    assert not [each for each in threading.enumerate() if each.name.startswith("details")]


def test_it_tells_how_far_it_is(
    upstream: StandIn, tracked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RunContext(job="mod_cache_refresh", run_id=1)
    assert registry.get("mod_cache_refresh").run(context).ok
    assert context.reached == (5, 5, "details of tracked mods read")


def test_300_tracked_mods_none_changed_cost_one_request_and_two_queries(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(jobs, "DETAIL_GAP", 0)
    with StandIn(mods=320) as upstream:
        settings.MODDB_URL = upstream.url
        refresh(run)
        for row in upstream.world.mods[:300]:
            TrackedMod.objects.create(
                identifier=f"i{row['modid']}", mod_id=row["modid"], origin="list"
            )
        assert counts(refresh(run))["fetched"] == 300
        upstream.requests.clear()
        assert counts(refresh(run)) == {"fetched": 0, "unchanged": 300, "failed": 0}
        assert [request.path for request in upstream.requests] == [MODS]
        with django_assert_num_queries(1):
            refresh_details(upstream.url, lambda: Client(LIMITS))
