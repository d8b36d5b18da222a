"""What is told of tracked mods: updates, retractions, and what they are ready for."""

from datetime import timedelta
from typing import Any

import pytest

from mods import changes
from mods.models import GameVersion, Mod, ModDetail, NewsFlip, NewsMessage, Release, TrackedMod
from mods.news.look import look
from scheduling.models import JobRun

from .conftest import MINUTE, NOON, channel, ran, rule, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def mod() -> Mod:
    mod = Mod.objects.create(
        modid=7, assetid=7, name="Old Carts", first_seen_at=NOON, changed_at=NOON
    )
    ModDetail.objects.create(mod=mod, fetched_at=NOON, tried_at=NOON)
    return mod


def release(mod: Mod, number: int, version: str, *games: str) -> Release:
    return Release.objects.create(
        releaseid=number, mod=mod, identifier="carts", version=version, game_versions=[*games],
        first_seen_at=NOON, changed_at=NOON, content_hash="",
    )  # fmt: skip


def test_an_update_of_a_tracked_mod_is_told_once_for_each_version(mod: Mod) -> None:
    tracked = TrackedMod.objects.create(identifier="Carts", mod=mod, version="1.0.0")
    rule("mod_update", channel())
    release(mod, 1, "1.0.0")
    look(NOON)
    release(mod, 2, "1.1.0")
    for minute in (1, 2):
        look(NOON + minute * MINUTE)
    release(mod, 3, "1.2.0-rc.1")
    look(NOON + 3 * MINUTE)
    assert told() == ["Old Carts has an update: 1.0.0 → 1.1.0."]
    TrackedMod.objects.filter(pk=tracked.pk).update(version="1.1.0")
    look(NOON + 4 * MINUTE)
    release(mod, 4, "1.10.0")
    look(NOON + 5 * MINUTE)
    assert told()[1:] == ["Old Carts has an update: 1.1.0 → 1.10.0."]


def test_what_is_so_when_a_rule_is_made_is_no_news(mod: Mod) -> None:
    TrackedMod.objects.create(identifier="carts", mod=mod, version="1.0.0")
    release(mod, 2, "1.1.0", "1.22.7")
    for event in ("mod_update", "mod_retracted", "mod_ready"):
        rule(event, channel(event), game_version="1.22.7")
    look(NOON)
    assert told() == []
    assert NewsFlip.objects.count() == 3


@pytest.mark.parametrize("linked", [True, False])
def test_what_the_first_look_at_a_mod_brings_is_no_news(mod: Mod, linked: bool) -> None:
    """Somebody tracks a mod; its releases are read by the next refresh only."""
    ModDetail.objects.update(fetched_at=None, problem="not yet")
    tracked = TrackedMod.objects.create(
        identifier="carts", mod=mod if linked else None, version="1.0.0"
    )
    for event in ("mod_update", "mod_retracted", "mod_ready"):
        rule(event, channel(event), game_version="1.22.7")
    look(NOON)
    TrackedMod.objects.filter(pk=tracked.pk).update(mod=mod)
    ModDetail.objects.update(fetched_at=NOON, problem="")
    release(mod, 2, "1.1.0", "1.22.7")
    look(NOON + MINUTE)
    assert told() == []
    release(mod, 3, "1.2.0", "1.22.7")
    look(NOON + 2 * MINUTE)
    assert told() == ["Old Carts has an update: 1.0.0 → 1.2.0."]


def test_a_retracted_release_and_a_delisted_mod_are_told_and_their_return(mod: Mod) -> None:
    TrackedMod.objects.create(identifier="carts", mod=mod, version="1.0.0")
    mine = release(mod, 1, "1.0.0")
    rule("mod_retracted", channel())
    look(NOON)
    Release.objects.filter(pk=mine.pk).update(gone_at=NOON)
    look(NOON + MINUTE)
    Mod.objects.update(delisted_at=NOON)
    look(NOON + 2 * MINUTE)
    Mod.objects.update(delisted_at=None)
    Release.objects.update(gone_at=None)
    look(NOON + 3 * MINUTE)
    assert told() == [
        "The installed release 1.0.0 of Old Carts was retracted.",
        "Old Carts is no longer in the mod database.",
        "Old Carts is there again.",
    ]


