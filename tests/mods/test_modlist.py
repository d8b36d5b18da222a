"""Lists as people paste them."""

import time

import pytest

from mods import modlist
from mods.modlist import Entry, parse


def mods(text: str) -> list[tuple[str, str]]:
    return [(entry.identifier, entry.version) for entry in parse(text).entries]


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse(text).problems]


def test_a_list_without_mistakes() -> None:
    text = """\
# what runs on our server
carryon@1.12.0

configlib@1.12.0-rc.3   # newer ones crash
  ProspectorInfo
"""
    assert parse(text).entries == (
        Entry(line=2, identifier="carryon", version="1.12.0"),
        Entry(line=4, identifier="configlib", version="1.12.0-rc.3"),
        Entry(line=5, identifier="ProspectorInfo"),
    )
    assert parse(text).problems == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system_and_a_byte_order_mark_is_none_of_the_list(end: str) -> None:
    entries = parse(end.join(["\ufeffa@1.0.0", "", "b", ""])).entries
    assert [(entry.identifier, entry.line) for entry in entries] == [("a", 1), ("b", 3)]


def test_commas_separate_as_line_ends_do() -> None:
    assert mods("a@1.0.0,b , ,c@2.0.0,\n,d # , e") == [
        ("a", "1.0.0"), ("b", ""), ("c", "2.0.0"), ("d", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "identifier",
    ["NoBellsDrifters-1.0.0", "16437", "00001", "my_mod", "a", "X" * 255, "games", "1st.mod"],
)
def test_an_identifier_may_break_the_games_rule_as_real_ones_do(identifier: str) -> None:
    assert mods(f"{identifier}@1.0.0") == [(identifier, "1.0.0")]


def test_spaces_around_the_sign_are_no_mistake() -> None:
    assert mods("\tcarryon @ 1.12.0 ") == [("carryon", "1.12.0")]


@pytest.mark.parametrize(
    ("name", "identifier", "version"),
    [
        ("carryon_1.12.0.zip", "carryon", "1.12.0"),
        ("CarryOn-v1.12.0-rc.1.ZIP", "CarryOn", "1.12.0-rc.1"),
    ],
)
def test_a_file_name_that_can_mean_but_one_thing_is_taken(
    name: str, identifier: str, version: str
) -> None:
    assert mods(name) == [(identifier, version)]


@pytest.mark.parametrize(
    "name",
    [
        "carryon.zip", "carryon_1.12.zip", "carryon_1.22.0_1.12.0.zip", "egocarib-map_1.0.0.zip",
        "carryon-1.22.0-v1.12.0.zip", "carryon.dll", "../carryon_1.12.0.zip", "modinfo.json",
        "Mods/carryon_1.12.0.zip", "1.12.0.zip",
    ],
)  # fmt: skip
def test_any_other_file_name_is_not_guessed_at(name: str) -> None:
    assert mods(name) == []
    assert problems(name) == [f"line 1: “{name}” is no mod; write carryon or carryon@1.12.0"]


@pytest.mark.parametrize(
    "nonsense",
    [
        "@", "@1.0.0", "my mod", "-a", "https://mods.vintagestory.at/carryon", "ärger", "a;b",
        "<script>alert(1)</script>", "'; DROP TABLE mods; --", "{}", "..", "a\0b", "\u202ea", "熊",
        "../../etc/passwd", "y" * 256, "carryon 1.12.0",
    ],
)  # fmt: skip
def test_nonsense_is_named_with_its_line_and_the_good_ones_are_kept(nonsense: str) -> None:
    found = parse(f"a@1.0.0\n\n{nonsense}\nb@2.0.0")
    assert [entry.identifier for entry in found.entries] == ["a", "b"]
    assert [problem.line for problem in found.problems] == [3]
    assert "is no mod; write carryon or carryon@1.12.0" in found.problems[0].reason
    assert "\0" not in found.problems[0].reason
    assert len(found.problems[0].reason) < 120


@pytest.mark.parametrize("version", ["", "1.12", "v1.12.0", "latest", "*", "1.0.0@2.0.0", "9" * 99])
def test_a_version_that_is_none_is_named_with_its_mod(version: str) -> None:
    (problem,) = parse(f"# list\ncarryon@{version}").problems
    assert str(problem).startswith("line 2: “")
    assert "is no version of carryon; write it as 1.12.0" in problem.reason
    assert mods(f"carryon@{version}") == []


@pytest.mark.parametrize("part", ["game", "Survival@1.22.0", "creative@1.22.0-rc.3"])
def test_the_games_own_parts_are_nothing_to_track(part: str) -> None:
    (problem,) = problems(f"{part}\na@1.0.0")
    assert problem.endswith("is a part of the game itself, so there is nothing to track")
    assert mods(f"{part}\na@1.0.0") == [("a", "1.0.0")]


@pytest.mark.parametrize("alone", ["1.12.0", "v1.12.0", "1.12", "1.12.0-rc.1", "1.12.0@1.0.0"])
def test_a_version_without_its_mod_is_no_mod(alone: str) -> None:
    assert mods(f"carryon,{alone}") == [("carryon", "")]
    assert problems(alone) == [
        f"line 1: “{alone}” is a version without its mod; write carryon@1.12.0"
    ]


def test_of_a_mod_that_comes_twice_the_first_counts_and_the_other_is_told() -> None:
    text = "CarryOn@1.12.0\na\ncarryon@1.13.0, CARRYON"
    assert mods(text) == [("CarryOn", "1.12.0"), ("a", "")]
    assert problems(text) == [
        "line 3: carryon is on line 1 already, which counts",
        "line 3: CARRYON is on line 1 already, which counts",
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "  ", "#", "# a@1.0.0", ",,,", "\ufeff"])
def test_a_list_of_nothing_is_an_empty_one(text: str) -> None:
    assert (mods(text), problems(text)) == ([], [])


@pytest.mark.parametrize("between", ["\n", ","])
def test_it_reads_so_much_and_says_where_it_ended(between: str) -> None:
    text = between.join(f"mod{number}" for number in range(2000))
    assert (len(mods(text)), problems(text)) == (2000, [])
    assert (len(mods(text + "\n")), problems(text + "\n")) == (2000, [])
    line = 2001 if between == "\n" else 1
    assert len(mods(f"{text}{between}one,more")) == 2000
    assert problems(f"{text}{between}one,more") == [
        f"line {line}: the list is too long: from here on it was not read; paste the rest by itself"
    ]


def test_a_line_beyond_all_measure_is_left_out_as_a_whole() -> None:
    long = "a@1.0.0," * 20_000
    assert mods(f"{long}\nb@2.0.0") == [("b", "2.0.0")]
    assert problems(f"{long}\nb@2.0.0") == [
        "line 1: it is longer than 100,000 characters; write one mod to a line"
    ]


@pytest.mark.parametrize(
    "text",
    ["a" * 5_000_000, "\n" * 5_000_000, "," * 5_000_000, "@," * 2_500_000, "#" * 5_000_000,
     "a@1.0.0\n" * 500_000, " " * 5_000_000, "a_" * 49_000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_nothing_of_five_megabytes_takes_long_or_tells_without_end(text: str) -> None:
    began = time.process_time()
    found = parse(text)
    assert time.process_time() - began < 1
    assert len(found.entries) + len(found.problems) <= modlist.MAX_ENTRIES + 1
    assert all(len(problem.reason) < 200 for problem in found.problems)
