"""Which release runs on which version of the game."""

import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mods.compatibility import Fit, choose, fit, is_newer
from mods.gameversion import Version

TARGET = Version.parse("1.22.7")


@dataclass(frozen=True, slots=True)
class Release:
    version: str
    game_versions: Sequence[str] = field(default_factory=list)
    identifier: str = "carryon"
    created: datetime | None = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("game_versions", "expected"),
    [
        (["1.22.7"], Fit.VERIFIED),
        (["1.20.0", "1.22.6", "1.22.7", "1.22.8"], Fit.VERIFIED),
        (["1.22.6"], Fit.LIKELY),
        (["1.22.8", "1.21.0"], Fit.LIKELY),
        (["1.22.0-rc.1"], Fit.LIKELY),
        (["1.22.7-rc.1"], Fit.LIKELY),
        (["1.21.7"], Fit.NOT),
        (["1.2.7", "1.220.7", "11.22.7", "2.22.7"], Fit.NOT),
        ([], Fit.UNKNOWN),
        (["0.0.0"], Fit.UNKNOWN),
        (["0.0.0", "1.22.1"], Fit.LIKELY),
        (["", "latest", "v1.22.7", "1.22", "1.22.", "1.22.x"], Fit.UNKNOWN),
        (["1.22.x", "1.21.0"], Fit.NOT),
    ],
)
def test_a_release_fits_as_its_author_ticked(game_versions: list[str], expected: Fit) -> None:
    assert fit(game_versions, TARGET) is expected
    assert fit(tuple(game_versions), TARGET) is expected


def test_a_prerelease_of_the_game_is_a_version_like_any_other() -> None:
    target = Version.parse("1.22.0-rc.2")
    assert fit(["1.22.0-rc.2"], target) is Fit.VERIFIED
    assert fit(["1.22.0-rc.20"], target) is Fit.LIKELY
    assert fit(["1.22.0"], target) is Fit.LIKELY
    assert fit(["1.21.0-rc.2"], target) is Fit.NOT


@pytest.mark.realdata
def test_the_text_compares_as_the_packed_versions_do(data: Path) -> None:
    answer = json.loads((data / "gameversions-attested.json").read_bytes())
    names = [row["name"] for row in answer["gameversions"]]
    for name, other in itertools.product(names, names):
        one, two = Version.parse(name), Version.parse(other)
        same_minor = one.packed >> 32 == two.packed >> 32
        expected = Fit.VERIFIED if one == two else Fit.LIKELY if same_minor else Fit.NOT
        assert fit([other], one) is expected


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        # Better fits first, whatever the version.
        (Release("1.0.0", ["1.22.7"]), Release("2.0.0", ["1.22.6"])),
        (Release("1.0.0-dev.1", ["1.22.7"]), Release("2.0.0", ["1.22.6"])),
        (Release("1.0.0", ["1.22.0"]), Release("2.0.0", ["1.23.0"])),
        (Release("1.0.0", ["1.22.0"]), Release("2.0.0", [])),
        # Of the same fit stable ones first.
        (Release("1.0.0", ["1.22.7"]), Release("1.1.0-rc.1", ["1.22.7"])),
        # Then the highest version, by the game's order.
        (Release("1.10.0", ["1.22.7"]), Release("1.9.0", ["1.22.7"])),
        (Release("1.0.0-rc.10", ["1.22.7"]), Release("1.0.0-rc.2", ["1.22.7"])),
        (Release("1.0.0-rc.1", ["1.22.7"]), Release("1.0.0-pre.2", ["1.22.7"])),
        # Versions that can't be read come last.
        (Release("0.0.0-dev.0", ["1.22.7"]), Release("v9", ["1.22.7"])),
        # Without a word on this version nobody knows which is better: the newer one.
        (Release("2.0.0", ["1.21.0"]), Release("1.0.0", [])),
        (Release("2.0.0", ["0.0.0"]), Release("1.0.0", ["1.21.0"])),
        # The later one, if all else is the same.
        (
            Release("1.0.0", ["1.22.7"], created=datetime(2026, 8, 2, tzinfo=UTC)),
            Release("1.0.0", ["1.22.7"]),
        ),
        (Release("x", ["1.22.7"]), Release("y", ["1.22.7"], created=None)),
    ],
)
def test_it_chooses_the_better_release_in_any_order(better: Release, worse: Release) -> None:
    for releases in ([better, worse], [worse, better], iter([worse, better, worse])):
        choice = choose(releases, TARGET)
        assert choice
        assert choice.release is better
        assert choice.fit is fit(better.game_versions, TARGET)


def test_prereleases_are_taken_where_there_is_nothing_else() -> None:
    choice = choose([Release("1.0.0-rc.1", ["1.22.7"]), Release("1.0.0-rc.3", ["1.22.7"])], TARGET)
    assert choice
    assert (choice.release.version, choice.fit) == ("1.0.0-rc.3", Fit.VERIFIED)


def test_without_releases_there_is_no_choice() -> None:
    assert choose([], TARGET) is None


@pytest.mark.parametrize(
    ("installed", "offered", "newer"),
    [
        ("1.12.0", "1.12.1", True),
        ("1.9.0", "1.10.0", True),
        ("1.12.0-rc.2", "1.12.0", True),
        ("1.12.0-rc.2", "1.12.0-rc.10", True),
        ("1.12.0", "1.12.0", False),
        ("1.12.0", "1.12.0-rc.9", False),
        ("2.0.0", "1.12.0", False),
        ("", "1.12.0", None),
        ("1.12", "1.12.0", None),
        ("v1.12.0", "1.12.0", None),
        ("9" * 5000, "1.12.0", None),
        ("1.12.0", "latest", None),
    ],
)
def test_it_knows_what_is_newer_and_what_nobody_can_tell(
    installed: str, offered: str, newer: bool | None
) -> None:
    assert is_newer(installed, offered) is newer


def test_three_hundred_mods_are_chosen_for_in_no_time() -> None:
    """The page may take 100 ms in all; Configlib has 85 releases, some ticked for 30 versions."""
    named = [f"1.{minor}.{patch}" for minor in (19, 20, 21) for patch in range(10)]
    releases = [Release(f"1.{number}.0", named) for number in range(20)]
    began = time.process_time()
    for _ in range(300):
        choose(releases, TARGET)
    assert time.process_time() - began < 0.3
