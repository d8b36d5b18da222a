import pytest

from mods.gameversion import InvalidVersion, Version

parse = Version.parse

PACKED = {
    "1.22.5": 281569466384383,
    "1.21.6": 281565171482623,
    "1.22.0-rc.10": 281569466040330,
    "1.4.4-dev.2": 281492156858370,
    "1.5.8": 281496452136959,
}


@pytest.mark.parametrize(("text", "packed"), PACKED.items())
def test_it_packs_and_unpacks_as_the_mod_database_does(text: str, packed: int) -> None:
    assert parse(text).packed == packed
    assert str(Version(packed)) == text


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.22.0-rc.2", "1.22.0-rc.10"),
        ("1.9.14", "1.22.6"),
        ("1.22.0-dev.9", "1.22.0-pre.1"),
        ("1.22.0-pre.9", "1.22.0-rc.1"),
        ("1.22.0-rc.10", "1.22.0"),
        ("1.22.0", "1.22.1-dev.0"),
        ("1.19.8", "2.0.0-dev.26"),
    ],
)
def test_it_orders_as_the_game_does(lower: str, higher: str) -> None:
    assert parse(lower) < parse(higher)
    assert max(parse(higher), parse(lower)) == parse(higher)


@pytest.mark.parametrize(
    "text",
    [
        "", "1.22", "v1.22.0", "1.22.0+build", "1.22.0-rc1", "1.22.0-beta.1", "1.22.0-rc.",
        "1.22.0\n", " 1.22.0", "1.22.0-RC.1", "\u0661.2.3", "1.22.0-rc.1.2", "-1.2.3", "latest",
        "9" * 5000 + ".0.0",
    ],
)  # fmt: skip
def test_it_takes_nothing_but_the_strict_grammar(text: str) -> None:
    with pytest.raises(InvalidVersion, match="is not a version such as"):
        parse(text)


def test_numbers_too_large_for_their_bits_wrap() -> None:
    assert str(parse("1.22.65536")) == "1.22.0"
    assert str(parse("1.22.0-rc.4097")) == "1.22.0-rc.1"


def test_a_major_that_no_database_can_hold_is_refused() -> None:
    assert parse("32767.65535.65535").packed == 2**63 - 1
    with pytest.raises(InvalidVersion):
        parse("32768.0.0")


def test_zero_reads_as_no_version_does_in_the_mod_database() -> None:
    assert str(Version(0)) == "0.0.0"


def test_it_knows_prereleases() -> None:
    assert parse("1.19.0-pre.0").is_prerelease
    assert not parse("1.19.0").is_prerelease
