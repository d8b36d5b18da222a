from datetime import UTC, datetime
from typing import Any

import pytest

from mods import modrow
from mods.errors import BadAnswer
from mods.http import Client
from mods.moddb import fetch_catalogue
from mods.modrow import ModRow
from mods.rejections import BadRow
from vsmanager.standin.server import StandIn

from .conftest import LIMITS

ROW: dict[str, Any] = {
    "modid": 6466, "assetid": 38117, "downloads": 2, "follows": 0, "trendingpoints": 0,
    "comments": 0, "name": "Alatyr", "summary": "Server tweaks.", "modidstrs": ["alatyr"],
    "author": "Lothrim", "urlalias": None, "side": "both", "type": "mod", "logo": None,
    "tags": ["QoL"], "lastreleased": "2025-12-29 15:53:01",
}  # fmt: skip


def read(**changes: Any) -> ModRow:
    values = modrow.fields({**ROW, **changes})
    return modrow.read(values, modrow.digest(values))


def test_a_row_is_read() -> None:
    row = read()
    assert (row.modid, row.name, row.identifiers) == (6466, "Alatyr", ["alatyr"])
    assert row.last_released == datetime(2025, 12, 29, 15, 53, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field", "stored"),
    [
        ({"tags": [""]}, "tags", []),
        ({"tags": []}, "tags", []),
        ({"modidstrs": ["", "16437", "waxpress"]}, "identifiers", ["16437", "waxpress"]),
        ({"modidstrs": []}, "identifiers", []),
        ({"urlalias": None}, "urlalias", ""),
        ({"logo": None}, "logo", ""),
        ({"logo": "javascript:alert(1)"}, "logo", ""),
        ({"logo": "https://cdn.example/a+b%20c.png"}, "logo", "https://cdn.example/a+b%20c.png"),
        ({"logo": "https://cdn.example/" + "x" * 500}, "logo", ""),
        ({"side": None}, "side", ""),
        ({"summary": ""}, "summary", ""),
        ({"name": "  kept "}, "name", "  kept "),
        ({"name": "<script>"}, "name", "<script>"),
        ({"name": "\U0001f525 \u202e"}, "name", "\U0001f525 \u202e"),
        ({"name": "a\0b\ud800"}, "name", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"),
        ({"name": "x" * 255}, "name", "x" * 255),
        ({"name": "x" * 10_000}, "name", "x" * 254 + "…"),
        ({"trendingpoints": -3}, "trendingpoints", -3),
        ({"downloads": 2**63 - 1}, "downloads", 2**63 - 1),
        ({"lastreleased": None}, "last_released", None),
        ({"lastreleased": "0000-00-00 00:00:00"}, "last_released", None),
        ({"surprise": {"new": "key"}}, "name", "Alatyr"),
    ],
)
def test_the_oddities_of_the_mod_database_are_read(
    changes: dict[str, Any], field: str, stored: Any
) -> None:
    assert getattr(read(**changes), field) == stored


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"modid": None}, "mod null: modid is null"),
        ({"modid": "7"}, "mod '7': modid is a text"),
        ({"modid": True}, "mod true: modid is true"),
        ({"modid": 7.0}, "mod 7.0: modid is 7.0"),
        ({"modid": 0}, "mod 0: modid is 0"),
        ({"modid": -1}, "modid is -1"),
        ({"modid": 2**63}, "not a whole number that fits"),
        ({"modid": 10**400}, "a huge number"),
        ({"downloads": "many"}, "mod 6466: downloads is a text, not a whole number that fits"),
        ({"downloads": float("inf")}, "downloads is inf"),
        ({"follows": None}, "follows is null"),
        ({"name": ""}, "name is empty"),
        ({"name": "  "}, "name is empty"),
        ({"name": None}, "name is null instead of a text"),
        ({"name": ["a"]}, "name is a list instead of a text"),
        ({"author": {}}, "author is an object instead of a text"),
        ({"tags": "QoL"}, "tags is a text instead of a list of texts"),
        ({"tags": [1]}, "tags is a list instead of a list of texts"),
        ({"modidstrs": None}, "modidstrs is null"),
        ({"lastreleased": "2026-02-30 00:00:00"}, "lastreleased is '2026-02-30 00:00:00', which"),
        ({"lastreleased": "0001-01-01 00:00:00"}, "which is no time"),
        ({"lastreleased": "9999-12-31 23:59:59"}, "which is no time"),
        ({"lastreleased": "yesterday"}, "which is no time"),
        ({"lastreleased": 1786317371}, "which is no time"),
    ],
)
def test_what_a_row_may_not_be(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        read(**changes)
    assert reason in str(caught.value)


@pytest.mark.parametrize("key", modrow.KEYS)
def test_a_row_without_one_of_its_keys(key: str) -> None:
    with pytest.raises(BadRow, match=f"has no {key}"):
        modrow.fields({name: value for name, value in ROW.items() if name != key})


@pytest.mark.parametrize("row", [None, [], "mod", 7, [ROW]])
def test_a_row_that_is_no_object(row: Any) -> None:
    with pytest.raises(BadRow, match=r"row 7 is .* instead of an object"):
        modrow.fields(row, 7)


def test_a_row_that_is_nested_beyond_reason() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadRow, match="nested too deeply"):
        read(tags=deep)
    while deep:  # else its destruction recurses, too
        deep = deep.pop()


def test_the_hash_changes_with_what_is_stored_and_with_nothing_else() -> None:
    first = read().content_hash
    assert read(surprise=1).content_hash == first
    assert read(**dict(reversed(ROW.items()))).content_hash == first
    assert read(downloads=3).content_hash != first
    assert read(tags=["QoL", "Utility"]).content_hash != first


def test_the_catalogue_is_fetched(upstream: StandIn) -> None:
    with Client(LIMITS) as client:
        catalogue = fetch_catalogue(client, upstream.url)
    assert len(catalogue.rows) == 100
    body = upstream.world.body("/api/mods")
    assert body
    assert catalogue.size == len(body)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"statuscode": "404"}, "its statuscode is 404 instead of 200"),
        ({"statuscode": "500", "mods": []}, "its statuscode is 500 instead of 200"),
        ({"statuscode": {"a": 1}}, "its statuscode is an object instead of 200"),
        ({"statuscode": 500}, "its statuscode is 500 instead of 200"),
        ([], "it has no statuscode"),
        ({"mods": []}, "it has no statuscode"),
        ({"statuscode": "200"}, "it has no list of mods"),
        ({"statuscode": "200", "mods": {}}, "it has no list of mods"),
    ],
)
def test_another_answer_is_not_the_catalogue(
    upstream: StandIn, answer: object, reason: str
) -> None:
    upstream.fail("/api/mods", "content", value=answer)
    with Client(LIMITS) as client, pytest.raises(BadAnswer, match=reason):
        fetch_catalogue(client, upstream.url)
