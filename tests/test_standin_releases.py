"""The stand-in plays releases, and what their authors do with them."""

from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from vsmanager.standin.server import StandIn

from .test_standin import MODS, control, get


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(mods=64, seed=7) as standin:
        yield standin


def test_mods_have_releases_that_bear_their_identifiers_and_end_with_the_row(
    standin: StandIn,
) -> None:
    games = {each["name"] for each in get(standin, "/api/gameversions")["gameversions"]}
    for row in standin.world.mods:
        releases = get(standin, f"/api/mod/{row['modid']}")["mod"]["releases"]
        created = [each["created"] for each in releases]
        assert created == sorted(created, reverse=True)
        if row["modidstrs"]:
            assert {each["modidstr"] for each in releases} == set(row["modidstrs"])
            assert all(set(each["tags"]) <= games for each in releases)
        elif row["type"] == "mod":
            assert not releases
        else:
            assert releases
            assert [each["tags"] for each in releases] == [["0.0.0"]] * len(releases)
            assert not any(each["modidstr"] for each in releases)
        if releases:
            assert created[0] == row["lastreleased"]


def test_releases_are_the_same_for_the_same_seed_and_of_many_kinds(standin: StandIn) -> None:
    with StandIn(mods=64, seed=7) as another:
        for row in standin.world.mods:
            assert standin.world.releases(row["modid"]) == another.world.releases(row["modid"])
    all_of_them = [
        each for row in standin.world.mods for each in standin.world.releases(row["modid"])
    ]
    assert len({each["releaseid"] for each in all_of_them}) == len(all_of_them)
    assert any("-rc." in each["modversion"] for each in all_of_them)
    assert any("<script>" in (each["changelog"] or "") for each in all_of_them)
    newest = {each["tags"][-1] for each in all_of_them if each["tags"]}
    assert {"1.22.7", "1.22.6", "0.0.0"} <= newest


def test_authors_publish_edit_retract_and_restore_by_order(standin: StandIn) -> None:
    row = next(row for row in standin.world.mods if len(row["modidstrs"]) > 1)
    path, released = f"/api/mod/{row['modid']}", row["lastreleased"]
    before = get(standin, path)["mod"]["releases"]

    control(standin, {"release": "publish", "mod": row["modid"], "fields": {"modidstr": "new"}})
    new = get(standin, path)["mod"]["releases"][0]
    assert new["modidstr"] == "new"
    listed = next(each for each in get(standin, MODS)["mods"] if each["modid"] == row["modid"])
    assert listed["lastreleased"] == new["created"] > released
    assert "new" in listed["modidstrs"]

    order = {"mod": row["modid"], "releaseid": new["releaseid"]}
    control(standin, {"release": "edit", **order, "fields": {"tags": ["1.22.6"]}})
    assert get(standin, path)["mod"]["releases"][0]["tags"] == ["1.22.6"]
    control(standin, {"release": "retract", **order})
    assert get(standin, path)["mod"]["releases"] == before
    listed = next(each for each in get(standin, MODS)["mods"] if each["modid"] == row["modid"])
    assert listed["lastreleased"] == released
    control(standin, {"release": "restore", **order})
    assert len(get(standin, path)["mod"]["releases"]) == len(before) + 1


def test_a_mod_without_a_release_that_stands_leaves_the_catalogue(standin: StandIn) -> None:
    modid = next(row["modid"] for row in standin.world.mods if row["modidstrs"])
    for each in standin.world.releases(modid):
        last = {"mod": modid, "releaseid": each["releaseid"]}
        control(standin, {"release": "retract", **last})
    assert modid not in [row["modid"] for row in get(standin, MODS)["mods"]]
    assert get(standin, f"/api/mod/{modid}")["mod"]["releases"] == []
    control(standin, {"release": "restore", **last})
    assert modid in [row["modid"] for row in get(standin, MODS)["mods"]]


@pytest.mark.parametrize(
    "order",
    [
        {"release": "retract", "mod": -1},
        {"release": "retract", "mod": "x"},
        {"release": "retract"},
        {"release": "burn", "mod": 0},
        {"release": "restore", "mod": 0},
        {"release": "restore", "mod": 0, "releaseid": 7},
        {"release": "edit", "mod": 0, "releaseid": -7},
    ],
)
def test_an_order_for_a_release_that_makes_no_sense_is_refused(
    standin: StandIn, order: dict[str, Any]
) -> None:
    if order.get("mod") == 0:
        order = {**order, "mod": standin.world.mods[0]["modid"]}
    with pytest.raises(HTTPError) as caught:
        control(standin, order)
    caught.value.close()
    assert caught.value.code == 400
