"""Many rows in one statement, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, connection

from mods.models import Mod, ModWords
from mods.upserts import update, upsert

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
NAMES = [field.attname for field in Mod._meta.concrete_fields]
ODD = "100 % %s \"'`\\ \\n\t\r\n{}[] \u2028 \u202e Größe \U0001f525 $1 ?"


def row(modid: int, **fields: Any) -> tuple[Any, ...]:
    mod = Mod(modid=modid, assetid=1, first_seen_at=NOON, changed_at=NOON, raw_hash="")
    return tuple({**{name: getattr(mod, name) for name in NAMES}, **fields}[name] for name in NAMES)


def test_values_come_back_as_they_went() -> None:
    fields = {
        "name": ODD,
        "summary": ODD,
        "identifiers": [ODD, ""],
        "tags": [],
        "trendingpoints": -(2**63),
        "downloads": 2**63 - 1,
        "last_released": NOON,
        "delisted_at": None,
    }
    upsert(Mod, NAMES, [row(2**63 - 1, **fields), row(1)])
    stored = Mod.objects.get(modid=2**63 - 1)
    assert {name: getattr(stored, name) for name in fields} == fields
    assert Mod.objects.get(modid=1).last_released is None


def test_what_is_there_is_updated_but_for_what_is_kept() -> None:
    upsert(Mod, NAMES, [row(1, name="old"), row(2, name="stays")])
    rows = [row(1, name="new", first_seen_at=LATER, changed_at=LATER), row(3, name="more")]
    upsert(Mod, NAMES, iter(rows), kept={"first_seen_at"})
    mod = Mod.objects.get(modid=1)
    assert (mod.name, mod.first_seen_at, mod.changed_at) == ("new", NOON, LATER)
    assert list(Mod.objects.order_by("modid").values_list("name", flat=True)) == [
        "new", "stays", "more",
    ]  # fmt: skip


def test_what_is_the_same_in_all_rows_is_given_once() -> None:
    names = [name for name in NAMES if name not in ("changed_at", "delisted_at")]
    for now in (NOON, LATER):
        rows = [
            tuple(dict(zip(NAMES, row(pk), strict=True))[name] for name in names) for pk in (1, 2)
        ]
        upsert(Mod, names, rows, {"changed_at": now, "delisted_at": None})
        assert set(Mod.objects.values_list("changed_at", "delisted_at")) == {(now, None)}


def test_bytes_and_keys_of_other_tables_are_stored() -> None:
    upsert(Mod, NAMES, [row(1)])
    key = bytes(range(256))
    for text in ("before", ODD):
        upsert(ModWords, ["mod", "text", "name_key"], [(1, text, key)])
    words = ModWords.objects.get(mod=1)
    assert (words.text, bytes(words.name_key)) == (ODD, key)


def test_one_field_is_set_of_those_that_are_there() -> None:
    upsert(Mod, NAMES, [row(1, name="a"), row(2, name="b"), row(3, name="c")])
    update(Mod, "name", [(ODD, 1), ("second", 2), ("nobody", 4)])
    names = list(Mod.objects.order_by("modid").values_list("name", flat=True))
    assert names == [ODD, "second", "c"]


def test_no_rows_are_no_error() -> None:
    upsert(Mod, NAMES, [])
    update(Mod, "name", [])
    assert not Mod.objects.exists()


def test_a_text_too_long_is_refused_and_not_cut() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite knows no lengths")
    with pytest.raises(DataError):
        upsert(Mod, NAMES, [row(1, name="x" * 256)])
