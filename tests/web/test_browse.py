"""The pages and the API of mods, versions and what changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from mods import search
from mods.models import Change, GameVersion, Mod, Release
from tests.mods.cast import NOON, fetched, game, mod, release, tracked

EVIL = "<script>evil()</script>"


@pytest.fixture(autouse=True)
def known(db: None) -> None:
    carry = mod(1, "carryon", name="Carry On", tags=["QoL"], side="both", summary=EVIL)
    mod(2, "traps", name="Traps", side="server", author=EVIL)
    mod(3, "gone", delisted_at=NOON)
    fetched(carry, text=f"<p>Words</p>{EVIL}", problem="It was away.")
    release(carry, "1.2.0", "1.22.0", "1.22.1", changelog=f"<b>More</b>{EVIL}")
    release(carry, "1.1.0", gone_at=NOON)
    tracked("carryon", of=carry)
    game("1.22.10", is_latest=True, server_md5="a" * 32)
    game("1.22.9")
    game("1.22.0-rc.1", withdrawn_at=NOON)
    Change.objects.create(kind="mod_new", at=NOON, mod=carry, subject=EVIL)
    Change.objects.create(kind="version_new", at=NOON, subject="1.22.10")
    search.index(Mod.objects.all())


PAGES = ["/mods/", "/mods/?q=car", "/mods/1/", "/mods/2/", "/versions/", "/mods/changes/"]


@pytest.mark.parametrize("url", PAGES)
def test_a_page_costs_few_queries_and_runs_no_script_of_others(
    as_ann: Client, url: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10):
        text = as_ann.get(url).content.decode()
    assert EVIL not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=carr", "Carry On"),
        ("side=server", "Traps"),
        ("tag=QoL", "Carry On"),
        ("which=tracked", "Carry On"),
        ("which=delisted", "Gone"),
        ("version=1.22.1", "Carry On"),
    ],
)
def test_mods_are_narrowed(as_ann: Client, query: str, found: str) -> None:
    text = as_ann.get(f"/mods/?{query}").content.decode()
    assert [name for name in ("Carry On", "Traps", "Gone") if f">{name}</a>" in text] == [found]


@pytest.mark.parametrize(
    "url",
    [
        *("/mods/?before=x", "/mods/?side=x&sort=y&type=z&which=w", "/mods/?version=x"),
        *("/mods/?q=" + "x" * 900, "/mods/?q=%27%22%25_*", "/mods/?tag=%22", "/mods/?before=é"),
        *("/mods/changes/?kind=x", "/mods/changes/?before=x", "/mods/changes/?before=" + "9" * 30),
    ],
)
def test_nonsense_gives_the_page(as_ann: Client, url: str) -> None:
    assert as_ann.get(url).status_code == 200


@pytest.mark.parametrize("modid", [9, 2**70])
def test_a_mod_that_is_not_there(as_ann: Client, modid: int) -> None:
    assert as_ann.get(f"/mods/{modid}/").status_code == 404


def test_the_page_of_a_mod_tells_what_is_known(as_ann: Client) -> None:
    text = as_ann.get("/mods/1/").content.decode()
    for part in ("<p>Words</p>", "<b>More</b>", "It was away.", "1.22.0 \u2013 1.22.1 (2)", "gone"):
        assert part in text


def test_old_releases_and_changes_are_shown_for_the_asking(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mods.views.catalogue._AT_ONCE", 2)
    traps = Mod.objects.get(pk=2)
    for number in range(5):
        release(traps, f"3.{number}.0")
        Change.objects.create(kind="release_new", at=NOON, mod=traps, version=f"4.{number}.0")
    text = as_ann.get("/mods/2/").content.decode()
    assert "3.3.0" in text
    assert "4.3.0" in text
    assert "3.2.0" not in text
    assert "4.2.0" not in text
    assert text.count('<a href="?all=1">Show 3 more</a>') == 2
    text = as_ann.get("/mods/2/?all=1").content.decode()
    assert "3.0.0" in text
    assert "4.0.0" in text
    assert "more</a>" not in text


def test_versions_are_new_that_came_lately_and_not_with_the_first_look(as_ann: Client) -> None:
    assert "✦" not in as_ann.get("/versions/").content.decode()
    GameVersion.objects.update(first_seen_at=now())
    assert "✦" not in as_ann.get("/versions/").content.decode()
    game("1.22.11", first_seen_at=now() + timedelta(seconds=1))
    text = as_ann.get("/versions/").content.decode()
    assert text.count("✦") == 1
    assert text.index("1.22.11") < text.index("✦") < text.index("1.22.10")


def test_a_release_of_an_unknown_day_comes_last(as_ann: Client) -> None:
    release(Mod.objects.get(pk=1), "9.9.9", created_at=None)
    text = as_ann.get("/mods/1/").content.decode()
    assert text.index("1.2.0</a>") < text.index("9.9.9</a>")


def test_only_web_addresses_of_servers_become_links(as_ann: Client) -> None:
    game("1.21.0", server_url="javascript:evil()", server_filename="evil.tar.gz")
    game("1.21.1", server_url="https://cdn.example/good.tar.gz", server_filename="good.tar.gz")
    text = as_ann.get("/versions/").content.decode()
    assert "javascript:" not in text
    assert "evil.tar.gz" in text
    assert '<a href="https://cdn.example/good.tar.gz" rel="noopener">good.tar.gz</a>' in text


def test_long_changelogs_are_shown_of_the_newest_releases_only(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mods.views.catalogue.MAX_CHANGELOGS", 30)
    traps = Mod.objects.get(pk=2)
    for number in range(3):
        log = f"<p>long words {number}</p>"
        release(traps, f"1.{number}.0", identifier="traps", changelog=log)
    text = as_ann.get("/mods/2/").content.decode()
    assert "<p>long words 2</p>" in text
    assert "<p>long words 1</p>" not in text
    assert text.count('" rel="noopener">Changelog</a>') == 2


def test_the_api_tells_versions_in_the_order_of_the_game(as_ann: Client) -> None:
    told = as_ann.get("/api/v1/versions").json()["data"]
    assert [each["version"] for each in told["versions"]] == ["1.22.10", "1.22.9"]
    assert told["latest"] == {"stable": "1.22.10", "unstable": None}
    assert told["checked_at"] == {"stable": None, "unstable": None}


def test_the_api_pages_through_mods_and_changes(as_ann: Client) -> None:
    first = as_ann.get("/api/v1/mods?limit=1").json()["data"]
    rest = as_ann.get(f"/api/v1/mods?limit=1&before={first['next']}").json()["data"]
    assert [each["modid"] for each in first["mods"] + rest["mods"]] == [2, 1]
    assert rest["next"] is None
    found = as_ann.get("/api/v1/mods?search=car&side=both&tag=QoL").json()["data"]["mods"]
    assert [each["modid"] for each in found] == [1]
    told = as_ann.get("/api/v1/changes?kind=mod_new").json()["data"]["changes"]
    assert [each["subject"] for each in told] == [EVIL]


@pytest.mark.parametrize(
    "url",
    [
        *("versions?channel=x", "versions?x=1", "mods?side=x", "mods?limit=0", "mods?limit=x"),
        *("mods?before=x", "mods?x=1", "changes?kind=x", "changes?before=x", "changes?limit=999"),
    ],
)
def test_the_api_refuses_what_it_does_not_know(as_ann: Client, url: str) -> None:
    assert as_ann.get(f"/api/v1/{url}").status_code == 422


def test_signs_that_turn_text_around_keep_to_their_own_part_of_a_line(as_ann: Client) -> None:
    odd = "\u202eodd"
    Mod.objects.filter(pk=1).update(tags=[odd, "QoL"])
    Release.objects.filter(mod=1).update(version=odd, file_url="")
    Change.objects.create(
        kind="release_edited", at=NOON, mod_id=1, subject=odd, version=odd, before=odd, after=odd
    )
    text = as_ann.get("/mods/1/").content.decode() + as_ann.get("/mods/changes/").content.decode()
    alone = text.count(f"<bdi>{odd}</bdi>") + text.count(f">{odd}</a>")
    assert alone == text.count(odd) > 8


def test_typing_keeps_the_address_in_step(as_ann: Client) -> None:
    answer = as_ann.get("/mods/?q=car&side=both&type=", headers={"HX-Request": "true"})
    assert answer["HX-Replace-Url"] == "/mods/?q=car&side=both"


def test_typing_fetches_the_list_alone(as_ann: Client) -> None:
    part = as_ann.get("/mods/?q=car", headers={"HX-Request": "true"}).content.decode().strip()
    assert part.startswith('<div id="mods"')
    assert part in as_ann.get("/mods/?q=car").content.decode()
    again = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<form" in as_ann.get("/mods/?q=car", headers=again).content.decode()
