"""What is noted of changes upstream, and that a first load or a new look at all makes no flood."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from mods import changes, modrow, sync
from mods.models import Change, Mod
from mods.sync_versions import refresh_channel
from mods.versions import read_feed
from vsmanager.standin import catalogue, feed

from .conftest import written_by

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
Row = dict[str, Any]


@pytest.fixture
def rows() -> list[Row]:
    """A catalogue of 60 mods that was stored on Monday."""
    rows = catalogue.made_up(60)
    sync.refresh_catalogue(rows, MONDAY)
    return rows


def told() -> list[tuple[str, str, str, str]]:
    """All that was noted, oldest first."""
    return list(Change.objects.order_by("pk").values_list("kind", "subject", "before", "after"))


def newcomers(rows: list[Row], count: int) -> list[Row]:
    top = rows[0]["modid"]
    return [{**rows[0], "modid": top + n, "name": f"New {n}"} for n in range(count, 0, -1)]


def refresh(channel: str, raw: feed.Feed, now: datetime = MONDAY) -> None:
    refresh_channel(channel, read_feed(raw), now)


def test_a_first_load_is_no_news(rows: list[Row]) -> None:
    assert Mod.objects.count() == 60
    assert not told()


def test_new_mods_are_told_the_newest_last(rows: list[Row]) -> None:
    sync.refresh_catalogue([*newcomers(rows, 2), *rows], TUESDAY)
    assert told() == [("mod_new", "New 1", "", ""), ("mod_new", "New 2", "", "")]
    change = Change.objects.first()
    assert change
    assert (change.at, change.mod) == (TUESDAY, Mod.objects.first())
    assert str(change) == "new mod: New 2"


def test_a_new_name_is_told_with_the_old_one_and_other_edits_are_not(rows: list[Row]) -> None:
    old, rows[3]["name"] = rows[3]["name"], "<b>Other</b>"
    rows[4]["summary"] = "Other"
    rows[5]["downloads"] += 1
    sync.refresh_catalogue(rows, TUESDAY)
    assert told() == [("mod_renamed", "<b>Other</b>", old, "<b>Other</b>")]


def test_a_mod_that_leaves_and_comes_back_under_another_name(rows: list[Row]) -> None:
    name = rows[5]["name"]
    sync.refresh_catalogue(rows[:5] + rows[6:], TUESDAY)
    assert told() == [("mod_delisted", name, "", "")]
    sync.refresh_catalogue(rows[:5] + rows[6:], WEDNESDAY)
    assert len(told()) == 1
    rows[5]["name"] = "Back"
    sync.refresh_catalogue(rows, WEDNESDAY)
    assert told()[1:] == [("mod_back", "Back", "", ""), ("mod_renamed", "Back", name, "Back")]


def test_nothing_is_asked_or_written_where_nothing_changed(rows: list[Row]) -> None:
    assert written_by(lambda: sync.refresh_catalogue(rows, TUESDAY)) == ["mods_sourcecheck"]


def test_more_than_30_percent_new_at_once_are_a_new_look_and_the_log_tells(
    rows: list[Row],
) -> None:
    rows[3]["name"] = "Other"
    with capture_logs() as logs:
        sync.refresh_catalogue([*newcomers(rows, 19), *rows], TUESDAY)
    assert [kind for kind, *_ in told()] == ["mod_renamed"]
    (log,) = [log for log in logs if log["event"] == "changes_not_noted"]
    assert (log["kind"], log["count"], log["listed"]) == ("mod_new", 19, 60)


def test_30_percent_new_are_news(rows: list[Row]) -> None:
    sync.refresh_catalogue([*newcomers(rows, 18), *rows], TUESDAY)
    assert len(told()) == 18


def test_an_upstream_that_lost_its_half_and_found_it_again_makes_no_flood(rows: list[Row]) -> None:
    sync.refresh_catalogue(rows[:30], TUESDAY)
    sync.refresh_catalogue(rows, WEDNESDAY)
    assert not told()


def test_a_few_are_always_told_however_small_the_catalogue() -> None:
    few = catalogue.made_up(2)
    sync.refresh_catalogue(few, MONDAY)
    sync.refresh_catalogue([*newcomers(few, 10), *few], TUESDAY)
    assert len(told()) == 10


def test_a_new_way_to_read_rows_is_no_news(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modrow, "_FORMAT", b"next")
    rows[3]["name"] = "Other"
    assert sync.refresh_catalogue(rows, TUESDAY)["updated"] == 60
    assert [kind for kind, *_ in told()] == ["mod_renamed"]


def test_what_is_not_stored_is_not_told(rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "mark_checked", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sync.refresh_catalogue([*newcomers(rows, 1), *rows[1:]], TUESDAY)
    assert not told()
    assert Mod.objects.count() == 60


def test_texts_are_bounded() -> None:
    changes.note(
        [
            changes.mod_renamed(1, "o" * 999, "n" * 999, MONDAY),
            changes.release_edited(1, "n" * 999, "9" * 99, MONDAY, "b" * 999, "a" * 999),
        ],
        1,
    )
    # No such mod is there: the fields are what counts.
    for change in Change.objects.all():
        assert (len(change.subject), len(change.before), len(change.after)) == (255, 500, 500)
    Change.objects.all().delete()


def test_a_mod_that_is_deleted_here_leaves_its_changes(rows: list[Row]) -> None:
    sync.refresh_catalogue([*newcomers(rows, 1), *rows], TUESDAY)
    Mod.objects.get(name="New 1").delete()
    change = Change.objects.get()
    assert (change.mod, change.subject) == (None, "New 1")


def test_the_first_load_of_a_channel_is_no_news() -> None:
    for channel, raw in feed.made_up().items():
        refresh(channel, raw)
    assert not told()


def test_a_new_version_of_the_game_is_told_with_its_channel() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    refresh("stable", feed.publish(stable, "stable", "1.22.8"), TUESDAY)
    # The old latest lost its mark, which is no news.
    assert told() == [("version_new", "1.22.8", "", "stable")]


def test_a_version_that_is_withdrawn_and_comes_back_is_told_twice() -> None:
    unstable = feed.made_up()["unstable"]
    refresh("unstable", unstable)
    rest = {name: each for name, each in unstable.items() if name != "1.22.0-rc.10"}
    for now in (TUESDAY, WEDNESDAY):
        refresh("unstable", rest, now)
    assert told() == [("version_withdrawn", "1.22.0-rc.10", "unstable", "withdrawn")]
    refresh("unstable", unstable, WEDNESDAY)
    assert told()[1:] == [("version_new", "1.22.0-rc.10", "withdrawn", "unstable")]


def test_a_version_that_moves_to_the_stable_channel_is_told() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    unstable = {"1.22.8": feed.entry("unstable", "1.22.8")}
    refresh("unstable", unstable)
    refresh("stable", feed.publish(stable, "stable", "1.22.8"), TUESDAY)
    refresh("unstable", unstable, TUESDAY)
    assert told() == [("version_new", "1.22.8", "unstable", "stable")]


def test_another_checksum_is_told_and_another_address_is_not() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    old = stable["1.21.6"]["linuxserver"]["md5"]
    stable["1.21.6"]["linuxserver"]["md5"] = "0" * 32
    stable["1.22.6"]["linuxserver"]["urls"]["cdn"] = "https://other.example/x.tar.gz"
    stable["1.20.12"]["linuxserver"]["md5"] = ""
    refresh("stable", stable, TUESDAY)
    assert told() == [("version_checksum", "1.21.6", old, "0" * 32)]


def test_versions_that_all_change_at_once_make_no_flood() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    for platforms in stable.values():
        for artifact in platforms.values():
            artifact["md5"] = "1" * 32
    refresh("stable", stable, TUESDAY)
    assert not told()
