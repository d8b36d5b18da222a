"""A refresh that is stopped half way changes nothing."""

import pytest

from mods import jobs, sync, sync_versions
from mods.models import GameVersion, Mod
from scheduling import registry
from scheduling.errors import RunCancelled, RunTimedOut
from scheduling.registry import RunContext
from vsmanager.standin.server import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Batches of ten rows; the list grows with each that is written."""
    written: list[int] = []
    upsert = sync._upsert

    def counted(rows, now):
        upsert(rows, now)
        written.append(len(rows))

    monkeypatch.setattr(sync, "_upsert", counted)
    monkeypatch.setattr(sync.batches, "__defaults__", (10,))
    return written


def test_a_refresh_cancelled_half_way_stores_nothing(
    upstream: StandIn, small_batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RunContext(job="mod_cache_refresh", run_id=1)
    counted = sync._upsert

    def asked_meanwhile(rows, now):
        counted(rows, now)
        if len(small_batches) == 3:
            context.stop.set()

    monkeypatch.setattr(sync, "_upsert", asked_meanwhile)
    outcome = registry.get("mod_cache_refresh").run(context)
    assert isinstance(outcome.error, RunCancelled)
    assert len(small_batches) == 3
    assert not Mod.objects.exists()


def test_a_refresh_past_its_deadline_stores_nothing(
    upstream: StandIn, small_batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RunContext(job="mod_cache_refresh", run_id=1, timeout_seconds=60)
    context.begin()
    counted = sync._upsert

    def late(rows, now):
        counted(rows, now)
        context._ends = 0.0

    monkeypatch.setattr(sync, "_upsert", late)
    outcome = registry.get("mod_cache_refresh").run(context)
    assert isinstance(outcome.error, RunTimedOut)
    assert small_batches == [10]
    assert not Mod.objects.exists()


def test_a_check_cancelled_between_the_channels_keeps_the_first_and_leaves_the_other(
    upstream: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RunContext(job="server_versions_check", run_id=1)

    def asked_afterwards(*feed):
        counts = sync_versions.refresh_channel(*feed)
        context.stop.set()
        return counts

    monkeypatch.setattr(jobs, "refresh_channel", asked_afterwards)
    outcome = registry.get("server_versions_check").run(context)
    assert isinstance(outcome.error, RunCancelled)
    assert set(GameVersion.objects.values_list("channel", flat=True)) == {"stable"}


def test_a_check_cancelled_while_it_stores_a_channel_stores_nothing_of_it(
    upstream: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = RunContext(job="server_versions_check", run_id=1)
    note = sync_versions.changes.note

    def interrupted(*noted):
        note(*noted)
        raise RunCancelled

    monkeypatch.setattr(sync_versions.changes, "note", interrupted)
    outcome = registry.get("server_versions_check").run(context)
    assert isinstance(outcome.error, RunCancelled)
    assert not GameVersion.objects.exists()
