"""The details of a mod, read field by field, and the edge that fetches them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mods import moddetail
from mods.errors import NotListed, UpstreamError
from mods.http import Client
from mods.moddb import fetch_detail
from mods.moddetail import Detail, ReleaseRow
from mods.rejections import BadRow
from vsmanager.standin.server import StandIn

from .conftest import LIMITS

CDN = "https://moddbcdn.vintagestory.at"
RELEASE: dict[str, Any] = {
    "releaseid": 4711, "mainfile": f"{CDN}/carryon_0a1b.zip?dl=carry on.zip",
    "filename": "carry on.zip", "fileid": 9, "downloads": 3, "tags": ["1.22.6", "1.22.7"],
    "modidstr": "carryon", "modversion": "1.10.0-rc.2", "created": "2026-08-09 23:16:11",
    "changelog": "<p>Fixes</p>",
}  # fmt: skip
MOD: dict[str, Any] = {
    "modid": 890, "assetid": 5343, "name": "Carry On", "text": "<p>Carry</p>",
    "homepageurl": "", "sourcecodeurl": None, "trailervideourl": "", "wikiurl": "",
    "issuetrackerurl": "https://example.org/issues", "releases": [RELEASE],
}  # fmt: skip


def read(**changes: Any) -> Detail:
    return moddetail.read({**MOD, **changes}, 890)


def release(**changes: Any) -> ReleaseRow:
    return read(releases=[{**RELEASE, **changes}]).releases[0]


def test_the_details_are_read() -> None:
    detail = read()
    assert (detail.text, detail.issues_url) == ("<p>Carry</p>", "https://example.org/issues")
    assert (detail.homepage_url, detail.source_url) == ("", "")
    (row,) = detail.releases
    assert (row.releaseid, row.identifier, row.version) == (4711, "carryon", "1.10.0-rc.2")
    assert row.packed == 1 << 48 | 10 << 32 | 0xC002
    assert row.game_versions == ["1.22.6", "1.22.7"]
    assert row.created_at == datetime(2026, 8, 9, 23, 16, 11, tzinfo=UTC)
    assert row.changelog == "<p>Fixes</p>"


@pytest.mark.parametrize(
    ("changes", "field", "stored"),
    [
        ({"tags": ["0.0.0"]}, "game_versions", []),
        ({"tags": []}, "game_versions", []),
        ({"tags": [""]}, "game_versions", []),
        (
            {"tags": ["1.22.10", "1.22.9", "1.22.0-rc.2", "1.22.0-rc.10", "1.22.9"]},
            "game_versions",
            ["1.22.0-rc.2", "1.22.0-rc.10", "1.22.9", "1.22.10"],
        ),
        ({"tags": ["soon", "1.22.7"]}, "game_versions", ["soon", "1.22.7"]),
        ({"modidstr": None}, "identifier", ""),
        ({"modidstr": ""}, "identifier", ""),
        ({"filename": 0}, "filename", ""),
        ({"filename": None}, "filename", ""),
        ({"mainfile": ""}, "file_url", ""),
        ({"mainfile": None}, "file_url", ""),
        ({"mainfile": "/download/9/x.zip"}, "file_url", ""),
        ({"mainfile": "http://cdn.example/x.zip"}, "file_url", ""),
        ({"mainfile": "javascript:alert(1)"}, "file_url", ""),
        ({"mainfile": "https://cdn.example/" + "x" * 500}, "file_url", ""),
        ({"changelog": None}, "changelog", ""),
        ({"changelog": "a\0b"}, "changelog", "a\N{REPLACEMENT CHARACTER}b"),
        ({"changelog": "x" * 90_000}, "changelog", "x" * 49_999 + "…"),
        ({"modversion": "later"}, "packed", None),
        ({"modversion": "65535.0.0"}, "packed", None),
        ({"created": None}, "created_at", None),
        ({"created": "0000-00-00 00:00:00"}, "created_at", None),
        ({"surprise": 1}, "identifier", "carryon"),
    ],
)
def test_the_oddities_of_releases_are_read(
    changes: dict[str, Any], field: str, stored: Any
) -> None:
    assert getattr(release(**changes), field) == stored


def test_a_description_is_bounded_and_may_be_missing() -> None:
    assert len(read(text="x" * 500_000).text) == 200_000
    assert read(text=None).text == ""
    without = {key: value for key, value in MOD.items() if key not in ("text", "wikiurl")}
    assert moddetail.read(without, 890).text == ""


def test_only_web_addresses_become_links() -> None:
    assert read(homepageurl="javascript:alert(1)").homepage_url == ""
    assert read(homepageurl="http://example.org").homepage_url == "http://example.org"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"modid": "890"}, "mod 890: modid is a text, not a whole number that fits"),
        ({"modid": 891}, "modid is 891, another mod's"),
        ({"text": ["a"]}, "text is a list instead of a text"),
        ({"homepageurl": 7}, "homepageurl is 7 instead of a text"),
        ({"releases": None}, "releases is null instead of a list"),
        ({"releases": {}}, "releases is an object instead of a list"),
        ({"releases": [None]}, "release 1 of the list is null instead of an object"),
        ({"releases": [RELEASE, RELEASE]}, "release 4711 is there twice"),
        ({"releases": [RELEASE] * 2_001}, "releases are 2,001, more than the 2,000 that are read"),
    ],
)
def test_what_details_may_not_be(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        read(**changes)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"releaseid": "1"}, "release 1 of the list: releaseid is a text"),
        ({"releaseid": 0}, "releaseid is 0"),
        ({"releaseid": 2**63}, "not a whole number that fits"),
        ({"tags": "1.22.7"}, "tags is a text instead of a list of texts"),
        ({"tags": [1]}, "tags is a list instead of a list of texts"),
        ({"modversion": None}, "modversion is null instead of a text"),
        ({"modidstr": 7}, "modidstr is 7 instead of a text"),
        ({"filename": 1}, "filename is 1 instead of a text"),
        ({"mainfile": {}}, "mainfile is an object instead of a text"),
        ({"changelog": ["x"]}, "changelog is a list instead of a text"),
        ({"created": "yesterday"}, "created is 'yesterday', which is no time"),
        ({"created": 1786317371}, "which is no time"),
    ],
)
def test_what_a_release_may_not_be(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        release(**changes)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "key", ["releaseid", "mainfile", "filename", "tags", "modidstr", "modversion", "created"]
)
def test_a_release_without_one_of_its_keys(key: str) -> None:
    raw = {name: value for name, value in RELEASE.items() if name != key}
    with pytest.raises(BadRow, match=f"release 1 of the list has no {key}"):
        read(releases=[raw])


def test_details_without_releases_are_no_details_and_a_mod_may_have_none() -> None:
    assert read(releases=[]).releases == []
    with pytest.raises(BadRow, match="mod 890 has no releases"):
        moddetail.read({"modid": 890}, 890)


@pytest.mark.parametrize(
    "changes",
    [
        {"modidstr": "carry"}, {"modversion": "1.10.0"}, {"tags": ["1.22.6"]},
        {"filename": "x.zip"}, {"mainfile": f"{CDN}/carryon_ffff.zip"}, {"changelog": None},
    ],
)  # fmt: skip
def test_the_hash_changes_with_an_edit(changes: dict[str, Any]) -> None:
    assert release(**changes).content_hash != release().content_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"downloads": 4}, {"fileid": 10}, {"created": None}, {"tags": ["1.22.7", "1.22.6"]},
        {"mainfile": "https://other.example/files/carryon_0a1b.zip?dl=other.zip"},
    ],
)  # fmt: skip
def test_the_hash_stays_when_nobody_edited_it(changes: dict[str, Any]) -> None:
    assert release(**changes).content_hash == release().content_hash


def test_the_details_are_fetched(upstream: StandIn) -> None:
    for modid in [row["modid"] for row in upstream.world.mods]:
        with Client(LIMITS) as client:
            detail = fetch_detail(client, upstream.url, modid)
        served = upstream.world.releases(modid)
        assert [each.releaseid for each in detail.releases] == [
            each["releaseid"] for each in served
        ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"statuscode": "404"}, "answers 404: it knows no such mod. The stored data stays"),
        ({"statuscode": "410"}, "answers 410: the mod is gone. The stored data stays"),
        ({"statuscode": 404}, "answers 404"),
    ],
)
def test_a_mod_that_is_not_there(upstream: StandIn, answer: object, reason: str) -> None:
    upstream.fail("/api/mod/", "content", value=answer)
    with Client(LIMITS) as client, pytest.raises(NotListed, match=reason):
        fetch_detail(client, upstream.url, 5)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"statuscode": "400"}, "its statuscode is 400 instead of 200"),
        ({"statuscode": ["404"]}, "its statuscode is a list instead of 200"),
        ({"mod": MOD}, "it has no statuscode"),
        ({"statuscode": "200"}, "it has no mod"),
        ({"statuscode": "200", "mod": None}, "it has no mod"),
        ({"statuscode": "200", "mod": [MOD]}, "it has no mod"),
        ([], "it has no statuscode"),
        ("mod", "it has no statuscode"),
        ({"statuscode": "200", "mod": {**MOD, "modid": 7}}, "mod 890: modid is 7, another mod's"),
        ({"statuscode": "200", "mod": {**MOD, "text": "x" * 6_000_000}}, "sent more than"),
    ],
)
def test_another_answer_is_not_the_mod(upstream: StandIn, answer: object, reason: str) -> None:
    upstream.fail("/api/mod/", "content", value=answer)
    with Client(LIMITS) as client, pytest.raises(UpstreamError, match=reason) as caught:
        fetch_detail(client, upstream.url, 890)
    assert not isinstance(caught.value, NotListed)
    assert f"{upstream.url}/api/mod/890" in str(caught.value)


@pytest.mark.parametrize("fault", ["html", "truncated", "nul", "duplicate_ids", "wrong_types"])
def test_the_stand_ins_faults_spoil_details_too(upstream: StandIn, fault: str) -> None:
    modid = next(row["modid"] for row in upstream.world.mods if len(row["modidstrs"]) > 1)
    options = {"field": "releases", "value": 7} if fault == "wrong_types" else {}
    upstream.fail(f"/api/mod/{modid}", fault, **options)
    with Client(LIMITS) as client:
        if fault == "nul":
            assert fetch_detail(client, upstream.url, modid).releases
            return
        with pytest.raises(UpstreamError):
            fetch_detail(client, upstream.url, modid)
