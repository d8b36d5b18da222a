"""The list of tracked mods: adding, updating, taking off, and who did it."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mods import modlist, tracking, wanted
from mods.models import Mod, ModDetail, Origin, TrackedMod
from mods.tracking_steps import Deed, Outcome
from mods.wanted import Wanted
from vsmanager.standin.server import StandIn

from .cast import NOON, mod, tracked
from .conftest import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


def pasted(text: str, by: User | str = "ann") -> Outcome:
    mods, unread = wanted.of_list(modlist.parse(text))
    return tracking.track(mods, Origin.LIST, by, NOON, unread)


def from_file(identifier: str, version: str, source: str = "a.zip", **needs: str) -> Outcome:
    one = Wanted(identifier=identifier, version=version, source=source, dependencies=needs)
    return tracking.track([one], Origin.FOLDER, "importmods", NOON)


def test_a_pasted_list_is_tracked_with_the_mods_of_the_catalogue(ann: User) -> None:
    carryon = mod(1, "CarryOn")
    done = pasted("carryon@1.12.0\nunheardof", ann)
    assert done.in_words == "2 added"
    known, unknown = TrackedMod.objects.all()
    assert (known.identifier, known.version, known.mod) == ("carryon", "1.12.0", carryon)
    assert (known.origin, known.added_by, known.added_at) == ("list", "ann", NOON)
    assert unknown.mod is None
    assert unknown.dependencies is None
    assert "knows no mod" in done.steps[1].notes[0]


def test_nonsense_lines_are_named_and_the_good_ones_kept() -> None:
    done = pasted("carryon@1.12.0\n<script>\n\nxskills@one\nprimitivesurvival")
    assert {each.identifier for each in TrackedMod.objects.all()} == {
        "carryon",
        "primitivesurvival",
    }
    assert [each.source for each in done.problems] == ["line 2", "line 4"]
    assert done.in_words == "2 added; 2 left out"


def test_what_is_tracked_already_gets_its_new_version_whatever_its_case() -> None:
    tracked("CarryOn", "1.11.0", dependencies={"configlib": "1.0.0"})
    done = pasted("carryon@1.12.0")
    (row,) = TrackedMod.objects.all()
    assert (row.identifier, row.version) == ("CarryOn", "1.12.0")
    assert row.dependencies is None  # those of another version are not its own
    assert done.steps[0].deed == Deed.UPDATED
    assert done.steps[0].in_words == "updated from 1.11.0"


def test_a_line_without_a_version_forgets_nothing() -> None:
    tracked("carryon", "1.11.0", dependencies={"configlib": "1.0.0"})
    assert pasted("carryon").in_words == "1 as before"
    assert TrackedMod.objects.get().version == "1.11.0"


def test_the_same_again_writes_nothing() -> None:
    mod(1, "carryon")
    pasted("carryon@1.12.0")
    with CaptureQueriesContext(connection) as queries:
        assert pasted("carryon@1.12.0").in_words == "1 as before"
    assert not [q for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_of_two_mods_of_one_identifier_the_most_downloaded_listed_one_is_taken_and_told() -> None:
    mod(1, "cottagewindows", name="Old windows", downloads=5)
    best = mod(2, "CottageWindows", name="Windows", downloads=50)
    mod(3, "cottagewindows", name="Gone windows", downloads=500, delisted_at=NOON)
    done = pasted("cottagewindows")
    assert TrackedMod.objects.get().mod == best
    assert done.steps[0].notes == (
        "several mods go by it (also Old windows); Windows was taken, the most downloaded",
    )


def test_an_identifier_is_no_part_of_another(ann: User) -> None:
    mod(1, "carryonplus")
    mod(2, "a_b")
    pasted("carryon\naxb")
    assert not TrackedMod.objects.exclude(mod=None).exists()


def test_many_are_found_in_as_many_queries_as_few() -> None:
    for number in range(1, 40):
        mod(number, f"mod{number}")
    text = "\n".join(f"MOD{number}@1.0.0" for number in range(1, 40))
    with CaptureQueriesContext(connection) as queries:
        done = pasted(text)
    assert done.in_words == "39 added"
    assert not TrackedMod.objects.filter(mod=None).exists()
    assert len(queries) <= 6  # the list, the catalogue, an insert, and the transaction's own


def test_what_a_file_says_is_kept_with_its_needs() -> None:
    from_file("carryon", "1.12.0", configlib="1.4.0")
    assert TrackedMod.objects.get().dependencies == {"configlib": "1.4.0"}


def test_a_file_without_a_version_forgets_none_that_somebody_typed(ann: User) -> None:
    from_file("carryon", "", configlib="")
    tracking.set_version(TrackedMod.objects.get(), "1.12.0", ann, NOON)
    from_file("carryon", "", configlib="")
    row = TrackedMod.objects.get()
    assert (row.version, row.dependencies) == ("1.12.0", {"configlib": ""})


def test_of_a_mod_in_two_files_the_higher_version_counts() -> None:
    files = [
        Wanted(identifier="carryon", version="1.9.0", source="old.zip", dependencies={}),
        Wanted(identifier="CarryOn", version="1.12.0", source="new.zip", dependencies={}),
    ]
    done = tracking.track(files, Origin.UPLOAD, "ann", NOON)
    assert TrackedMod.objects.get().version == "1.12.0"
    assert [str(each) for each in done.problems] == [
        "old.zip: CarryOn is in new.zip as well, which the game loads: remove this one"
    ]


def test_there_is_an_end_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MAX_TRACKED", 2)
    done = pasted("a1\nb2\nc3")
    assert done.in_words == "2 added; 1 left out"
    assert done.problems[0].source == "line 3"
    assert "as many as there may be" in done.problems[0].reason


def test_it_is_all_or_nothing(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tracking, "note_added", broken)
    with pytest.raises(ZeroDivisionError):
        pasted("carryon", ann)
    assert not TrackedMod.objects.exists()


def test_what_somebody_does_is_in_the_admins_log_and_what_a_command_does_is_not(
    ann: User,
) -> None:
    pasted("carryon@1.11.0", ann)
    pasted("carryon@1.12.0", ann)
    tracking.untrack(list(TrackedMod.objects.all()), ann)
    pasted("carryon@1.12.0", "importmods")
    told = [
        (entry.object_repr, entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")
    ]
    assert told == [
        ("carryon@1.11.0", "Added."),
        ("carryon@1.12.0", "Changed installed version: 1.11.0 → 1.12.0."),
        ("carryon@1.12.0", ""),
    ]
    assert [entry.action_flag for entry in LogEntry.objects.order_by("pk")] == [1, 2, 3]
    change = json.loads(LogEntry.objects.get(action_flag=2).change_message)[0]
    assert (change["before"], change["after"]) == ({"version": "1.11.0"}, {"version": "1.12.0"})


def test_the_installed_version_can_be_told_by_hand(ann: User) -> None:
    row = tracked("carryon", "1.11.0")
    assert tracking.set_version(row, "1.12.0", ann, NOON + timedelta(days=1))
    assert not tracking.set_version(row, "1.12.0", ann, NOON)
    with pytest.raises(tracking.NotAVersion, match="is no version"):
        tracking.set_version(row, "newest", ann, NOON)
    row.refresh_from_db()
    assert (row.version, row.updated_at) == ("1.12.0", NOON + timedelta(days=1))


def test_the_version_of_one_that_was_taken_off_meanwhile_is_told_nowhere(ann: User) -> None:
    row = tracked("carryon", "1.11.0")
    TrackedMod.objects.all().delete()
    with pytest.raises(TrackedMod.DoesNotExist):
        tracking.set_version(row, "1.12.0", ann, NOON)
    assert row.version == "1.11.0"
    assert not TrackedMod.objects.exists()
    assert not LogEntry.objects.exists()


def test_what_the_catalogue_learns_later_is_linked_then() -> None:
    pasted("carryon\nxskills")
    known = mod(7, "carryon")
    assert tracking.link() == 1
    assert TrackedMod.objects.get(identifier="carryon").mod == known
    assert tracking.link() == 0


def test_a_delisted_mod_keeps_its_link_until_another_is_listed_under_its_identifier() -> None:
    gone = mod(1, "carryon", delisted_at=NOON, downloads=99)
    row = tracked("carryon", of=gone)
    assert tracking.link() == 0
    successor = mod(2, "carryon")
    assert tracking.link() == 1
    row.refresh_from_db()
    assert row.mod == successor


def test_looking_for_lost_mods_costs_one_query_when_there_are_none() -> None:
    tracked("carryon", of=mod(1, "carryon"))
    with CaptureQueriesContext(connection) as queries:
        tracking.link()
    assert len(queries) == 1


def test_the_job_links_them_before_it_fetches_details(upstream: StandIn, run: Run) -> None:
    run("mod_cache_refresh")
    known = Mod.objects.exclude(identifiers=[]).order_by("modid")[0]
    row = tracked(known.identifiers[0].upper())
    run("mod_cache_refresh")
    row.refresh_from_db()
    assert row.mod == known
    assert ModDetail.objects.filter(mod=known).exists()
