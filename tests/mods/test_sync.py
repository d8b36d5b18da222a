"""What a refresh of the catalogue stores, and that it writes nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from mods import modrow, sync
from mods.errors import Implausible
from mods.models import Mod, SourceCheck
from vsmanager.standin import catalogue

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


def refused(rows: list[Row]) -> str:
    """The reason why a catalogue is not stored; asserts that nothing was."""
    before = list(Mod.objects.values())
    with pytest.raises(Implausible) as caught:
        sync.refresh_catalogue(rows, TUESDAY)
    assert list(Mod.objects.values()) == before
    assert SourceCheck.objects.get(source="catalogue").checked_at == MONDAY
    return str(caught.value)


def test_the_first_load_stores_all_mods() -> None:
    counts = sync.refresh_catalogue(catalogue.made_up(60), MONDAY)
    assert counts == {
        "received": 60, "created": 60, "updated": 0, "unchanged": 0, "delisted": 0, "rejected": 0,
    }  # fmt: skip
    assert Mod.objects.listed().count() == 60
    assert Mod.objects.filter(first_seen_at=MONDAY, changed_at=MONDAY).count() == 60


def test_a_refresh_in_which_nothing_changed_writes_only_that_it_looked(rows: list[Row]) -> None:
    assert written_by(lambda: sync.refresh_catalogue(rows, TUESDAY)) == ["mods_sourcecheck"]
    assert SourceCheck.objects.get(source="catalogue").checked_at == TUESDAY
    assert not Mod.objects.filter(changed_at=TUESDAY).exists()


def test_it_writes_what_changed_and_nothing_else(rows: list[Row]) -> None:
    rows[3]["downloads"] += 1
    counts = sync.refresh_catalogue(rows, TUESDAY)
    assert (counts["updated"], counts["unchanged"]) == (1, 59)
    changed = Mod.objects.get(changed_at=TUESDAY)
    assert changed.modid == rows[3]["modid"]
    assert changed.downloads == rows[3]["downloads"]
    assert changed.first_seen_at == MONDAY


def test_a_mod_that_vanished_is_delisted_and_comes_back(rows: list[Row]) -> None:
    gone = rows[5]["modid"]
    rest = [row for row in rows if row["modid"] != gone]
    assert sync.refresh_catalogue(rest, TUESDAY)["delisted"] == 1
    assert Mod.objects.get(delisted_at=TUESDAY).modid == gone
    assert sync.refresh_catalogue(rest, WEDNESDAY)["delisted"] == 0
    assert Mod.objects.get(modid=gone).delisted_at == TUESDAY

    assert sync.refresh_catalogue(rows, WEDNESDAY)["updated"] == 1
    assert not Mod.objects.delisted().exists()
    assert Mod.objects.get(modid=gone).first_seen_at == MONDAY


def test_a_new_mod_is_created(rows: list[Row]) -> None:
    new = {**rows[0], "modid": rows[0]["modid"] + 1, "name": "New"}
    counts = sync.refresh_catalogue([new, *rows], TUESDAY)
    assert (counts["created"], counts["unchanged"]) == (1, 60)
    assert Mod.objects.get(name="New").first_seen_at == TUESDAY


def test_an_empty_catalogue_is_refused(rows: list[Row]) -> None:
    reason = refused([])
    assert "came empty, while 60 mods are listed here. Nothing was changed." in reason


def test_an_empty_catalogue_is_refused_on_an_empty_database_too() -> None:
    with pytest.raises(Implausible, match="came empty"):
        sync.refresh_catalogue([], MONDAY)


def test_a_catalogue_that_lost_more_than_half_is_refused(rows: list[Row]) -> None:
    assert "came with 29 mods, while 60 are listed here" in refused(rows[:29])
    assert sync.refresh_catalogue(rows[:30], TUESDAY)["delisted"] == 30


def test_a_few_bad_rows_are_left_out_and_keep_what_is_stored(rows: list[Row]) -> None:
    name = Mod.objects.get(modid=rows[0]["modid"]).name
    rows[0] |= {"name": "Changed", "downloads": "many"}
    rows[1]["name"] = "Changed"
    with capture_logs() as logs:
        counts = sync.refresh_catalogue(rows, TUESDAY)
    assert (counts["rejected"], counts["updated"], counts["delisted"]) == (1, 1, 0)
    assert Mod.objects.get(modid=rows[0]["modid"]).name == name
    assert Mod.objects.get(modid=rows[1]["modid"]).name == "Changed"
    (told,) = [log for log in logs if log["event"] == "mod_rejected"]
    assert "downloads is a text" in told["reason"]


def test_a_row_without_a_readable_id_delists_nobody(rows: list[Row]) -> None:
    rows[0]["modid"] = str(rows[0]["modid"])
    counts = sync.refresh_catalogue(rows, TUESDAY)
    assert (counts["rejected"], counts["delisted"]) == (1, 0)
    assert not Mod.objects.delisted().exists()


def test_of_rows_with_the_same_id_the_first_is_kept(rows: list[Row]) -> None:
    counts = sync.refresh_catalogue([*rows, {**rows[0], "name": "A double"}], TUESDAY)
    assert (counts["rejected"], counts["unchanged"]) == (1, 60)
    assert not Mod.objects.filter(name="A double").exists()


def test_more_than_a_few_bad_rows_fail_the_refresh(rows: list[Row]) -> None:
    for row in rows[:4]:
        row["downloads"] = str(row["downloads"])
    rows[5]["name"] = "Changed"
    reason = refused(rows)
    assert "4 of 60 mods could not be understood, more than the 5%" in reason
    assert "downloads is a text" in reason


def test_a_new_way_to_read_rows_writes_all_of_them_anew(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modrow, "_FORMAT", b"next")
    assert sync.refresh_catalogue(rows, TUESDAY)["updated"] == 60


def test_mods_are_found_by_their_whole_tag(rows: list[Row]) -> None:
    tagged = [row["modid"] for row in rows if "QoL" in row["tags"]]
    assert tagged
    assert list(Mod.objects.with_tag("QoL").values_list("modid", flat=True)) == tagged
    assert not Mod.objects.with_tag("Qo").exists()
    assert not Mod.objects.with_tag('QoL", "').exists()
    assert not Mod.objects.with_tag("%").exists()
