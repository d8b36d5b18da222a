"""The feed of what changed, as readers of feeds take it."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mods.models import Change, Mod
from scheduling import tokens
from tests.mods.cast import NOON, mod

from .conftest import SignIn

EVIL = "<script>evil()</script>"
FEED = "/feeds/changes.atom"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def changed(db: None) -> None:
    carry = mod(1, "carryon")
    Change.objects.create(kind="mod_new", at=NOON, mod=carry, subject=EVIL)
    Change.objects.create(kind="version_new", at=NOON, subject="1.22.10")


def test_the_feed_takes_a_session_or_a_token_but_none_in_the_address(
    ann: User, sign_in: SignIn
) -> None:
    token = tokens.issue(ann)
    bearer = Client(headers={"Authorization": f"Bearer {token}"})
    text = bearer.get(FEED).content.decode()
    assert "<entry>" in text
    assert EVIL not in text
    assert sign_in("ann").get(FEED).status_code == 200
    assert Client().get(f"{FEED}?token={token}").status_code == 401
    bad = Client(headers={"Authorization": "Bearer x"})
    assert bad.get(FEED).status_code == 401


def test_the_feed_has_all_that_atom_asks_for(as_ann: Client) -> None:
    Change.objects.create(kind="mod_new", at=NOON, mod_id=1, subject="Smith & <b>Sons</b>")
    answer = as_ann.get(FEED)
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)  # noqa: S314
    for name in ("id", "title", "updated", "author"):
        assert len(feed.findall(ATOM + name)) == 1
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    assert {link.get("rel") for link in feed.findall(f"{ATOM}link")} == {"self", "alternate"}
    entries = feed.findall(f"{ATOM}entry")
    for entry in entries:
        for name in ("id", "title", "updated", "link", "summary"):
            assert len(entry.findall(ATOM + name)) == 1
        assert (entry.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries) == 3
    title = entries[0].find(f"{ATOM}title")
    assert title is not None
    assert title.get("type") == "html"
    assert title.text == "new mod: Smith &amp; &lt;b&gt;Sons&lt;/b&gt;"


def test_the_names_of_entries_stay_and_are_no_other_installations(as_ann: Client) -> None:
    def names() -> list[str | None]:
        feed = ET.fromstring(as_ann.get(FEED).content)  # noqa: S314
        return [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]

    before = names()
    Mod.objects.filter(pk=1).update(name="Other")
    Change.objects.create(kind="mod_new", at=NOON, mod_id=1, subject="Later")
    assert names()[1:] == before
    Change.objects.update(at=NOON + timedelta(seconds=1))
    assert not set(names()) & set(before)


def test_the_feed_is_not_sent_again_to_who_has_it(as_ann: Client) -> None:
    first = as_ann.get(FEED)
    again = as_ann.get(FEED, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Change.objects.create(kind="mod_new", at=NOON, subject="Later")
    later = as_ann.get(FEED, headers={"If-None-Match": first["ETag"]})
    assert later.status_code == 200
    assert later["ETag"] != first["ETag"]
    other = {"If-None-Match": later["ETag"], "Accept-Language": "de"}
    assert as_ann.get(FEED, headers=other).status_code == 200
    anonymous = Client(headers={"If-None-Match": later["ETag"]})
    assert anonymous.get(FEED).status_code == 401


def test_the_feed_can_be_read_whatever_a_mod_is_called(as_ann: Client) -> None:
    odd = "Odd\ufffe\uffff\x01"
    Change.objects.create(kind="mod_renamed", at=NOON, subject=odd, before=odd, after=odd)
    feed = ET.fromstring(as_ann.get(FEED).content)  # noqa: S314
    titles = [title.text or "" for title in feed.iter(f"{ATOM}title")]
    assert "Odd\N{REPLACEMENT CHARACTER}" in titles[1]
