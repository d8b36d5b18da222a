"""News as a whole: real workers, the stand-in for the upstreams, and those who are told."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.news.conftest import Mailbox, Receiver, mailbox, receiver
from tests.waiting import wait_until
from vsmanager.standin import feed
from vsmanager.standin.server import StandIn

from .conftest import Installation

pytestmark = pytest.mark.process

# The fixtures of those who are told; this keeps them from looking unused.
__all__ = ["mailbox", "receiver"]

SET_UP = """
from mods.models import NewsChannel, NewsRule, TrackedMod
def channel(name, address):
    made = NewsChannel(name=name, timezone="UTC")
    made.seal(address)
    made.save()
    return made
hook = channel("hook", "json://127.0.0.1:{hook}/secret-hook")
mail = channel("mail", "mailto://127.0.0.1:{mail}?from=vs@example.com&to=ann@example.com"
               "&mode=insecure")
def rule(event, to=hook, **fields):
    NewsRule.objects.create(event=event, **fields).channels.add(to)
for event in ("version_stable", "version_unstable", "mod_update", "mod_retracted"):
    rule(event)
rule("version_stable", mail)
rule("mod_ready", mail, game_version="{ready}")
rule("job_failed", job_name="fail", failures=1)
rule("no_worker", late_after_seconds=1)
for identifier, version in {tracked!r}:
    TrackedMod.objects.create(identifier=identifier, version=version)
"""


@dataclass
class House:
    """An installation with everybody that it talks to."""

    installation: Installation
    upstream: StandIn
    hook: Receiver
    box: Mailbox

    def run(self, name: str) -> str:
        """Have a job run; how it ended."""
        before = len(self._ended(name))
        self.installation.queue(name)
        wait_until(lambda: len(self._ended(name)) > before, 40)
        return str(self._ended(name)[-1])

    def _ended(self, name: str) -> list[str]:
        return [each for each in self.installation.runs(name) if each not in ("queued", "running")]

    def told(self) -> list[str]:
        """Messages at the web hook."""
        return [str(body["message"]) for body in self.hook.bodies]

    def try_again_now(self) -> None:
        """As if the time had come."""
        self.installation.sql(
            "UPDATE mods_newsmessage SET next_try_at = %s WHERE status = 'queued'",
            datetime.now(UTC),
        )

    def fates(self) -> list[str]:
        rows = self.installation.sql("SELECT status FROM mods_newsmessage ORDER BY id")
        return [row[0] for row in rows]


def plain(world: Any) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Mods without quirks, which released twice at least, with their releases."""
    found = []
    for row in world.mods:
        releases = world.releases(row["modid"])
        names = {each["modidstr"] for each in releases}
        if len(releases) > 1 and names == set(row["modidstrs"]) and len(names) == 1:
            found.append((row, releases))
    return found


@pytest.fixture
def house(
    installation: Installation, receiver: Receiver, mailbox: tuple[Mailbox, int]
) -> Iterator[House]:
    box, port = mailbox
    with StandIn(mods=60) as upstream:
        installation.env |= {
            "MODDB_URL": upstream.url,
            "VERSIONS_URL": upstream.url,
            "NEWS_ALLOW_PRIVATE": "true",
            "DEADMAN_URL": f"{upstream.url}/alive",
        }
        (one, its), (two, others), *_ = plain(upstream.world)
        code = SET_UP.format(
            hook=receiver.port,
            mail=port,
            ready=feed.next_patch(upstream.world.feeds["stable"]),
            tracked=[
                (one["modidstrs"][0], its[0]["modversion"]),
                (two["modidstrs"][0], others[0]["modversion"]),
            ],
        )
        done = installation.manage("shell", "-c", code)
        assert done.returncode == 0, done.stderr
        yield House(installation, upstream, receiver, box)


def test_each_change_reaches_those_who_asked_for_it_once_and_a_refresh_in_one_message(
    house: House,
) -> None:
    house.installation.worker()
    for name in ("send_news", "mod_cache_refresh", "server_versions_check", "send_news"):
        assert house.run(name) == "succeeded"
    assert (house.told(), house.box.mails) == ([], []), "a first load is no news"
    world = house.upstream.world
    (one, _its), (two, others), *_ = plain(world)
    version = feed.next_patch(world.feeds["stable"])
    world.order("publish", one["modid"], fields={"tags": [version]})
    world.order("retract", two["modid"], others[0]["releaseid"])
    world.feeds["stable"] = feed.publish(world.feeds["stable"], "stable", version)
    world.changed()
    for name in ("server_versions_check", "mod_cache_refresh", "send_news", "send_news"):
        assert house.run(name) == "succeeded"
    (message,) = house.told()
    lines = message.splitlines()
    assert f"New stable version of the game: {version}." in lines
    assert sum("has an update" in line for line in lines) == 1
    assert sum("was retracted" in line for line in lines) == 1
    assert len(lines) == 3
    (mail,) = house.box.mails
    text = mail.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert f"New stable version of the game: {version}." in text
    assert f"is ready for {version}" in text
    # Another refresh without anything new says nothing.
    for name in ("server_versions_check", "mod_cache_refresh", "send_news"):
        house.run(name)
    assert len(house.told()) == len(house.box.mails) == 1
    assert house.fates() == ["delivered"] * 2
    wait_until(lambda: house.upstream.count("/alive"), 10)
    assert "secret-hook" not in house.installation.log()


