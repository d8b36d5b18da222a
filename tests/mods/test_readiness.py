"""Whether the tracked mods are ready for a version of the game, and what to do."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mods import readiness, readiness_words, targets, tracked_list
from mods.compatibility import Fit
from mods.readiness import Move, ReadyMod, Report

from .cast import NOON, fetched, game, mod, release, tracked

pytestmark = pytest.mark.django_db


def ready(version: str = "1.22.7") -> Report:
    return readiness.report(version, NOON)


def only(version: str = "1.22.7") -> ReadyMod:
    (one,) = ready(version).mods
    return one


@pytest.fixture
def server() -> None:
    """One mod of each tier, and the versions of the game."""
    for version in ("1.22.7", "1.22.6", "1.21.6", "1.23.0-rc.1"):
        game(version, is_latest=version in ("1.22.7", "1.23.0-rc.1"))
    made_for = {"verified": "1.22.7", "likely": "1.22.6", "not": "1.21.6", "unknown": None}
    for number, (name, version) in enumerate(made_for.items(), 1):
        one = mod(number, f"{name}mod")
        fetched(one)
        if version:
            release(one, "1.0.0", version)
        tracked(f"{name}mod", "1.0.0", of=one)


def test_each_mod_has_its_tier_and_the_worst_comes_first(server: None) -> None:
    report = ready()
    assert [(each.tracked.identifier, each.fit) for each in report.mods] == [
        ("notmod", Fit.NOT),
        ("unknownmod", Fit.UNKNOWN),
        ("likelymod", Fit.LIKELY),
        ("verifiedmod", Fit.VERIFIED),
    ]
    assert report.in_words == "1 of 4 ready, 1 likely, 1 not, 1 unknown"
    assert not report.is_ready


def test_1_22_is_not_1_2() -> None:
    one = mod(1, "carryon")
    release(one, "1.0.0", "1.2.7", "1.22.70", "11.22.7")
    tracked("carryon", of=one)
    assert only("1.22.7").fit == Fit.LIKELY  # by 1.22.70
    assert only("1.2.6").fit == Fit.LIKELY
    assert only("11.2.0").fit == Fit.NOT


def test_the_release_to_take_is_the_best_fit_then_the_highest_stable() -> None:
    one = mod(1, "carryon")
    release(one, "1.9.0", "1.22.7")
    release(one, "1.10.0", "1.22.7")
    release(one, "1.11.0-rc.1", "1.22.7")
    release(one, "2.0.0", "1.23.0-rc.1")
    release(one, "1.12.0", "1.22.7", gone_at=NOON)
    tracked("carryon", "1.9.0", of=one)
    chosen = only()
    assert chosen.offer
    assert chosen.offer.version == "1.10.0"
    assert chosen.link == "https://mods.vintagestory.at/show/mod/1001#tab-files"
    assert chosen.file.endswith(".zip")


def test_a_mod_of_several_identifiers_is_looked_at_under_the_tracked_one() -> None:
    one = mod(1, "carryon", "carryonlib")
    release(one, "3.0.0", "1.22.7", identifier="carryonlib")
    release(one, "1.0.0", "1.21.6", identifier="CarryOn")
    tracked("carryon", of=one)
    assert only().fit == Fit.NOT


@pytest.mark.parametrize(
    ("installed", "move", "told"),
    [
        ("1.1.0", Move.KEEP, "nothing, what is installed will do"),
        ("1.0.0", Move.OPTIONAL, "nothing, what is installed will do; 1.1.0 is newer"),
        ("0.9.0", Move.UPDATE, "update to 1.1.0"),
        ("0.8.0", Move.UPDATE, "update to 1.1.0"),
        ("2.0.0", Move.BACK, "go back to 1.1.0"),
        ("", Move.UNCLEAR, "see that it is 1.1.0: which one is installed is not known"),
        ("newest", Move.UNCLEAR, "see that it is 1.1.0: which one is installed is not known"),
    ],
)
def test_what_is_to_be_done_with_what_is_installed(installed: str, move: Move, told: str) -> None:
    one = mod(1, "carryon")
    release(one, "0.9.0", "1.21.6")
    release(one, "1.0.0", "1.22.7", "1.21.6")
    release(one, "1.1.0", "1.22.7")
    release(one, "2.0.0", "1.23.0-rc.1")
    tracked("carryon", installed, of=one)
    assert only().move == move
    assert readiness_words.move(only()) == told


def test_a_mod_without_details_is_unknown_for_that_reason() -> None:
    tracked("carryon", "1.0.0", of=mod(1, "carryon"))
    assert only().fit == Fit.UNKNOWN
    assert readiness_words.remarks(only()) == ["its releases have not been fetched yet"]


def test_an_identifier_that_no_mod_bears_is_unknown_for_that_reason() -> None:
    tracked("unheardof", "1.0.0")
    assert only().fit == Fit.UNKNOWN
    assert readiness_words.remarks(only()) == ["the catalogue knows no mod of this identifier"]


def test_a_tool_without_versions_is_unknown() -> None:
    one = mod(1, "carryon")
    release(one, "1.0.0", "0.0.0")
    tracked("carryon", "1.0.0", of=one)
    assert only().fit == Fit.UNKNOWN
    assert readiness_words.remarks(only()) == ["its releases name no version of the game"]


def test_a_delisted_mod_and_a_retracted_release_are_told() -> None:
    one = mod(1, "carryon", delisted_at=NOON)
    fetched(one, problem="the mod database says that there is no such mod")
    release(one, "1.0.0", "1.22.7")
    release(one, "1.1.0", "1.22.7", gone_at=NOON)
    tracked("carryon", "1.1.0", of=one)
    assert readiness_words.remarks(only()) == [
        "no longer in the catalogue since 2026-05-04",
        "the installed release 1.1.0 was retracted",
        "its details could not be fetched: the mod database says that there is no such mod",
    ]
    assert only().move == Move.BACK


def test_a_retracted_release_is_known_by_any_way_to_write_its_version() -> None:
    one = mod(1, "carryon")
    release(one, "1.0.0", "1.22.7")
    release(one, "1.1.0", "1.22.7", gone_at=NOON)
    tracked("CarryOn", "1.1", of=one)
    assert readiness_words.remarks(only()) == ["the installed release 1.1 was retracted"]


def test_what_a_mod_needs_is_looked_up_in_the_list_and_against_the_version() -> None:
    one, lib, old = mod(1, "carryon"), mod(2, "configlib"), mod(3, "vsimgui")
    release(one, "1.0.0", "1.22.7")
    release(lib, "1.5.0", "1.21.6")
    release(old, "1.0.0", "1.22.7")
    needs = {"ConfigLib": "1.4.0", "vsimgui": "1.1.0", "xlib": ""}
    tracked("carryon", "1.0.0", of=one, dependencies=needs)
    tracked("configlib", "1.5.0", of=lib)
    tracked("vsimgui", "1.0.0", of=old)
    (carryon,) = (each for each in ready().mods if each.tracked.identifier == "carryon")
    assert [readiness_words.needed(each) for each in carryon.needs] == [
        "ConfigLib 1.4.0 (not ready)",
        "vsimgui 1.1.0 (too old: 1.0.0)",
        "xlib (missing)",
    ]
    assert readiness_words.remarks(carryon) == [
        "carryon needs vsimgui 1.1.0 or later, and 1.0.0 is installed: update it",
        "carryon needs xlib, which is missing: install it",
    ]


@pytest.mark.parametrize("stored", [None, [], "configlib", {"configlib": None}, {"a": 1}])
def test_needs_that_were_written_past_us_break_nothing(stored: Any) -> None:
    tracked("carryon", "1.0.0", dependencies=stored)
    assert only().fit == Fit.UNKNOWN


def test_three_hundred_mods_take_no_more_queries_than_one() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as taken:
            ready()
        return len(taken)

    tracked("mod1", "1.0.0", of=mod(1, "mod1"))
    few = queries()
    for number in range(2, 60):
        one = mod(number, f"mod{number}")
        fetched(one)
        release(one, "1.0.0", "1.22.7")
        tracked(f"mod{number}", "1.0.0", of=one, dependencies={"mod1": "1.0.0"})
    assert queries() == few == 3


def test_no_long_text_is_read(server: None) -> None:
    with CaptureQueriesContext(connection) as taken:
        ready()
    for query in taken:
        assert '"changelog"' not in query["sql"]
        assert '"text"' not in query["sql"]


def test_the_newest_stable_version_is_meant_when_none_is_named(server: None) -> None:
    known = targets.versions()
    assert targets.choose("", known).version == "1.22.7"
    assert targets.choose(" 1.23.0-rc.1 ", known).version == "1.23.0-rc.1"
    assert targets.choose("1.22.07", known).version == "1.22.7"
    wrapped = ("65537.22.7", "1.22.65543", "1.23.0-rc.4097")
    for nonsense in ("1.22", "v1.22.7", "<b>", "9" * 500, "1.99.0", "1.22.7\0", *wrapped):
        with pytest.raises(targets.NoSuchVersion):
            targets.choose(nonsense, known)
    with pytest.raises(targets.NoSuchVersion, match="server_versions_check"):
        targets.choose("1.22.7", [])


# The command


def test_the_command_ends_with_1_unless_all_are_ready(
    server: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("readiness", "1.22.7")
    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert told.splitlines()[0].split() == ["STATE", "MOD", "INSTALLED", "TAKE", "TO", "DO"]
    assert "notmod: its newest release 1.0.0 is for 1.21.6" in told
    assert told.endswith("1.22.7: 1 of 4 ready, 1 likely, 1 not, 1 unknown\n")


def test_the_command_ends_with_0_when_all_are_verified(
    capsys: pytest.CaptureFixture[str],
) -> None:
    game("1.22.7", is_latest=True)
    one = mod(1, "carryon")
    release(one, "1.0.0", "1.22.7")
    tracked("carryon", "1.0.0", of=one)
    call_command("readiness")
    assert capsys.readouterr().out.endswith("1.22.7: 1 of 1 ready\n")


@pytest.mark.parametrize("version", ["1.99.0", "nonsense", "1.22"])
def test_the_command_ends_with_2_for_a_version_that_is_none(server: None, version: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("readiness", version)
    assert refused.value.returncode == 2


def test_the_command_tells_programs_the_same(
    server: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call_command("readiness", "1.22.7", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["ready"], told["total"]) == ("1.22.7", False, 4)
    assert told["counts"] == {"verified": 1, "likely": 1, "not": 1, "unknown": 1}
    assert told["mods"][-1] == {
        "identifier": "verifiedmod",
        "modid": 1,
        "name": "Verifiedmod",
        "installed": "1.0.0",
        "fit": "verified",
        "release": {"version": "1.0.0", "file": told["mods"][-1]["release"]["file"]},
        "action": "keep",
        "page": "https://mods.vintagestory.at/show/mod/1001#tab-files",
        "reason": None,
        "problems": [],
        "needs": [],
    }
    assert told["mods"][0]["release"] is None


def test_the_newest_release_is_the_highest_stable_one_whatever_came_last() -> None:
    one = mod(1, "carryon")
    for version in ("1.9.0", "1.10.0", "2.0.0-rc.1", "1.2.0"):
        release(one, version, "1.22.7")
    release(one, "1.11.0", "1.22.7", gone_at=NOON)
    other = mod(2, "xskills")
    for version in ("0.1.0-dev.2", "0.1.0-rc.1"):
        release(other, version, "1.22.7")
    tracked("carryon", "1.9.0", of=one)
    tracked("xskills", "0.1.0-rc.1", of=other)
    newest = {each.key: each.newest for each in tracked_list.tracked()}
    assert {key: each and each.version for key, each in newest.items()} == {
        "carryon": "1.10.0",
        "xskills": "0.1.0-rc.1",
    }


def test_a_version_that_cannot_be_read_comes_last() -> None:
    one = mod(1, "carryon")
    release(one, "1.0.0", "1.22.7")
    odd = release(one, "9.9.9", "1.22.7", packed=None)
    odd.version = "newest"
    odd.save()
    tracked("carryon", "1.0.0", of=one)
    chosen = only().offer
    assert chosen
    assert chosen.version == "1.0.0"
    assert not only().tracked.has_update