def test_a_mod_that_becomes_ready_for_the_chosen_version_is_told(mod: Mod) -> None:
    TrackedMod.objects.create(identifier="carts", mod=mod, version="1.0.0")
    release(mod, 1, "1.0.0", "1.21.0")
    rule("mod_ready", channel(), game_version="1.22.7")
    look(NOON)
    release(mod, 2, "1.1.0", "1.22.6")
    look(NOON + MINUTE)
    assert told() == [], "likely is not ready"
    release(mod, 3, "1.2.0", "1.22.7")
    for minute in (2, 3):
        look(NOON + minute * MINUTE)
    assert told() == ["Old Carts is ready for 1.22.7: release 1.2.0."]


def test_who_installs_another_release_hears_nothing_of_a_return(mod: Mod) -> None:
    tracked = TrackedMod.objects.create(identifier="carts", mod=mod, version="1.0.0")
    release(mod, 1, "1.0.0")
    release(mod, 2, "1.1.0")
    rule("mod_retracted", channel())
    look(NOON)
    Release.objects.filter(releaseid=1).update(gone_at=NOON)
    look(NOON + MINUTE)
    TrackedMod.objects.filter(pk=tracked.pk).update(version="1.1.0")
    look(NOON + 2 * MINUTE)
    assert told() == ["The installed release 1.0.0 of Old Carts was retracted."]


def refreshing(name: str, at: Any = NOON) -> JobRun:
    return ran("running", at, name, claimed_at=at, finished_at=None)


def test_what_a_refresh_brings_is_told_in_one_message_when_it_has_ended(mod: Mod) -> None:
    TrackedMod.objects.create(identifier="carts", mod=mod, version="1.0.0")
    rule("mod_update", channel())
    rule("version_stable", channel("versions"))
    look(NOON)
    mods, versions = refreshing("mod_cache_refresh"), refreshing("server_versions_check")
    release(mod, 2, "1.1.0")
    version = GameVersion(version="1.22.7", channel="stable")
    changes.note([changes.version_new(version, NOON)], 10)
    look(NOON + MINUTE)
    assert told() == []
    # One ends while the next look goes on.
    ended = {"status": "succeeded", "finished_at": NOON + 2 * MINUTE}
    JobRun.objects.filter(pk=mods.pk).update(**ended)
    look(NOON + 2 * MINUTE)
    assert told() == []
    JobRun.objects.filter(pk=versions.pk).update(**ended)
    look(NOON + 3 * MINUTE)
    assert sorted(NewsMessage.objects.values_list("channel_name", "items")) == [
        ("chat", ["Old Carts has an update: 1.0.0 → 1.1.0."]),
        ("versions", ["New stable version of the game: 1.22.7."]),
    ]


@pytest.mark.parametrize("what", ["too long", "one after the other"])
def test_a_refresh_that_hardly_ever_ends_holds_no_news_back(mod: Mod, what: str) -> None:
    TrackedMod.objects.create(identifier="carts", mod=mod, version="1.0.0")
    rule("mod_update", channel())
    look(NOON)
    if what == "too long":
        now = NOON + 11 * MINUTE
        refreshing("mod_cache_refresh")
    else:
        now = NOON + MINUTE
        ran("succeeded", NOON, "mod_cache_refresh")
        refreshing("mod_cache_refresh", NOON + timedelta(seconds=30))
    release(mod, 2, "1.1.0")
    look(now)
    assert len(told()) == 1


def test_a_retry_of_a_refresh_belongs_to_it(mod: Mod) -> None:
    TrackedMod.objects.create(identifier="carts", mod=mod, version="1.0.0")
    rule("mod_update", channel())
    look(NOON)
    ran("failed", NOON, "mod_cache_refresh")
    retry = ran("running", NOON, "mod_cache_refresh", attempt=2, claimed_at=NOON + MINUTE / 2,
                finished_at=None)  # fmt: skip
    release(mod, 2, "1.1.0")
    look(NOON + MINUTE)
    assert told() == []
    JobRun.objects.filter(pk=retry.pk).update(status="failed", finished_at=NOON + MINUTE)
    look(NOON + 2 * MINUTE)
    assert len(told()) == 1
