"""Laws that hold for any version and for any run of catalogues."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from mods import rawrows, sync
from mods.errors import Implausible
from mods.gameversion import InvalidVersion, Version
from mods.models import Mod
from mods.modversion import readable, strict
from tests.properties import profile
from vsmanager.standin import catalogue

NUMBER = st.integers(0, 300)
NEARLY = st.from_regex(r"[0-9]{1,70}(\.[0-9]{0,9}){0,4}(-\w+)?")
STAGES = ("dev", "pre", "rc", "")
# As its parts, in the order in which they count.
PARTS = st.tuples(NUMBER, NUMBER, NUMBER, st.integers(0, 3), NUMBER).map(
    lambda parts: parts if parts[3] < 3 else (*parts[:4], 0)
)


def written(parts: tuple[int, ...]) -> str:
    major, minor, patch, stage, number = parts
    return f"{major}.{minor}.{patch}" + (f"-{STAGES[stage]}.{number}" if STAGES[stage] else "")


@settings(profile)
@given(one=PARTS, other=PARTS)
def test_versions_order_as_their_parts_do(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    first, second = Version.parse(written(one)), Version.parse(written(other))
    assert (first < second, first == second) == (one < other, one == other)
    assert 0 <= first.packed < 1 << 63


@settings(profile)
@given(parts=PARTS)
def test_a_version_is_written_as_it_was_read(parts: tuple[int, ...]) -> None:
    text = written(parts)
    version = Version.parse(text)
    assert str(version) == text
    assert version.is_prerelease == ("-" in text)
    assert readable(text) == strict(text) == version
    if parts[2] == 0:
        assert readable(text.replace(".0", "", 1) if parts[1] else text) is not None


@settings(profile)
@given(
    text=st.one_of(st.text(max_size=80), st.from_regex(r"[0-9]{1,70}(\.[0-9]{0,9}){0,4}(-\w+)?"))
)
def test_any_text_is_a_version_or_is_refused(text: str) -> None:
    try:
        version = Version.parse(text)
    except InvalidVersion:
        assert strict(text) is None
    else:
        assert strict(text) == version
        assert Version.parse(str(version)) == version


MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROWS = {row["modid"]: row for row in catalogue.made_up(8)}
# What a catalogue says: the mods in it, each with its number of downloads.
CATALOGUES = st.lists(
    st.dictionaries(st.sampled_from(sorted(ROWS)), st.integers(0, 2), max_size=8),
    min_size=1,
    max_size=6,
)


def rows_of(said: dict[int, int], raw: bool) -> Any:
    rows = [ROWS[modid] | {"downloads": downloads} for modid, downloads in said.items()]
    if not raw:
        return rows
    scanned = rawrows.scan(bytearray(json.dumps({"statuscode": "200", "mods": rows}).encode()), "")
    assert scanned is not None
    return scanned[1]


def state() -> dict[int, tuple[Any, ...]]:
    columns = ("downloads", "delisted_at", "first_seen_at", "name")
    return {modid: tuple(rest) for modid, *rest in Mod.objects.values_list("modid", *columns)}


@pytest.mark.django_db
@settings(profile)
@given(said=CATALOGUES, raw=st.lists(st.booleans(), min_size=6, max_size=6))
def test_any_run_of_catalogues_leads_to_what_the_last_one_says(
    said: list[dict[int, int]], raw: list[bool]
) -> None:
    with transaction.atomic():
        follow(said, raw)
        transaction.set_rollback(True)


def follow(said: list[dict[int, int]], raw: list[bool]) -> None:
    listed: dict[int, int] = {}
    first_seen: dict[int, datetime] = {}
    for number, (each, as_bytes) in enumerate(zip(said, raw, strict=False)):
        now, before = MONDAY + timedelta(days=number), state()
        rows = rows_of(each, as_bytes)
        if not each or len(each) * 2 < len(listed):
            with pytest.raises(Implausible):
                sync.refresh_catalogue(rows, now)
            assert state() == before
            continue
        sync.refresh_catalogue(rows, now)
        listed = each
        for modid in each:
            first_seen.setdefault(modid, now)
        after = state()
        # Nothing is lost, and nothing is there that nobody named.
        assert after.keys() == first_seen.keys()
        for modid, (downloads, delisted_at, first_seen_at, name) in after.items():
            assert (first_seen_at, name) == (first_seen[modid], ROWS[modid]["name"])
            assert (delisted_at is None) == (modid in listed)
            if modid in listed:
                assert downloads == listed[modid]
            else:
                assert (downloads, delisted_at) == (before[modid][0], before[modid][1] or now)
        again = sync.refresh_catalogue(rows_of(each, as_bytes), now)
        assert (again["unchanged"], again["created"]) == (len(each), 0)
        assert state() == after