def test_a_look_in_the_middle_of_a_refresh_tells_nothing_of_it(house: House) -> None:
    installation, world = house.installation, house.upstream.world
    installation.worker()
    for name in ("mod_cache_refresh", "send_news"):
        assert house.run(name) == "succeeded"
    (one, _its), (two, _others), *_ = plain(world)
    stored = "SELECT count(*) FROM mods_release"
    before = installation.count(stored)
    for mod in (one, two):
        world.order("publish", mod["modid"])
    house.upstream.fail(f"/api/mod/{two['modid']}", "hang", seconds=6, times=1)
    installation.queue("mod_cache_refresh")
    wait_until(lambda: installation.count(stored) == before + 1, 20)
    assert house.run("send_news") == "succeeded"
    assert installation.runs("mod_cache_refresh")[-1] == "running"
    assert house.told() == []
    wait_until(lambda: installation.runs("mod_cache_refresh")[-1] == "succeeded", 40)
    house.run("send_news")
    (message,) = house.told()
    assert [line.count("has an update") for line in message.splitlines()] == [1, 1]


def test_what_is_not_taken_is_tried_again_and_the_mail_does_not_wait_for_it(house: House) -> None:
    house.installation.worker()
    for name in ("server_versions_check", "send_news"):
        house.run(name)
    world = house.upstream.world
    version = feed.next_patch(world.feeds["stable"])
    world.feeds["stable"] = feed.publish(world.feeds["stable"], "stable", version)
    world.changed()
    house.hook.answers = [(503, {}), (503, {})]
    for name in ("server_versions_check", "send_news"):
        house.run(name)
    assert len(house.box.mails) == 1
    assert sorted(house.fates()) == ["delivered", "queued"]
    for expected in ("queued", "delivered"):
        house.try_again_now()
        assert house.run("send_news") == "succeeded"
        assert sorted(house.fates()) == ["delivered", expected]
    # Three tries, of which one was taken.
    assert len(house.told()) == 3
    # Neither runs with their logs and errors, nor anything else tells the address.
    stored = house.installation.manage("dumpdata")
    assert "news_not_delivered" in stored.stdout
    assert "secret-hook" not in stored.stdout + house.installation.log()
    assert len(house.box.mails) == 1


def test_a_worker_that_dies_while_it_sends_loses_no_message_and_the_next_one_tells_of_the_gap(
    house: House,
) -> None:
    worker = house.installation.worker()
    house.run("send_news")
    assert house.run("fail") == "failed"
    house.hook.let_go.clear()
    house.installation.queue("send_news")
    wait_until(lambda: "claimed" in _tries(house), 20)
    wait_until(lambda: house.hook.waiting, 20)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    house.hook.let_go.set()
    assert house.fates() == ["queued"]
    # As if it had been dead for a minute.
    house.installation.sql(
        "UPDATE scheduling_schedulerprocess SET heartbeat_at = %s",
        datetime.now(UTC) - timedelta(minutes=1),
    )
    again = house.installation.worker()
    wait_until(lambda: house.installation.log(1).count("leadership_acquired"), 20)
    house.try_again_now()
    assert house.run("send_news") == "succeeded"
    assert house.fates() == ["delivered"] * 2
    failures = [message for message in house.told() if "fail failed." in message]
    # It may have been taken before: then it comes twice, and says nothing else.
    assert 1 <= len(failures) <= 2
    assert len(set(failures)) == 1
    (gap,) = [message for message in house.told() if "No worker was running from" in message]
    house.run("send_news")
    assert house.told().count(gap) == 1
    again.send_signal(signal.SIGTERM)
    again.wait(20)


def test_a_cron_that_calls_runjob_tells_once_that_no_worker_is_running(house: House) -> None:
    house.upstream.fail("/alive", "hang")
    worker = house.installation.worker()
    house.run("send_news")
    wait_until(lambda: house.upstream.count("/alive"), 10)
    # A monitor that hangs keeps no worker from its work, nor from its end.
    house.run("send_news")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(5) == 0

    def told() -> list[str]:
        done = house.installation.manage("runjob", "send_news")
        assert done.returncode == 0, done.stderr
        return [each for each in house.told() if "No worker has been running since" in each]

    wait_until(told, 30)
    for _ in range(2):
        assert len(told()) == 1


def _tries(house: House) -> str:
    rows = house.installation.sql("SELECT tries FROM mods_newsmessage")
    return "claimed" if rows and rows[0][0] else ""
