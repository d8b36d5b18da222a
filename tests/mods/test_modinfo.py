"""What a mod says about itself, with all the mistakes that are made."""

import json
from pathlib import Path

import pytest

from mods import modinfo
from mods.gameversion import Version
from mods.modinfo import ModInfo, UnreadableMod

CARRYON = {
    "type": "code",
    "name": "Carry On",
    "modid": "carryon",
    "version": "1.12.0",
    "side": "Universal",
    "authors": ["copygirl", "NerdScurvy"],
    "dependencies": {"game": "1.22.0", "carryonlib": "1.0.0-pre.8", "configlib": "*"},
}


def read(text: str) -> ModInfo:
    return modinfo.read(text.encode())


def carryon(**changes: object) -> ModInfo:
    """The usual mod with other values; None takes a key away."""
    values = {key: value for key, value in (CARRYON | changes).items() if value is not None}
    return read(json.dumps(values))


def test_a_mod_without_mistakes() -> None:
    assert carryon() == ModInfo(
        identifier="carryon",
        name="Carry On",
        version="1.12.0",
        type="code",
        side="universal",
        authors=("copygirl", "NerdScurvy"),
        dependencies={"carryonlib": "1.0.0-pre.8", "configlib": ""},
        game_needs={"game": "1.22.0"},
        warnings=(),
    )


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "identifier", "version", "dependencies", "game"),
    [
        ("carryon", "carryon", "2.0.0-pre.8", {"carryonlib": "1.0.0-pre.8"}, "1.22.0"),
        ("configlib-1.12.0", "configlib", "1.12.0", {"vsimgui": "1.2.0"}, None),
        ("craluminum-danatweaks", "danatweaks", "3.4.5", {}, "1.20.0"),
        ("egocarib-automapmarkers", "egocaribautomapmarkers", "5.0.3", {}, "1.22.0"),
        ("extrainfo-2.2.1", "extrainfo", "2.2.1", {}, "1.22.0"),
        ("foodshelves", "foodshelves", "3.0.2", {}, "1.22.0"),
        ("smithingplus", "smithingplus", "1.8.4", {}, None),
        ("wildfarming", "wildfarming", "1.2.0", {}, None),
    ],
)
def test_published_mods_are_read(
    data: Path, file: str, identifier: str, version: str, dependencies: object, game: str | None
) -> None:
    mod = modinfo.read((data / "modinfo" / f"{file}.json").read_bytes())
    assert (mod.identifier, mod.version, mod.dependencies) == (identifier, version, dependencies)
    assert mod.game_version == (Version.parse(game) if game else None)
    assert (mod.type, mod.warnings) == ("code", ())


@pytest.mark.realdata
def test_a_published_mod_with_the_wrong_keys_is_told_so(data: Path) -> None:
    mod = modinfo.read((data / "modinfo" / "egocarib-immersivecorpsedrop.json").read_bytes())
    assert (mod.identifier, mod.authors, mod.game_needs) == ("immersivecorpsedrop", (), {})
    assert mod.warnings == (
        "“author” is no key that the game knows; it should be “authors”",
        "“dependency” is no key that the game knows; it should be “dependencies”",
    )


def test_upper_and_lower_case_of_keys_are_the_same() -> None:
    mod = read(
        '{"TYPE": "Content", "Name": "A", "modID": "a", "VERSION": "1.0.0", "Side": "SERVER"}'
    )
    assert (mod.type, mod.name, mod.identifier, mod.version) == ("content", "A", "a", "1.0.0")
    assert (mod.side, mod.warnings) == ("server", ())


def test_comments_and_trailing_commas_are_no_mistakes() -> None:
    mod = read('{/* a mod */ "type": "theme", "name": "A", // "modid": "b",\n "version": "1.0.0",}')
    assert (mod.identifier, mod.type, mod.warnings) == ("a", "theme", ())


def test_of_a_key_that_comes_twice_the_last_one_counts() -> None:
    mod = read('{"type":"code","name":"A","modid":"a","ModId":"b","version":"1.0.0"}')
    assert mod.identifier == "b"
    assert mod.warnings == ("“ModId” comes more than once; the last one counts",)


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("Carry On", "carryon"),
        ("Primitive Survival 3!", "primitivesurvival3"),
        ("  Ärger-mit_Bären ", "rgermitbren"),
        ("<b>X</b>", "bxb"),
    ],
)
def test_a_missing_modid_is_made_of_the_name(name: str, identifier: str) -> None:
    assert carryon(modid=None, name=name).identifier == identifier


