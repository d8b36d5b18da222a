"""Whoever reads in German finds no English on the pages of mods, versions and news."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mods import search
from mods.models import Change, Kind, Mod, NewsFlip, NewsMessage, SourceCheck
from mods.news.models import Event, Fate
from tests.mods.cast import NOON, fetched, game, mod, release, tracked
from tests.mods.zips import good
from tests.news.conftest import channel, rule

from .german import GERMAN, english_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked() -> None:
    """Something of all that these pages tell: mods that fit and that don't, and what changed."""
    _mods()
    _versions()
    for number, kind in enumerate(Kind.values):
        Change.objects.create(
            kind=kind, at=NOON, subject="Ebbe", version="1.2.0", before=str(number), after="9"
        )
    _edits()
    search.index(Mod.objects.all())


def _edits() -> None:
    for kind, before, after in (
        ("release_edited", "identifier ebbe; version 1.2.0; for 1.22.0", "file flut (another)"),
        ("release_edited", "file ebbe", "file flut; another changelog"),
        ("release_edited", "retracted", "back"),
        ("version_new", "withdrawn", "unstable"),
        ("version_withdrawn", "stable", "withdrawn"),
    ):
        Change.objects.create(kind=kind, at=NOON, subject="Ebbe", before=before, after=after)


def _mods() -> None:
    carry = mod(1, "carryon", "carryonlib", name="Tragen", tags=["Karre"], summary="Kurz")
    gone = mod(2, "xskills", side="server", delisted_at=NOON, type="other")
    late = mod(3, "ebbe", side="client", type="externaltool")
    mod(4, side="both", summary="ohne")
    new = mod(5, "flut")
    fetched(carry, text="<p>Viel</p>", problem="Ebbe", homepage_url="https://example.org/")
    fetched(gone, problem="Ebbe")
    release(carry, "1.2.0", "1.22.0", "1.22.10", changelog="<b>Mehr</b>")
    release(carry, "1.1.0", "1.21.0", gone_at=NOON)
    release(gone, "0.8.1", "1.22.9", gone_at=NOON)
    release(late, "1.0.0", "1.19.0")
    release(late, "1.0.1", "1.20.0", changed_at=NOON + timedelta(days=1))
    release(new, "2.0.0", "1.22.9")
    tracked("carryon", "1.1.0", of=carry, dependencies={"flut": "3.0.0", "wolke": "1.0.0"})
    tracked("xskills", "0.8.1", of=gone, origin="upload")
    tracked("ebbe", "1.0.1", of=late, origin="folder", dependencies={"flut": "1.0.0"})
    tracked("flut", "unklar", of=new, origin="catalogue")
    tracked("niemand")


def _versions() -> None:
    now = datetime.now(UTC)
    game("1.22.10", is_latest=True, server_md5="a" * 32, server_size=9_000_000, first_seen_at=now)
    game("1.22.9", server_url="https://cdn.example/s.tar.gz", server_filename="s.tar.gz")
    game("1.22.8", withdrawn_at=NOON)
    game("1.23.0-rc.1", is_latest=True)
    SourceCheck.objects.create(source="stable", checked_at=now)


@pytest.fixture
def news(stocked: None) -> dict[str, int]:
    """A channel, a rule of each event, a message of each fate; the first of each, by its kind."""
    first = channel("Ebbe", problem="Störung", quiet_from=time(22), quiet_to=time(6))
    rules = [rule(event, first) for event in Event.values]
    rule("job_failed")
    NewsFlip.objects.create(rule=rules[0], subject="Ebbe", state="3", since=NOON)
    messages = [
        NewsMessage.objects.create(
            channel=first, channel_name="Ebbe", items=["Ebbe"], status=fate, error="Störung"
        )
        for fate in Fate.values
    ]
    return {"newschannel": first.pk, "newsrule": rules[0].pk, "newsmessage": messages[0].pk}


def german(client: Client, address: str) -> str:
    answer = client.get(address, headers=GERMAN)
    assert answer.status_code == 200
    return answer.content.decode()


