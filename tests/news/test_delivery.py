"""Messages reach people: at once, later, or are given up and told."""

import threading
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import structlog
from django.db import DatabaseError, connection
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from mods.models import NewsChannel, NewsMessage
from mods.news import delivery, outbox
from mods.news.delivery import MAX_TRIES, claim, deliver_due
from mods.news.models import Fate
from mods.news.post import Answer
from scheduling import registry
from scheduling.context import RunContext
from scheduling.registry import Outcome

from .conftest import MINUTE, NOON, SECRET, Post, Receiver, channel, job, ran, rule

pytestmark = pytest.mark.django_db


def put(to: NewsChannel, *items: str, now: datetime = NOON) -> None:
    outbox.put(to, items, now)


def test_what_is_due_is_delivered_once(sent: Post) -> None:
    put(channel(), "One.", "Two.")
    assert deliver_due(NOON).delivered == 1
    assert deliver_due(NOON + MINUTE).delivered == 0
    assert sent.sent == [("vsmanager: 2 news", "One.\nTwo.")]
    message = NewsMessage.objects.get()
    assert (message.status, message.tries, message.delivered_at) == (Fate.DELIVERED, 1, NOON)


def test_what_is_not_taken_is_tried_again_more_and_more_slowly(sent: Post) -> None:
    put(channel(), "One.")
    sent.problem = "The message was not taken."
    now, pauses = NOON, []
    while NewsMessage.objects.filter(status=Fate.QUEUED).exists():
        deliver_due(now)
        again = NewsMessage.objects.get().next_try_at
        if again:
            assert deliver_due(again - timedelta(seconds=1)).failed == 0
            pauses.append((again - now) // MINUTE)
            now = again
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 240]
    assert len(sent.sent) == MAX_TRIES
    message, marked = NewsMessage.objects.get(), NewsChannel.objects.get()
    assert message.status == Fate.GIVEN_UP
    assert message.error == marked.problem == "The message was not taken."
    assert marked.problem_since == NOON


def test_a_success_takes_the_mark_from_the_channel(sent: Post) -> None:
    put(channel(), "One.")
    sent.problem = "The message was not taken."
    deliver_due(NOON)
    sent.problem = ""
    deliver_due(NOON + MINUTE)
    assert NewsChannel.objects.get().problem == ""
    assert NewsMessage.objects.get().status == Fate.DELIVERED


def test_what_waits_long_is_tried_as_soon_as_its_channel_is_well_again(sent: Post) -> None:
    made = channel()
    put(made, "One.")
    sent.problem = "The message was not taken."
    deliver_due(NOON)
    NewsMessage.objects.update(tries=7, next_try_at=NOON + timedelta(hours=4))
    sent.problem = ""
    made.refresh_from_db()
    put(made, "Two.", now=NOON + MINUTE)
    deliver_due(NOON + MINUTE)
    assert sent.bodies == ["One.", "Two.", "One."]


def test_after_a_day_a_message_is_given_up_even_of_a_channel_that_was_switched_off(
    sent: Post,
) -> None:
    put(channel(), "One.")
    NewsChannel.objects.update(enabled=False)
    assert deliver_due(NOON + timedelta(hours=23)).given_up == 0
    assert deliver_due(NOON + timedelta(hours=24)).given_up == 1
    assert sent.sent == []


def test_a_channel_that_fails_keeps_no_other_waiting(sent: Post) -> None:
    broken = channel("broken")
    NewsChannel.objects.filter(pk=broken.pk).update(sealed="nonsense")
    put(broken, "One.")
    put(channel("well"), "Two.")
    tally = deliver_due(NOON)
    assert (tally.failed, tally.delivered) == (1, 1)
    assert sent.bodies == ["Two."]


def test_a_channel_that_hangs_costs_one_try_of_a_run_however_much_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []
    clock = [0.0]

    def slow(_address: str, _title: str, body: str, seconds: float = 15) -> Answer:
        tried.append(body)
        clock[0] += seconds if body.startswith("broken") else 0
        return Answer(problem="It took too long." if body.startswith("broken") else "")

    monkeypatch.setattr(delivery.post, "send", slow)
    monkeypatch.setattr(delivery, "monotonic", lambda: clock[0])
    for name in ("broken-1", "broken-2", "broken-3"):
        put(channel(name, grouped=False), *(f"{name}: {number}" for number in range(60)))
    put(channel("well"), "Well.")
    deliver_due(NOON)
    deliver_due(NOON + MINUTE)
    assert tried.count("Well.") == 1
    for minute in range(2, 8):
        tried.clear()
        deliver_due(NOON + minute * MINUTE)
        assert len({name.split(":")[0] for name in tried}) == len(tried) >= 2
    tried.clear()
    # From then on it is known which are broken: what is new for others comes first.
    put(NewsChannel.objects.get(name="well"), "Well again.", now=NOON + 9 * MINUTE)
    deliver_due(NOON + 9 * MINUTE)
    assert tried[0] == "Well again."


@pytest.mark.parametrize(
    "fields", [{"enabled": False}, {"quiet_from": time(11), "quiet_to": time(13)}]
)
def test_what_a_channel_keeps_for_later_keeps_no_other_waiting(
    sent: Post, fields: dict[str, Any]
) -> None:
    kept = channel("kept", grouped=False)
    put(kept, *(f"{number}." for number in range(50)))
    put(kept, *(f"{number}." for number in range(50)))
    NewsChannel.objects.update(**fields)
    put(channel("well"), "Well.", now=NOON + MINUTE)
    tally = deliver_due(NOON + MINUTE)
    assert (tally.delivered, tally.failed) == (1, 0)
    assert sent.bodies == ["Well."]


