"""Searching mods: the same words find the same mods on every database."""

import pytest
from django.db import connection

from mods import modpaging, search, words
from mods.models import Mod
from mods.modpaging import Sort

from .cast import NOON, mod

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    mod(1, "carryon", name="Carry On", author="copygirl", summary="Carry chests", tags=["QoL"])
    mod(2, "primitivesurvival", name="Primitive Survival", summary="Fishing & traps")
    mod(3, "moteur", name="Moteur à Vapeur", summary="Größe ÄNDERN", last_released=NOON)
    mod(4, "hund_e", name="日本 мод", summary="100% _under_ <script>", tags=["Worldgen"])
    search.index(Mod.objects.all())


FINDS = [
    ("carry", {1}),
    ("CARRY on", {1}),
    ("copyg", {1}),
    ("qol", {1}),
    ("arry", set()),
    ("p", {2}),
    ("fish trap", {2}),
    ("fish carry", set()),
    ("a vapeur", {3}),
    ("grosse", set()),
    ("grö", {3}),
    ("gro", {3}),
    ("andern", {3}),
    ("日", {4}),
    ("МОД", {4}),
    ("hund e", {4}),
    ("100%", {4}),
    ("script", {4}),
    ("%", set()),
    ("'; DROP", set()),
    ('"carry*" OR', set()),
    ("", {1, 2, 3, 4}),
    ("  ", {1, 2, 3, 4}),
]


@pytest.mark.parametrize(("text", "modids"), FINDS)
@pytest.mark.parametrize("few", [0, 500])
def test_each_word_begins_one_of_the_mod(
    text: str, modids: set[int], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW", few)
    assert {each.modid for each in search.matching(Mod.objects.all(), text)} == modids


@pytest.mark.parametrize("sort", Sort)
def test_pages_tell_each_mod_once(sort: Sort) -> None:
    seen, before = [], ""
    while True:
        shown = modpaging.page(Mod.objects.all(), sort, before, 1)
        seen += [each.modid for each in shown.mods]
        if not (before := shown.next):
            break
    assert sorted(seen) == [1, 2, 3, 4]
    assert seen == [each.modid for each in modpaging.page(Mod.objects.all(), sort).mods]


def test_mods_are_ordered_by_name_and_the_unreleased_come_last() -> None:
    by_name = modpaging.page(Mod.objects.all(), Sort.NAME).mods
    assert [each.modid for each in by_name] == [1, 3, 2, 4]
    assert modpaging.page(Mod.objects.all(), Sort.RELEASED).mods[0].modid == 3


@pytest.mark.parametrize("cursor", ["x", "é", "A" * 900, "bmFtZSB6eiAx", "ZG93bmxvYWRzIHggMQ"])
@pytest.mark.parametrize("sort", Sort)
def test_a_place_that_is_none_is_refused(sort: Sort, cursor: str) -> None:
    with pytest.raises(modpaging.BadCursor):
        modpaging.page(Mod.objects.all(), sort, cursor)


def test_a_word_that_begins_another_is_looked_for_once() -> None:
    assert words.asked("stone stonework STONE") == ["stonework"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
@pytest.mark.parametrize("sort", Sort)
def test_sqlite_walks_each_list_in_its_order(django_assert_max_num_queries, sort):
    with django_assert_max_num_queries(3) as asked:
        modpaging.page(Mod.objects.listed(), sort)
    with connection.cursor() as cursor:
        for each in asked:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {each['sql']}").fetchall()
            assert "ORDER BY" not in " ".join(step[-1] for step in plan)