PAGES = [
    *("/mods/", "/mods/?q=nichts", "/mods/?q=tra&side=both&which=tracked", "/mods/?which=delisted"),
    *("/mods/?version=soso&sort=odd", "/mods/?before=nonsense", "/mods/1/", "/mods/2/", "/mods/3/"),
    *("/mods/4/", "/versions/", "/mods/changes/", "/mods/changes/?kind=odd&before=nonsense"),
    *("/mods/tracked/", "/mods/tracked/?show=updates", "/mods/tracked/?show=problems"),
    *("/mods/tracked/?q=tra", "/mods/tracked/?q=nichts", "/mods/tracked/clear/"),
    *("/mods/readiness/", "/mods/readiness/?version=1.20.0&tier=likely", "/feeds/changes.atom"),
    *("/mods/readiness/?version=1.22.8", "/mods/readiness/?version=1.99.0&tier=odd", "/"),
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_of_mods_in_german_holds_no_english(
    as_ann: Client, stocked: None, address: str
) -> None:
    assert english_on(german(as_ann, address)) == []


@pytest.mark.parametrize("address", ["/mods/changes/", "/feeds/changes.atom"])
def test_what_was_edited_is_told_in_german(as_ann: Client, stocked: None, address: str) -> None:
    page = german(as_ann, address)
    for words in (
        *("Kennung ebbe; Version 1.2.0; für 1.22.0", "Datei flut (eine andere)"),
        *("Datei flut; andere Änderungsliste", "zurückgezogen", "wieder da", "instabil", "stabil"),
    ):
        assert words in page


def test_a_name_is_never_translated(as_ann: Client) -> None:
    Change.objects.create(kind="mod_renamed", at=NOON, subject="x", before="back", after="stable")
    assert "<bdi>back</bdi> → <bdi>stable</bdi>" in german(as_ann, "/mods/changes/")


EMPTY = ("/mods/", "/versions/", "/mods/changes/", "/mods/tracked/", "/mods/readiness/")


@pytest.mark.parametrize("address", EMPTY)
def test_a_page_of_nothing_in_german_holds_no_english(as_ann: Client, address: str) -> None:
    assert english_on(german(as_ann, address)) == []


def test_what_came_of_a_change_is_told_in_german(as_ann: Client, stocked: None) -> None:
    bad = SimpleUploadedFile("kaputt.zip", b"PK nonsense")
    for address, data in (
        ("paste", {"mods": "ebbe@1.0.0\nwolke@x\n?? ??\nneu@1.0.0\nebbe"}),
        *(("paste", {"mods": ""}), ("upload", {}), ("upload", {"files": [bad]})),
        ("upload", {"files": [SimpleUploadedFile("gut.zip", good())]}),
    ):
        assert _said(as_ann, f"/mods/tracked/{address}/", data) == []
    for address, data in (
        *(("/mods/4/track/", {}), ("/mods/1/track/", {"identifier": "xskills"})),
        *(("/mods/1/track/", {}), ("/mods/1/track/", {"identifier": "carryonlib"})),
        *(("/mods/tracked/clear/", {}), ("/mods/tracked/clear/", {})),
    ):
        assert _said(as_ann, address, data) == []


def _said(client: Client, address: str, data: dict[str, Any]) -> list[str]:
    page = client.post(address, data, headers=GERMAN, follow=True).content.decode()
    assert '<html lang="de"' in page
    return english_on(page)


@pytest.mark.parametrize("call", ["readiness", "mods", "versions", "changes"])
def test_a_call_of_the_api_is_refused_in_german(as_ann: Client, call: str) -> None:
    answer = as_ann.get(f"/api/v1/{call}?ebbe=1", headers=GERMAN)
    assert answer.status_code == 422
    assert "kein Parameter" in answer.content.decode()


@pytest.mark.parametrize("model", ["newschannel", "newsrule", "newsmessage"])
def test_the_admins_pages_of_news_in_german_hold_no_english(
    as_ann: Client, news: dict[str, int], model: str
) -> None:
    for page in ("", f"{news[model]}/change/"):
        assert english_on(german(as_ann, f"/admin/mods/{model}/{page}")) == []


ADMIN = ["newsflip/", "newschannel/add/", "newsrule/add/"]
# Django's own form for searching says this in English.
SEARCHED = ["change/", "gameversion/", "release/", "moddetail/", "trackedmod/"]


@pytest.mark.parametrize("page", [*ADMIN, *SEARCHED])
def test_other_pages_of_the_admin_in_german_hold_no_english(
    as_ann: Client, news: dict[str, int], page: str
) -> None:
    found = english_on(german(as_ann, f"/admin/mods/{page}"))
    assert found == (["Search"] if page in SEARCHED else [])


def test_refused_forms_of_news_in_german_hold_no_english(
    as_ann: Client, news: dict[str, int]
) -> None:
    quiet = {"name": "x", "quiet_from": "22:00", "timezone": "Mars", "address": "nonsense"}
    wrong = {"event": "mod_ready", "game_version": "soon", "failures": "0", "channels": [999]}
    for address, data in (
        *(("newschannel/add/", quiet), ("newschannel/add/", {"name": "x", "address": "a\0b"})),
        *(("newschannel/add/", quiet | {"quiet_to": "22:00"}), ("newsrule/add/", wrong)),
    ):
        page = as_ann.post(f"/admin/mods/{address}", data, headers=GERMAN).content.decode()
        assert "errorlist" in page
        assert english_on(page) == [], address