def test_quiet_hours_are_kept_even_by_the_last_try_of_an_old_message(sent: Post) -> None:
    put(channel(quiet_from=time(11), quiet_to=time(13)), "One.", now=NOON - 2 * 60 * MINUTE)
    tomorrow = NOON + timedelta(days=1)
    assert deliver_due(tomorrow).given_up == 0
    assert deliver_due(tomorrow + timedelta(hours=2)).delivered == 1


def test_what_was_sent_counts_as_sent_even_if_its_channel_cannot_be_marked(
    sent: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(channel(), "One.")

    def broken(*_args: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(delivery, "note", broken)
    with pytest.raises(DatabaseError):
        deliver_due(NOON)
    assert NewsMessage.objects.get().status == Fate.DELIVERED


def test_a_secret_key_that_changed_is_told_in_words(sent: Post, settings: Settings) -> None:
    put(channel(), "One.")
    settings.SECRET_KEY = "another key " * 4
    assert deliver_due(NOON).failed == 1
    assert "SECRET_KEY" in NewsMessage.objects.get().error
    assert "SECRET_KEY" in NewsChannel.objects.get().problem
    settings.SECRET_KEY = "a third key  " * 4
    NewsChannel.objects.get().seal("json://news.example/")


def test_the_message_of_a_deleted_channel_is_given_up_and_stays(sent: Post) -> None:
    made = channel()
    put(made, "One.")
    made.delete()
    assert deliver_due(NOON).given_up == 1
    assert NewsMessage.objects.get().channel_name == "chat"


def test_quiet_hours_hold_back_and_send_one_summary_afterwards(sent: Post) -> None:
    quiet = channel(quiet_from=time(22), quiet_to=time(7), grouped=False)
    night = NOON.replace(hour=23)
    for number, item in enumerate(("One.", "Two.", "One.", "Three.")):
        put(quiet, item, now=night + number * MINUTE)
    for hours in (1, 5, 7):
        outbox.release(night + timedelta(hours=hours))
        assert deliver_due(night + timedelta(hours=hours)).delivered == 0
    morning = night + timedelta(hours=8)
    outbox.release(morning)
    assert deliver_due(morning).delivered == 1
    assert sent.sent == [("vsmanager: 3 news", "One.\nTwo.\nThree.")]


def test_a_retry_waits_for_the_end_of_the_quiet_hours_too(sent: Post) -> None:
    put(channel(quiet_from=time(12, 1), quiet_to=time(13)), "One.")
    sent.problem = "The message was not taken."
    deliver_due(NOON)
    assert deliver_due(NOON + 5 * MINUTE).failed == 0
    assert deliver_due(NOON + timedelta(hours=1)).failed == 1


def test_very_many_news_are_counted_and_bounded(sent: Post) -> None:
    put(channel(), *(f"{number} " + "x" * 90 for number in range(500)))
    deliver_due(NOON)
    ((title, body),) = sent.sent
    assert title == "vsmanager: 500 news"
    assert len(body) < 2_000
    told = body.count("\n")
    assert body.endswith(f"and {500 - told} more")


def test_of_two_processes_one_sends(sent: Post) -> None:
    put(channel(), "One.")
    mine, other = NewsMessage.objects.get(), NewsMessage.objects.get()
    assert claim(mine, NOON)
    assert not claim(other, NOON)
    # Who claimed it died: after two minutes another tries.
    assert deliver_due(NOON + MINUTE).delivered == 0
    assert deliver_due(NOON + 2 * MINUTE).delivered == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_the_same_moment_send_a_message_once(sent: Post) -> None:
    for number in range(5):
        put(channel(f"chat-{number}"), f"{number}.")
    together = threading.Barrier(3)

    def process() -> None:
        together.wait(10)
        deliver_due(NOON)
        connection.close()

    threads = [threading.Thread(target=process) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(sent.bodies) == [f"{number}." for number in range(5)]


def run_job() -> Outcome:
    return registry.get("send_news").run(RunContext(job="send_news", run_id=1))


def test_the_job_finds_and_delivers_to_a_real_webhook(receiver: Receiver, private: None) -> None:
    job("tides")
    rule("job_failed", channel(address=f"json://127.0.0.1:{receiver.port}/{SECRET}"), failures=1)
    receiver.answers = [(500, {})]
    ran("failed")
    with capture_logs() as logs:
        first = run_job()
    assert first.value == {"found": 1, "queued": 1, "delivered": 0, "failed": 1, "given_up": 0}
    assert "news_not_delivered" in [log["event"] for log in logs]
    assert SECRET not in str(logs)
    assert SECRET not in NewsMessage.objects.get().error
    NewsMessage.objects.update(next_try_at=NOON)
    assert run_job().value["delivered"] == 1
    assert receiver.bodies[-1]["message"] == "tides failed."


def test_a_run_that_gave_up_fails_and_says_so(sent: Post) -> None:
    put(channel(), "One.", now=NOON)
    sent.problem = "The message was not taken."
    NewsMessage.objects.update(tries=MAX_TRIES - 1)
    outcome = run_job()
    assert "1 message(s) were given up" in str(outcome.error)
    assert structlog.is_configured()
