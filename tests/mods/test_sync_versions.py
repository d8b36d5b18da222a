"""What a refresh of a channel stores, and that it writes nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from mods.errors import Implausible
from mods.models import GameVersion
from mods.sync_versions import refresh_channel
from mods.versions import read_feed
from vsmanager.standin import feed

from .conftest import written_by

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)


def refresh(channel: str, raw: feed.Feed, now: datetime = MONDAY) -> dict[str, Any]:
    return refresh_channel(channel, read_feed(raw), now)


def listed(channel: str) -> list[str]:
    return [str(each) for each in GameVersion.objects.in_channel(channel).listed()]


def test_versions_are_listed_newest_first_by_the_games_order() -> None:
    refresh("unstable", feed.made_up()["unstable"])
    assert listed("unstable")[:3] == ["1.22.0-rc.10", "1.22.0-rc.9", "1.22.0-rc.2"]


def test_a_channel_in_which_nothing_changed_writes_only_that_it_looked() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    assert written_by(lambda: refresh("stable", stable, TUESDAY)) == ["mods_sourcecheck"]


def test_a_new_version_takes_over_as_latest() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    with capture_logs() as logs:
        summary = refresh("stable", feed.publish(stable, "stable", "1.22.8"), TUESDAY)
    assert summary == {"received": 12, "created": 1, "withdrawn": 0, "latest": "1.22.8"}
    assert [log["version"] for log in logs] == ["1.22.8"]
    assert logs[0]["event"] == "new_stable_version_detected"
    latest = GameVersion.objects.get(channel="stable", is_latest=True)
    assert (latest.version, latest.first_seen_at) == ("1.22.8", TUESDAY)


def test_the_first_load_of_a_channel_announces_only_the_latest() -> None:
    with capture_logs() as logs:
        refresh("unstable", feed.made_up()["unstable"])
    assert [(log["event"], log["version"]) for log in logs] == [
        ("new_unstable_version_detected", "1.22.0-rc.10")
    ]


def test_a_version_that_vanished_is_withdrawn_and_comes_back() -> None:
    unstable = feed.made_up()["unstable"]
    refresh("unstable", unstable)
    rest = {name: each for name, each in unstable.items() if name != "1.22.0-rc.10"}
    summary = refresh("unstable", rest, TUESDAY)
    assert (summary["withdrawn"], summary["latest"]) == (1, "1.22.0-rc.9")
    gone = GameVersion.objects.get(version="1.22.0-rc.10")
    assert (gone.withdrawn_at, gone.is_latest) == (TUESDAY, False)
    with capture_logs() as logs:
        refresh("unstable", unstable, WEDNESDAY)
    assert not logs
    gone.refresh_from_db()
    assert (gone.withdrawn_at, gone.is_latest, gone.first_seen_at) == (None, True, MONDAY)


def test_a_checksum_that_changed_in_place_is_stored() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    stable["1.21.6"]["linuxserver"]["md5"] = "0" * 32
    refresh("stable", stable, TUESDAY)
    changed = GameVersion.objects.get(changed_at=TUESDAY)
    assert (changed.version, changed.server_md5) == ("1.21.6", "0" * 32)


def test_an_unstable_feed_may_become_empty_step_by_step_and_a_stable_one_not() -> None:
    feeds = feed.made_up()
    for channel, raw in feeds.items():
        refresh(channel, raw)
    with pytest.raises(Implausible, match=r"The unstable feed came empty, while 6 .*Nothing was"):
        refresh("unstable", {}, TUESDAY)
    assert len(listed("unstable")) == 6
    rest = dict(list(feeds["unstable"].items())[:3])
    assert refresh("unstable", rest, TUESDAY)["withdrawn"] == 3
    assert refresh("unstable", {}, TUESDAY)["withdrawn"] == 3
    assert GameVersion.objects.latest_of("unstable") is None
    with pytest.raises(Implausible, match="The stable feed came with 0 versions, while 11"):
        refresh("stable", {}, TUESDAY)
    assert len(listed("stable")) == 11


def test_an_unstable_feed_that_is_the_stable_one_is_refused() -> None:
    feeds = feed.made_up()
    for channel, raw in feeds.items():
        refresh(channel, raw)
    with pytest.raises(Implausible, match=r"11 are stable ones.* Nothing was changed"):
        refresh("unstable", feeds["stable"], TUESDAY)
    assert len(listed("unstable")) == 6
    both = {**feeds["unstable"], **dict(list(feeds["stable"].items())[:6])}
    assert refresh("unstable", both, TUESDAY)["withdrawn"] == 0


def test_a_stable_feed_that_lost_more_than_half_is_refused() -> None:
    stable = feed.made_up()["stable"]
    refresh("stable", stable)
    with pytest.raises(Implausible, match="Nothing was changed"):
        refresh("stable", dict(list(stable.items())[:5]), TUESDAY)
    assert len(listed("stable")) == 11


def test_an_entry_that_can_not_be_understood_keeps_what_is_stored() -> None:
    names = [f"1.{minor}.{patch}" for minor in range(18, 22) for patch in range(6)]
    stable = {name: feed.entry("stable", name) for name in names}
    refresh("stable", stable)
    summary = refresh("stable", {**stable, names[-1]: None}, TUESDAY)  # type: ignore[dict-item]
    assert (summary["rejected"], summary["withdrawn"], summary["latest"]) == (1, 0, names[-1])
    latest = GameVersion.objects.latest_of("stable")
    assert latest
    assert (latest.version, latest.changed_at) == (names[-1], MONDAY)


def test_a_version_in_both_feeds_is_stable() -> None:
    refresh("unstable", {"1.22.8": feed.entry("unstable", "1.22.8")})
    stable = feed.publish(feed.made_up()["stable"], "stable", "1.22.8")
    for now in (MONDAY, TUESDAY):
        refresh("stable", stable, now)
        refresh("unstable", {"1.22.8": feed.entry("unstable", "1.22.8")}, now)
        assert GameVersion.objects.get(version="1.22.8").channel == "stable"
    assert not GameVersion.objects.filter(changed_at=TUESDAY).exists()
