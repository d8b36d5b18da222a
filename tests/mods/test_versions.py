from typing import Any

import pytest

from mods.errors import BadAnswer
from mods.gameversion import Version
from mods.http import Client
from mods.versions import VersionRow, fetch_feed, read_feed, size_in_bytes
from vsmanager.standin.feed import entry
from vsmanager.standin.server import StandIn

from .conftest import LIMITS

ARTIFACT: dict[str, Any] = {
    "filename": "vs_server_linux-x64_1.22.7.tar.gz",
    "filesize": "51.4 MB",
    "md5": "4d5912318322dc60e6895ff9e8ab0dfb",
    "urls": {
        "cdn": "https://cdn.vintagestory.at/gamefiles/stable/vs_server.tar.gz",
        "local": "https://account.vintagestory.at/files/stable/vs_server.tar.gz",
    },
    "latest": 1,
}


def only(platforms: Any) -> VersionRow:
    """The row of a feed with this one entry."""
    (row,) = read_feed({"1.22.7": platforms}).rows
    return row


def changed(**changes: Any) -> VersionRow:
    return only({"linuxserver": {**ARTIFACT, **changes}})


def reason(platforms: Any) -> str:
    """Why a feed with this one entry has no row."""
    feed = read_feed({"1.22.7": platforms})
    assert not feed.rows
    assert feed.named == {"1.22.7"}
    return feed.rejections.reasons[0]


def test_the_linux_server_of_a_version_is_read() -> None:
    row = changed()
    assert row.version == Version.parse("1.22.7")
    assert row.marked_latest
    assert row.server_filename == "vs_server_linux-x64_1.22.7.tar.gz"
    assert row.server_url == "https://cdn.vintagestory.at/gamefiles/stable/vs_server.tar.gz"
    assert row.server_md5 == "4d5912318322dc60e6895ff9e8ab0dfb"
    assert row.server_size == 53_896_806


def test_the_old_server_for_all_platforms_is_read() -> None:
    row = only(entry("stable", "1.9.14"))
    assert row.server_filename == "vs_server_1.22.7.tar.gz".replace("1.22.7", "1.9.14")
    assert row.server_url


def test_platforms_that_nobody_knows_are_fine() -> None:
    row = only({"plan9": {"filename": "x"}, "linuxserver": ARTIFACT})
    assert row.server_md5 == ARTIFACT["md5"]


def test_a_version_without_a_server_is_kept_without_one() -> None:
    row = only({"windows": ARTIFACT})
    assert (row.server_filename, row.server_url, row.server_size) == ("", "", None)
    assert row.marked_latest


@pytest.mark.parametrize(("mark", "latest"), [(1, True), (True, True), (0, False), (False, False)])
def test_all_ways_to_mark_the_latest(mark: object, latest: bool) -> None:
    assert changed(latest=mark).marked_latest is latest


def test_without_a_mark_it_is_not_the_latest() -> None:
    assert not only({"linuxserver": {"filename": "x"}}).marked_latest


def test_the_latest_is_the_marked_one_else_the_highest_by_the_games_order() -> None:
    older = {"linuxserver": {"filename": "x"}}
    feed = read_feed({"1.22.0-rc.2": older, "1.22.0-rc.10": older, "1.9.14": older})
    assert feed.latest
    assert str(feed.latest.version) == "1.22.0-rc.10"
    feed = read_feed({"1.22.7": older, "1.22.6": {"linuxserver": ARTIFACT}})
    assert feed.latest
    assert str(feed.latest.version) == "1.22.6"
    assert read_feed({}).latest is None


@pytest.mark.parametrize(
    ("urls", "stored"),
    [
        (None, ""),
        ("x", ""),
        ({}, ""),
        ({"cdn": "javascript:alert(1)"}, ""),
        ({"cdn": "ftp://x", "local": "https://account.example/x"}, "https://account.example/x"),
    ],
)
def test_addresses_are_guarded(urls: object, stored: str) -> None:
    assert changed(urls=urls).server_url == stored


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("590.5 MB", 619_184_128),
        ("51.4 MB", 53_896_806),
        ("1 GB", 2**30),
        ("12.0 kb", 12_288),
        ("700 B", 700),
        ("", None),
        ("big", None),
        ("-1 MB", None),
        ("1e9 MB", None),
        ("1,5 MB", None),
        (None, None),
        (590.5, None),
    ],
)
def test_sizes_are_binary_whatever_they_are_called(text: object, size: int | None) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize(
    ("platforms", "expected"),
    [
        (None, "the entry is not an object of platforms"),
        ([], "the entry is not an object of platforms"),
        ({"linuxserver": "x"}, "the entry is not an object of platforms"),
        ({"linuxserver": {**ARTIFACT, "latest": "yes"}}, "latest is neither 1 nor 0"),
        ({"linuxserver": {**ARTIFACT, "md5": "xyz"}}, "md5 is not a checksum"),
        ({"linuxserver": {**ARTIFACT, "md5": 7}}, "md5 is not a text"),
        ({"linuxserver": {**ARTIFACT, "filename": ["x"]}}, "filename is not a text"),
    ],
)
def test_entries_that_can_not_be_understood_name_their_version(
    platforms: object, expected: str
) -> None:
    assert expected in reason(platforms)
    assert "1.22.7" in reason(platforms)


def test_keys_that_are_no_versions_are_rejected_and_counted() -> None:
    feed = read_feed({"1.22.7": {}, "v1.22.8": {}, "next": {}, "01.22.7": {}, "65537.0.0": {}})
    assert [str(row.version) for row in feed.rows] == ["1.22.7"]
    assert (feed.received, feed.rejections.count) == (5, 4)
    assert feed.rejections.reasons[3].startswith("'65537.0.0' is not a version such as")


def test_a_feed_is_fetched(upstream: StandIn) -> None:
    with Client(LIMITS) as client:
        feed = fetch_feed(client, upstream.url, "unstable")
    assert feed.latest
    assert str(feed.latest.version) == "1.22.0-rc.10"


def test_another_answer_is_no_feed(upstream: StandIn) -> None:
    upstream.fail("/stable.json", "content", value=["1.22.7"])
    with Client(LIMITS) as client, pytest.raises(BadAnswer, match="something else than a feed"):
        fetch_feed(client, upstream.url, "stable")
