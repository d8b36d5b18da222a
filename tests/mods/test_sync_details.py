"""What is stored of a mod's details: releases, those edited, those that vanished and came back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mods import moddetail, sync, sync_details
from mods.errors import BadAnswer, Implausible, NotListed
from mods.moddetail import Detail
from mods.models import Change, Mod, ModDetail, Release, TrackedMod
from mods.sync_details import digest, store, store_failure
from vsmanager.standin import catalogue

from .conftest import written_by

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)


def release(releaseid: int, version: str, **changes: Any) -> dict[str, Any]:
    return {
        "releaseid": releaseid, "mainfile": f"https://cdn.example/carryon_{releaseid}.zip?dl=a.zip",
        "filename": "a.zip", "tags": ["1.22.6", "1.22.7"], "modidstr": "carryon",
        "modversion": version, "created": "2026-08-09 23:16:11", "changelog": None, **changes,
    }  # fmt: skip


@pytest.fixture
def mod() -> Mod:
    sync.refresh_catalogue(catalogue.made_up(3), MONDAY)
    mod = Mod.objects.first()
    assert mod
    return mod


def detail(mod: Mod, *releases: dict[str, Any], **changes: Any) -> Detail:
    return moddetail.read(
        {"modid": mod.pk, "text": "<p>Carry</p>", "releases": list(releases), **changes}, mod.pk
    )


def told() -> list[tuple[str, str, str, str]]:
    return list(Change.objects.order_by("pk").values_list("kind", "version", "before", "after"))


def test_the_first_details_are_stored_and_no_news(mod: Mod) -> None:
    store(mod, detail(mod, release(2, "1.1.0"), release(1, "1.0.0")), MONDAY)
    stored = ModDetail.objects.get(mod=mod)
    assert (stored.text, stored.fetched_at, stored.tried_at) == ("<p>Carry</p>", MONDAY, MONDAY)
    assert (stored.problem, stored.read_of) == ("", digest(mod))
    first = Release.objects.get(pk=1)
    assert (first.identifier, first.version, first.packed) == (
        "carryon",
        "1.0.0",
        (1 << 48) + 65535,
    )
    assert (first.first_seen_at, first.changed_at, first.gone_at) == (MONDAY, MONDAY, None)
    assert first.game_versions == ["1.22.6", "1.22.7"]
    assert not told()


def test_the_same_details_again_write_no_release(mod: Mod) -> None:
    same = detail(mod, release(1, "1.0.0"))
    store(mod, same, MONDAY)
    assert written_by(lambda: store(mod, same, TUESDAY)) == ["mods_moddetail"]
    assert ModDetail.objects.get(mod=mod).fetched_at == TUESDAY
    assert Release.objects.get().changed_at == MONDAY


def test_a_new_release_is_news_even_if_the_mod_had_none(mod: Mod) -> None:
    store(mod, detail(mod), MONDAY)
    store(mod, detail(mod, release(1, "1.0.0")), TUESDAY)
    assert told() == [("release_new", "1.0.0", "", "")]
    change = Change.objects.get()
    assert (change.mod, change.subject, change.at) == (mod, mod.name, TUESDAY)


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        ({"modversion": "1.0.1"}, "version 1.0.0", "version 1.0.1"),
        ({"tags": ["1.22.7", "1.22.8"]}, "for 1.22.6", "for 1.22.8"),
        ({"tags": ["1.22.5", "1.22.6", "1.22.7"]}, "", "for 1.22.5"),
        ({"tags": ["0.0.0"]}, "for 1.22.6, 1.22.7", ""),
        ({"filename": "b.zip"}, "file a.zip", "file b.zip"),
        ({"mainfile": "https://cdn.example/other.zip"}, "file a.zip", "file a.zip (another)"),
        ({"modidstr": "carry"}, "identifier carryon", "identifier carry"),
        ({"modidstr": None}, "identifier carryon", "identifier -"),
        ({"changelog": "<p>New</p>"}, "", "another changelog"),
        (
            {"modversion": "1.0.1", "tags": ["1.22.6"]},
            "version 1.0.0; for 1.22.7",
            "version 1.0.1",
        ),
        ({"tags": [f"1.23.{n}" for n in range(200)]}, "for 1.22.6, 1.22.7", None),
    ],
)
def test_an_edit_is_noticed_and_told_in_short(
    mod: Mod, edit: dict[str, Any], before: str, after: str | None
) -> None:
    store(mod, detail(mod, release(1, "1.0.0")), MONDAY)
    store(mod, detail(mod, release(1, "1.0.0", **edit)), TUESDAY)
    edited = Release.objects.get()
    assert (edited.first_seen_at, edited.changed_at) == (MONDAY, TUESDAY)
    ((kind, version, was, is_now),) = told()
    assert (kind, version, was) == ("release_edited", edited.version, before)
    assert is_now == after if after is not None else len(is_now) == 500


def test_another_place_of_the_same_file_is_stored_and_no_news(mod: Mod) -> None:
    store(mod, detail(mod, release(1, "1.0.0")), MONDAY)
    moved = release(1, "1.0.0", mainfile="https://new.example/carryon_1.zip?dl=a.zip")
    store(mod, detail(mod, moved), TUESDAY)
    stored = Release.objects.get()
    assert stored.file_url.startswith("https://new.example/")
    assert stored.changed_at == MONDAY
    assert not told()


def test_another_way_to_read_is_stored_and_no_news(
    mod: Mod, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(mod, detail(mod, release(1, "1.0.0")), MONDAY)
    before = digest(mod)
    monkeypatch.setattr(moddetail, "FORMAT", "02")
    assert digest(mod) != before
    store(mod, detail(mod, release(1, "1.0.0", modidstr="carry")), TUESDAY)
    assert Release.objects.get().identifier == "carry"
    assert Release.objects.get().changed_at == MONDAY
    assert not told()
    store(mod, detail(mod, release(1, "1.0.0")), WEDNESDAY)
    assert len(told()) == 1


def test_a_release_that_vanished_stays_marked_and_comes_back(mod: Mod) -> None:
    both = detail(mod, release(2, "1.1.0"), release(1, "1.0.0"))
    rest = detail(mod, release(1, "1.0.0"))
    store(mod, both, MONDAY)
    store(mod, rest, TUESDAY)
    assert Release.objects.get(pk=2).gone_at == TUESDAY
    assert list(Release.objects.current()) == [Release.objects.get(pk=1)]
    assert told() == [("release_retracted", "1.1.0", "", "")]

    store(mod, rest, WEDNESDAY)
    assert Release.objects.get(pk=2).gone_at == TUESDAY
    assert len(told()) == 1

    store(mod, both, WEDNESDAY)
    assert Release.objects.get(pk=2).gone_at is None
    assert Release.objects.get(pk=2).first_seen_at == MONDAY
    assert told()[1:] == [("release_edited", "1.1.0", "retracted", "back")]


def test_many_new_releases_of_a_mod_at_once_are_no_news_but_each_retraction_is(mod: Mod) -> None:
    many = [release(number, f"1.0.{number}") for number in range(1, 21)]
    store(mod, detail(mod, *many[:2]), MONDAY)
    store(mod, detail(mod, *many), TUESDAY)
    assert Release.objects.count() == 20
    assert not told()
    store(mod, detail(mod), WEDNESDAY)
    assert [kind for kind, *_ in told()] == ["release_retracted"] * 20


def test_a_release_of_another_mod_is_refused(mod: Mod) -> None:
    other = Mod.objects.last()
    assert other
    store(other, detail(other, release(1, "1.0.0")), MONDAY)
    with pytest.raises(Implausible, match=f"release 1, which is mod {other.pk}'s. The stored"):
        store(mod, detail(mod, release(1, "1.0.0")), TUESDAY)
    assert not ModDetail.objects.filter(mod=mod).exists()
    assert Release.objects.get().mod == other


def test_what_fails_half_way_changes_nothing(mod: Mod, monkeypatch: pytest.MonkeyPatch) -> None:
    store(mod, detail(mod, release(1, "1.0.0")), MONDAY)
    monkeypatch.setattr(sync_details, "_write_detail", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store(mod, detail(mod, release(2, "1.1.0")), TUESDAY)
    assert Release.objects.get().gone_at is None
    assert not told()


def test_a_failure_keeps_what_is_known_with_its_age_and_is_tried_again(mod: Mod) -> None:
    store(mod, detail(mod, release(1, "1.0.0")), MONDAY)
    store_failure(mod, BadAnswer("<b>" + "x" * 5_000), TUESDAY)
    stored = ModDetail.objects.get(mod=mod)
    assert (stored.text, stored.fetched_at, stored.tried_at) == ("<p>Carry</p>", MONDAY, TUESDAY)
    assert stored.problem.startswith("<b>xxx")
    assert len(stored.problem) == 1_000
    assert stored.read_of != digest(mod)
    assert Release.objects.current().count() == 1

    store(mod, detail(mod, release(1, "1.0.0")), WEDNESDAY)
    assert ModDetail.objects.get(mod=mod).problem == ""


def test_a_mod_that_is_gone_from_the_catalogue_too_is_not_asked_for_again(mod: Mod) -> None:
    store(mod, detail(mod, release(1, "1.0.0")), MONDAY)
    store_failure(mod, NotListed("no such mod"), TUESDAY)
    assert ModDetail.objects.get(mod=mod).read_of != digest(mod)
    mod.delisted_at = TUESDAY
    store_failure(mod, NotListed("no such mod"), TUESDAY)
    assert ModDetail.objects.get(mod=mod).read_of == digest(mod)
    assert Release.objects.current().count() == 1
    mod.delisted_at = None
    assert ModDetail.objects.get(mod=mod).read_of != digest(mod)


def test_the_digest_knows_all_of_a_row_but_its_counters(mod: Mod) -> None:
    before = digest(mod)
    for name in ("downloads", "follows", "trendingpoints", "comments"):
        setattr(mod, name, 999_999)
    mod.changed_at, mod.content_hash = TUESDAY, "x"
    assert digest(mod) == before
    mod.refresh_from_db()
    for name, value in {
        "assetid": 1, "name": "x", "summary": "x", "author": "x", "side": "x", "type": "x",
        "identifiers": ["x"], "tags": ["x"], "urlalias": "x", "logo": "x", "last_released": None,
        "delisted_at": TUESDAY,
    }.items():  # fmt: skip
        old = getattr(mod, name)
        setattr(mod, name, value)
        assert digest(mod) != before, name
        setattr(mod, name, old)
    assert digest(mod) == before


def test_details_are_compared_whatever_their_size(mod: Mod) -> None:
    many = [release(number, "1.0.0") for number in range(1, 2_001)]
    store(mod, detail(mod, *many), MONDAY)
    assert Release.objects.current().count() == 2_000


def test_tracked_mods_are_found_once_each(mod: Mod) -> None:
    assert Mod.objects.count() > 1
    for identifier in ("carryon", "carryonextra"):
        TrackedMod.objects.create(identifier=identifier, mod=mod, origin="list")
    TrackedMod.objects.create(identifier="unknown", origin="list")
    assert list(Mod.objects.tracked()) == [mod]
