"""Each kind of change, from the upstream to the list, by the two jobs; and only what was stored."""

from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import DatabaseError, connection

from mods.models import Change, GameVersion, Kind, Mod, Release, TrackedMod
from scheduling.registry import Outcome
from vsmanager.standin import feed
from vsmanager.standin.server import StandIn

from .conftest import Run

pytestmark = pytest.mark.django_db

JOBS = ("mod_cache_refresh", "server_versions_check")


@pytest.fixture
def loaded(upstream: StandIn, run: Run) -> StandIn:
    """All was read once, and three mods of it are tracked."""
    everything(run)
    upstream.world.order("publish", upstream.world.mods[22]["modid"])
    everything(run)
    for row in upstream.world.mods[20:23]:
        TrackedMod.objects.create(
            identifier=f"mod{row['modid']}", mod_id=row["modid"], origin="list"
        )
    everything(run)
    assert not Change.objects.exists()
    return upstream


def everything(run: Run) -> list[Outcome]:
    return [run(name) for name in JOBS]


def told() -> set[tuple[str, str]]:
    return set(Change.objects.values_list("kind", "subject"))


def move_on(world: Any) -> None:
    """One of each, but for those that need a second look."""
    mods, (new, edited, retracted) = world.mods, (row["modid"] for row in world.mods[20:23])
    mods[30]["name"] = "Renamed"
    del mods[40]
    mods.insert(0, {**mods[0], "modid": mods[0]["modid"] + 1, "name": "New"})
    world.order("publish", new, fields={"modversion": "9.0.0"})
    world.order("edit", edited, fields={"tags": ["1.22.7"]})
    world.order("retract", retracted)
    stable, unstable = world.feeds["stable"], world.feeds["unstable"]
    stable["1.21.6"]["linuxserver"]["md5"] = "0" * 32
    del unstable["1.20.0-rc.9"]
    world.feeds["stable"] = feed.publish(stable, "stable", "1.22.8")
    world.changed()


def test_each_kind_is_told_once(loaded: StandIn, run: Run) -> None:
    world = loaded.world
    names = [row["name"] for row in world.mods]
    leaving = world.mods[40]
    move_on(world)
    everything(run)
    assert told() == {
        ("mod_new", "New"),
        ("mod_renamed", "Renamed"),
        ("mod_delisted", names[40]),
        ("release_new", names[20]),
        ("release_edited", names[21]),
        ("release_retracted", names[22]),
        ("version_new", "1.22.8"),
        ("version_withdrawn", "1.20.0-rc.9"),
        ("version_checksum", "1.21.6"),
    }
    world.mods.append(leaving)
    world.changed()
    everything(run)
    assert told() - {("mod_back", names[40])} < told()
    assert {kind for kind, _subject in told()} == set(Kind.values)
    before = Change.objects.count()
    everything(run)
    assert Change.objects.count() == before == len(Kind.values)


def test_tables_that_are_filled_anew_make_no_flood(loaded: StandIn, run: Run) -> None:
    TrackedMod.objects.update(mod=None)
    for model in (Release, Mod, GameVersion):
        model.objects.all().delete()
    assert all(outcome.ok for outcome in everything(run))
    assert Mod.objects.count() == 100
    assert GameVersion.objects.count() > 10
    assert not Change.objects.exists()


STORED = {
    "mod": ("mods_mod", Mod, ("name", "delisted_at")),
    "release": ("mods_release", Release, ("version", "game_versions", "gone_at")),
    "version": ("mods_gameversion", GameVersion, ("server_md5", "withdrawn_at")),
}


def refusing(table: str, value: str = "") -> AbstractContextManager[None]:
    """A database that takes no new rows of a table, or none that hold this value."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # PostgreSQL takes a list for each column.
        given = [
            text for each in params or () for text in (each if isinstance(each, list) else [each])
        ]
        holds = any(str(each).startswith(value) for each in given)
        if sql.startswith(f'INSERT INTO "{table}"') and holds:
            raise DatabaseError("the disk is full")
        return execute(sql, params, many, context)

    return connection.execute_wrapper(refuse)


@pytest.mark.parametrize("what", STORED)
def test_what_the_database_refuses_to_store_is_not_told(
    loaded: StandIn, run: Run, what: str
) -> None:
    move_on(loaded.world)
    with refusing(STORED[what][0]):
        assert not all(outcome.ok for outcome in everything(run))
    # To mark a release as retracted takes no new row: its mod may have been stored before.
    refused = Change.objects.filter(kind__startswith=f"{what}_")
    assert not refused.exclude(kind="release_retracted").exists()
    everything(run)
    assert Change.objects.filter(kind__startswith=f"{what}_").count() == 3


@pytest.mark.parametrize("what", STORED)
def test_what_cannot_be_told_is_not_stored(loaded: StandIn, run: Run, what: str) -> None:
    _table, model, fields = STORED[what]

    def state() -> list[Any]:
        return list(model.objects.order_by("pk").values_list("pk", *fields))

    before = state()
    move_on(loaded.world)
    with refusing("mods_change", f"{what}_"):
        assert not all(outcome.ok for outcome in everything(run))
    assert state() == before
    everything(run)
    assert state() != before
