"""A refresh that is stopped half way changes nothing."""

import pytest

from mods import sync
from mods.models import Mod
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