def test_a_modid_of_null_is_a_missing_one() -> None:
    assert read('{"modid": null, "name": "A b"}').identifier == "ab"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"name": "3D Maps"}', "“3D Maps”, since that starts with a digit: add a “modid”"),
        ('{"name": "!3D"}', "starts with a digit"),
        ('{"name": "熊"}', "no modid, and no name to make one of"),
        ('{"version": "1.0.0"}', "no modid, and no name to make one of"),
        ('{"name": null}', "no modid, and no name to make one of"),
        ('{"name": ["a"]}', "no modid, and no name to make one of"),
        ('{"modid": "", "name": "A"}', "its modid “” can't be one"),
        ('{"modid": "my mod", "name": "A"}', "its modid “my mod” can't be one"),
        ('{"modid": "../../etc/passwd"}', "can't be one: it must be letters and digits"),
        ('{"modid": "<script>alert(1)</script>"}', "can't be one"),
        ('{"modid": {"a": 1}}', "can't be one"),
        (f'{{"modid": "{"a" * 256}"}}', "can't be one"),
        ("[]", "holds no object"),
        ("null", "holds no object"),
        ('"carryon"', "holds no object"),
        ("<html>", "is broken (line 1: Expecting value): ask the author for a new file"),
        ("", "is broken (line 1"),
        ("{" * 1000, "is broken (line 1: it is nested too deeply)"),
        (" " * modinfo.MAX_BYTES + "{}", "larger than 1 MiB"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(UnreadableMod) as error:
        read(text)
    assert reason in str(error.value)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"modid": "CarryOn"}, "its modid CarryOn breaks the game's rule"),
        ({"modid": "1st-mod_2.0"}, "its modid 1st-mod_2.0 breaks the game's rule"),
        ({"name": None}, "it has no name, so the game does not load it"),
        ({"version": None}, "it names no version"),
        ({"version": "v1.2"}, "its version “v1.2” is none such as 1.2.0 or 1.2.0-rc.1"),
        ({"version": ["1.2.0"]}, "“version” is no text"),
        ({"type": None}, "it has no type, so the game does not load it"),
        ({"type": "Library"}, "its type “Library” is none of theme, content and code"),
        ({"side": "both"}, "its side “both” is none of client, server and universal"),
        ({"authors": "copygirl"}, "“authors” is no list of texts"),
        ({"authors": {"a": "b"}}, "“authors” is no list of texts"),
        ({"author": "x"}, "“author” is no key that the game knows; it should be “authors”"),
        ({"DEPENDENCY": {}}, "“dependency” is no key that the game knows"),
        ({"dependencies": ["game"]}, "“dependencies” is no object"),
        ({"dependencies": {"a b": ""}}, "its dependency “a b” can be no mod"),
        ({"dependencies": {"a": [1]}}, "its dependency a names something else than a version"),
        ({"dependencies": {"a": ">=1.2.x"}}, "its dependency a asks for “>=1.2.x”, which is no v"),
    ],
)
def test_a_mistake_is_told_and_the_rest_is_read(changes: dict[str, object], warning: str) -> None:
    mod = carryon(**changes)
    assert [text for text in mod.warnings if text.startswith(warning)], mod.warnings
    assert mod.identifier.lower() in ("carryon", "1st-mod_2.0")


def test_a_number_is_taken_as_it_is_written() -> None:
    assert read('{"name": "A", "version": 1.10, "type": 2}').version == "1.10"
    assert read('{"name": "A", "version": 1.10, "type": 2}').type == "code"


def test_a_minimum_of_two_parts_is_what_it_is_to_the_game() -> None:
    mod = carryon(dependencies={"game": "1.22", "survival": "1.22.1-rc.2", "a": "1.2-pre.1"})
    assert (mod.warnings, mod.dependencies) == ((), {"a": "1.2-pre.1"})
    assert mod.game_needs == {"game": "1.22", "survival": "1.22.1-rc.2"}
    assert mod.game_version == Version.parse("1.22.1-rc.2")


def test_a_dependency_in_two_spellings_is_one() -> None:
    mod = read(
        '{"name":"A","dependencies":{"Lib":"1.0.0","lib":"2.0.0","Game":"*","creative":null}}'
    )
    assert mod.dependencies == {"lib": "2.0.0"}
    assert mod.game_needs == {"Game": "", "creative": ""}
    assert mod.game_version is None


def test_control_characters_and_line_breaks_never_get_through() -> None:
    mod = carryon(
        name="a\x1b[31m\nb\x00\ud800", version="1\n2", authors=["a\r\nb", "", "  ", 5, "c\x07"],
        side="x\n\x00" * 100, type="\n",
    )  # fmt: skip
    assert mod.name == "a�[31m b��"
    assert mod.authors == ("a b", "5", "c�")
    shown = "".join([mod.name, mod.version, mod.type, mod.side, *mod.authors, *mod.warnings])
    assert all(character.isprintable() for character in shown)


def test_markup_stays_the_text_that_it_is() -> None:
    assert carryon(name="<script>alert(1)</script>").name == "<script>alert(1)</script>"


def test_everything_has_its_bounds() -> None:
    mod = carryon(
        name="n" * 10_000, version="1" * 10_000, authors=["a" * 1000] * 100,
        dependencies={f"mod{number}": "x" * 100 for number in range(2000)},
    )  # fmt: skip
    assert (len(mod.name), len(mod.version)) == (255, 64)
    assert (len(mod.authors), len(mod.authors[0])) == (50, 255)
    assert len(mod.dependencies) == 500
    assert len(mod.warnings) == 21
    assert mod.warnings[-1] == "and 482 more"
    assert max(map(len, mod.warnings)) <= 255
