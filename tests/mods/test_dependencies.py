"""Whether the mods of a list have what they need."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from mods import modinfo
from mods.dependencies import Finding, State, check, unmet


@dataclass(frozen=True, slots=True)
class Mod:
    identifier: str
    version: str = "1.0.0"
    dependencies: Mapping[str, str] = field(default_factory=dict)


def states(*mods: Mod) -> list[tuple[str, str, str]]:
    return [(finding.needed_by, finding.identifier, str(finding.state)) for finding in check(mods)]


def words(*mods: Mod) -> list[str]:
    return [str(finding) for finding in unmet(check(mods))]


def test_a_list_without_needs_has_no_findings() -> None:
    assert check([]) == []
    assert check([Mod("a"), Mod("b")]) == []


def test_each_need_is_a_finding_that_names_who_needs_it() -> None:
    found = check(
        [
            Mod("carryon", "1.12.0", {"carryonlib": "1.0.0", "configlib": "2.0.0", "gone": ""}),
            Mod("other", "1.0.0", {"gone": "3.0.0"}),
            Mod("carryonlib", "1.0.0"),
            Mod("configlib", "1.9.0"),
        ]
    )
    assert found == [
        Finding(needed_by="carryon", identifier="carryonlib", minimum="1.0.0", installed="1.0.0",
                state=State.SATISFIED),
        Finding(needed_by="carryon", identifier="configlib", minimum="2.0.0", installed="1.9.0",
                state=State.TOO_OLD),
        Finding(needed_by="carryon", identifier="gone", minimum="", installed="",
                state=State.MISSING),
        Finding(needed_by="other", identifier="gone", minimum="3.0.0", installed="",
                state=State.MISSING),
    ]  # fmt: skip
    assert [str(finding) for finding in found] == [
        "carryon has the carryonlib that it needs",
        "carryon needs configlib 2.0.0 or later, and 1.9.0 is installed: update it",
        "carryon needs gone, which is missing: install it",
        "other needs gone 3.0.0 or later, which is missing: install it",
    ]
    assert unmet(found) == found[1:]


@pytest.mark.parametrize(
    ("installed", "minimum", "state"),
    [
        ("1.0.0", "1.0.0", State.SATISFIED),
        ("1.10.0", "1.9.0", State.SATISFIED),
        ("1.0.0", "1.0.0-rc.5", State.SATISFIED),
        ("2.0.0-dev.26", "1.9.9", State.SATISFIED),
        ("1.0.0-rc.10", "1.0.0-rc.2", State.SATISFIED),
        ("1.9.0", "1.10.0", State.TOO_OLD),
        ("1.0.0-rc.5", "1.0.0", State.TOO_OLD),
        ("1.0.0-pre.8", "1.0.0-rc.1", State.TOO_OLD),
        ("1.2.0", "1.2", State.SATISFIED),
        ("1.2", "1.2.0", State.SATISFIED),
        ("1.1.9", "1.2", State.TOO_OLD),
        ("1.0.0", "", State.SATISFIED),
        ("1.0.0", "*", State.SATISFIED),
        ("", "", State.SATISFIED),
        ("nonsense", "*", State.SATISFIED),
        ("nonsense", "nonsense", State.SATISFIED),
        ("", "1.0.0", State.UNCLEAR),
        ("v1.0.0", "1.0.0", State.UNCLEAR),
        ("1.0.0", ">=1.0", State.UNCLEAR),
        ("1.0.0", "9" * 5000, State.UNCLEAR),
    ],
)
def test_a_minimum_is_met_by_the_games_order(installed: str, minimum: str, state: State) -> None:
    (finding,) = check([Mod("a", "1.0.0", {"b": minimum}), Mod("b", installed)])
    assert finding.state is state
    assert str(finding)


def test_what_nobody_can_tell_is_said_so() -> None:
    assert words(Mod("a", "1.0.0", {"b": "1.0.0"}), Mod("b", "final")) == [
        "a needs b 1.0.0 or later; whether “final” is, can't be told"
    ]
    assert words(Mod("a", "1.0.0", {"b": "1.0.0"}), Mod("b", "")) == [
        "a needs b 1.0.0 or later; say which version of it is installed"
    ]


def test_upper_and_lower_case_are_the_same_identifier() -> None:
    assert states(Mod("a", "1.0.0", {"CarryOn": "*"}), Mod("cArRyOn")) == [
        ("a", "CarryOn", "satisfied")
    ]


def test_mods_that_need_each_other_or_themselves_are_nothing_special() -> None:
    a, b, c = (Mod(name, "1.0.0", {need: "1.0.0"}) for name, need in ("ab", "bc", "ca"))
    assert words(a, b, c, Mod("d", "1.0.0", {"d": "1.0.0"})) == []
    assert words(a, b) == ["b needs c 1.0.0 or later, which is missing: install it"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_mod_that_is_there_twice_the_higher_version_counts(order: int) -> None:
    libs = [Mod("lib", "1.9.0"), Mod("LIB", "1.10.0"), Mod("lib", "old")][::order]
    assert words(Mod("a", "1.0.0", {"lib": "1.10.0"}), *libs) == []


def test_what_a_modinfo_says_can_be_checked_as_it_is() -> None:
    texts = (
        '{"name": "A", "version": "1.0.0", "dependencies": {"game": "1.22.0", "b": "1.2.0"}}',
        '{"name": "B", "version": "1.1.0", "dependencies": {"survival": ""}}',
    )
    mods = [modinfo.read(text.encode()) for text in texts]
    assert [str(finding) for finding in check(mods)] == [
        "a needs b 1.2.0 or later, and 1.1.0 is installed: update it"
    ]


def test_a_percent_sign_in_a_list_is_just_text() -> None:
    assert words(Mod("%(mod)s%", "1.0.0", {"%s": "1.0.0%"})) == [
        "%(mod)s% needs %s 1.0.0% or later, which is missing: install it"
    ]
