"""Odd words, filters together and pages in between: told by the rows alone, on every database."""

# ruff: noqa: RUF001 - letters that look alike are what is tried here

import base64
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from mods import modpaging, search, words
from mods.models import Mod
from mods.modpaging import Sort
from mods.views.catalogue import ModFilter

from .cast import NOON, fetched, mod, release

pytestmark = pytest.mark.django_db

NAMES = [
    "Carry On", "carry-on", "O'Hare's \"Best\"", "Größe ÄNDERN", "GRO\u0308SSE", "Ёлка и мод",
    "日本語 の木", "日本", "100% _under_", "a", "A*", "-minus -sign", "back\\slash", "x" * 255,
    "İstanbul ISPARTA ı", "Straße", "\N{FIRE} Hearth", "ﬁne ligature", "１２３ wide", "καλός ΚΑΛΟΣ",
    "NEAR AND OR NOT", "col:on name:carry", "semi;colon -- drop", "é e\u0301", "नमस्ते",
    "ไทย", " ",
]  # fmt: skip
ODD = [
    *NAMES, "'", '"', '""', "%", "*", "-", "--", "\\", "_", "a*", "carry*", '"carry on"', "-carry",
    "carry -on", "name:carry", "NOT carry", "carry OR traps", "NEAR(carry on)", "(", ")", "^carry",
    "x" * 500, "у", "木", "の", "本", "ﬁ", "1", "１", "é", "e\u0301", "\u0301", "strasse",
    "SS", "i", "ı", "İ", "{", "[]", "<script>", "a a a", "a " * 100, "\N{FIRE}", "carry\u00a0on",
    "carry\ton",
    "&amp;", "carry&on", "%_", "c_rry", "c%y", "\ud800x",
]  # fmt: skip


@pytest.fixture
def many() -> None:
    chance = random.Random(5)
    for number in range(1, 121):
        mod(
            number,
            f"id{number % 9}",
            name=NAMES[number % len(NAMES)],
            author=chance.choice(["ann", "Ünal", "O'Hare"]),
            summary=" ".join(chance.sample(NAMES, 2))[:255],
            tags=chance.sample(["QoL", "Größe", 'a"b', "100%", "Texture Pack"], 2),
            side=chance.choice(["both", "client", "server", ""]),
            type=chance.choice(["mod", "other"]),
            downloads=chance.choice([0, 5, 5, 7]),
            trendingpoints=chance.choice([-3, 0, 0, 9]),
            last_released=chance.choice([None, NOON, NOON, NOON + timedelta(seconds=1)]),
            delisted_at=chance.choice([None, None, None, NOON]),
        )
    search.index(Mod.objects.all())


def asked(**query: str) -> set[int]:
    return {each.modid for each in ModFilter(RequestFactory().get("/", query).GET).apply()}


def expected(text: str) -> set[int]:
    """By the words of each mod, in plain Python."""
    wanted = words.asked(text)
    return {
        each.modid
        for each in Mod.objects.all()
        if all(
            any(word.startswith(start) for word in stored)
            for stored in [
                words.words(
                    " ".join([each.name, each.author, each.summary, *each.identifiers, *each.tags])
                )
            ]
            for start in wanted
        )
        and (wanted or not text.strip())
    }


@pytest.mark.parametrize("few", [0, 500])
def test_odd_words_find_what_the_words_themselves_say(
    many: None, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW", few)
    for text in ODD:
        found = {each.modid for each in search.matching(Mod.objects.all(), text)}
        assert found == expected(text), text
    assert len(expected("carry -on")) > 4


def walked(sort: Sort, size: int, meanwhile: Any = lambda: None) -> Iterator[int]:
    before = ""
    while True:
        shown = modpaging.page(Mod.objects.listed(), sort, before, size)
        yield from (each.modid for each in shown.mods)
        if not (before := shown.next):
            return
        meanwhile()


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("size", [1, 7])
def test_ties_are_told_once_each_and_in_one_order(many: None, sort: Sort, size: int) -> None:
    whole = [each.modid for each in modpaging.page(Mod.objects.listed(), sort, size=500).mods]
    assert list(walked(sort, size)) == whole
    assert sorted(whole) == sorted(Mod.objects.listed().values_list("modid", flat=True))


@pytest.mark.parametrize("sort", Sort)
def test_what_others_do_meanwhile_neither_repeats_nor_hides_a_mod(many: None, sort: Sort) -> None:
    steady = set(Mod.objects.listed().filter(modid__lt=60).values_list("modid", flat=True))
    fresh = iter(range(1_000, 2_000))

    def others() -> None:
        number = next(fresh)
        new = mod(number, "fresh", name="Carry On", downloads=5, last_released=NOON)
        search.index([new])
        left = Mod.objects.listed().filter(modid__gte=60, modid__lt=1_000).first()
        if left:
            left.delisted_at = NOON
            left.save(update_fields=["delisted_at"])

    seen = list(walked(sort, 7, others))
    assert len(seen) == len(set(seen))
    assert steady <= set(seen)


TAGS = ["QoL", "qol", "QOL", "Größe", "größe", 'a"b', "100%", "%", "Qo", "b"]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_a_whole_one_in_either_case(many: None, tag: str) -> None:
    lowered = tag.lower()
    rows = Mod.objects.listed()
    named = {each.modid for each in rows if lowered in [own.lower() for own in each.tags]}
    assert asked(tag=tag) == named
    assert bool(named) is (tag not in ("%", "Qo", "b"))


def test_filters_hold_together(many: None) -> None:
    one = Mod.objects.listed().filter(side="both", type="mod", tags__icontains="QoL").first()
    assert one
    fetched(one)
    release(one, "1.0.0", "1.22.7")
    query = {"side": "both", "type": "mod", "tag": "QoL", "version": "1.22.7", "q": one.author}
    assert asked(**query) == {one.modid}
    assert asked(**query, which="delisted") == set()
    assert asked(**{**query, "version": "1.22.70"}) == set()
    assert asked(**{**query, "side": "client"}) == set()


PLACES = [
    *("released 0001-01-01T00:00:00+00:00 5", "released 9999-12-31T23:59:59+00:00 5"),
    *("released 0001-01-01T00:00:00+14:00 5", "released 9999-12-31T23:59:59-14:00 5"),
    *("released 2026-01-01 5", "released 2026-W01-1 5", "released - 5", "released - -5"),
    *("name  5", "name 00 5", "name ff 5", "name 0 5", "name zz 5", "name 41 41 5"),
    *("downloads -9223372036854775808 5", "downloads 9223372036854775807 -5", "downloads 1e3 5"),
    *("downloads 9223372036854775808 5", "trending 1_0 5", "trending \u0663 \u0663", "trending  "),
    *("newest  0", "newest  -1", "newest  9223372036854775807", "newest x 5", "\0", "", "  "),
]


@pytest.mark.parametrize("place", PLACES)
def test_a_made_up_place_is_one_or_is_refused(many: None, place: str) -> None:
    cursor = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    for sort in Sort:
        try:
            shown = modpaging.page(Mod.objects.listed(), sort, cursor or "-")
        except modpaging.BadCursor:
            continue
        assert place.startswith(sort)
        assert len(shown.mods) <= modpaging.PAGE
