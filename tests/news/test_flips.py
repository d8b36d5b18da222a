"""Each change of state is told once: what rules make of runs, versions and mods."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from mods import changes
from mods.models import (
    Change,
    GameVersion,
    Kind,
    NewsMessage,
    NewsRule,
)
from mods.news import flips
from mods.news.cursor import settled
from mods.news.finding import Seen
from mods.news.flips import turned
from mods.news.look import look
from scheduling.models import JobRun, JobSchedule

from .conftest import MINUTE, NOON, channel, job, ran, rule, told

pytestmark = pytest.mark.django_db


def test_a_job_that_failed_often_enough_is_told_once_and_its_recovery_once(tides: Any) -> None:
    rule("job_failed", channel(), failures=2)
    ran("failed", NOON, error="the well is dry")
    look(NOON + MINUTE)
    assert told() == []
    ran("failed", NOON + MINUTE, error="the well is dry")
    for minute in range(2, 5):
        look(NOON + minute * MINUTE)
    assert told() == ["tides failed 2 times in a row. the well is dry"]
    ran("failed", NOON + 6 * MINUTE)
    look(NOON + 7 * MINUTE)
    assert len(told()) == 1
    ran("succeeded", NOON + 8 * MINUTE)
    for minute in range(9, 12):
        look(NOON + minute * MINUTE)
    assert told()[1:] == ["tides has succeeded again."]


def test_an_attempt_that_is_tried_again_does_not_count_yet(tides: Any) -> None:
    rule("job_failed", channel(), failures=1)
    ran("failed", NOON)
    retry = ran("queued", NOON, attempt=2, started_at=None, finished_at=None)
    look(NOON + MINUTE)
    assert told() == []
    JobRun.objects.filter(pk=retry.pk).update(status="succeeded")
    look(NOON + 2 * MINUTE)
    assert told() == []
    ran("failed", NOON + 5 * MINUTE)
    ran("lost", NOON + 5 * MINUTE, attempt=2)
    look(NOON + 6 * MINUTE)
    assert told() == ["tides failed."]


@pytest.mark.parametrize("between", ["missed", "skipped", "cancelled"])
def test_slots_that_never_ran_neither_break_nor_make_a_row_of_failures(
    tides: Any, between: str
) -> None:
    rule("job_failed", channel(), failures=2)
    ran("timed_out", NOON)
    ran(between, NOON + MINUTE)
    look(NOON + 2 * MINUTE)
    assert told() == []
    ran("failed", NOON + 3 * MINUTE)
    look(NOON + 4 * MINUTE)
    assert len(told()) == 1


def test_a_success_in_between_begins_the_row_anew(tides: Any) -> None:
    rule("job_failed", channel(), failures=2)
    for minute, status in enumerate(("failed", "succeeded", "failed")):
        ran(status, NOON + minute * MINUTE)
    look(NOON + 5 * MINUTE)
    assert told() == []


def test_what_a_job_went_through_between_two_looks_is_told(tides: Any) -> None:
    rule("job_failed", channel(), failures=2)
    second = timedelta(seconds=1)
    ran("succeeded", NOON - MINUTE)
    look(NOON)
    for number, status in enumerate(("failed", "failed", "succeeded", "failed")):
        ran(status, NOON + (46 + 3 * number) * second, error=f"{number}")
    look(NOON + MINUTE)
    assert told() == ["tides failed 2 times in a row. 1", "tides has succeeded again."]
    look(NOON + MINUTE + second)
    look(NOON + 2 * MINUTE)
    assert len(told()) == 2
    ran("failed", NOON + 2 * MINUTE + second, error="4")
    ran("succeeded", NOON + 2 * MINUTE + 9 * second)
    look(NOON + 3 * MINUTE)
    look(NOON + 4 * MINUTE)
    assert told()[2:] == ["tides failed 2 times in a row. 4", "tides has succeeded again."]


def test_what_was_looked_at_is_not_told_when_a_rule_becomes_stricter(tides: Any) -> None:
    made = rule("job_failed", channel(), failures=3)
    look(NOON)
    ran("failed", NOON + timedelta(seconds=10))
    ran("succeeded", NOON + timedelta(seconds=20))
    look(NOON + MINUTE)
    NewsRule.objects.filter(pk=made.pk).update(failures=1)
    for minute in (2, 3):
        look(NOON + minute * MINUTE)
    assert told() == []


def test_recovery_alone_can_be_a_rule_and_can_be_left_out(tides: Any) -> None:
    rule("job_recovered", channel("good"), failures=1)
    rule("job_failed", channel("bad"), failures=1, tell_recovery=False)
    ran("failed", NOON)
    look(NOON + MINUTE)
    ran("succeeded", NOON + 2 * MINUTE)
    look(NOON + 3 * MINUTE)
    assert list(NewsMessage.objects.order_by("pk").values_list("channel_name", "items")) == [
        ("bad", ["tides failed."]),
        ("good", ["tides has succeeded again."]),
    ]


def test_a_rule_for_one_job_leaves_the_others_alone(tides: Any) -> None:
    job("stars")
    rule("job_failed", channel(), failures=1, job_name="stars")
    ran("failed", NOON)
    look(NOON + MINUTE)
    assert told() == []


def test_a_new_version_is_told_to_the_rules_of_its_channel_once() -> None:
    rule("version_stable", channel("stable"))
    rule("version_unstable", channel("unstable"))
    Change.objects.create(kind=Kind.VERSION_NEW, at=NOON, subject="1.22.0", after="stable")
    look(NOON)
    assert told() == [], "what was there before the first look is no news"
    version = GameVersion(version="1.22.7", channel="stable")
    changes.note([changes.version_new(version, NOON)], 10)
    changes.note([changes.mod_new(None, "New", NOON)], 10)  # type: ignore[arg-type]
    for minute in (1, 2, 3):
        look(NOON + minute * MINUTE)
    assert [
        (message.channel_name, message.items) for message in NewsMessage.objects.order_by("pk")
    ] == [("stable", ["New stable version of the game: 1.22.7."])]


def change(pk: int, at: Any = NOON) -> Change:
    return Change(pk=pk, kind=Kind.VERSION_NEW, at=at, subject=str(pk), after="stable")


def test_a_change_that_is_committed_later_is_not_passed_over() -> None:
    assert [each.pk for each in settled([change(4), change(5), change(7)], 3, NOON)] == [4, 5]
    assert settled([change(7)], 5, NOON + 9 * MINUTE) == []
    assert len(settled([change(6), change(7)], 5, NOON)) == 2
    # What was rolled back never comes.
    assert len(settled([change(7)], 5, NOON + 11 * MINUTE)) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_a_change_of_a_transaction_that_takes_longer_is_told_when_it_comes() -> None:
    rule("version_stable", channel())
    look(NOON)
    written, let_go = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            Change.objects.create(kind=Kind.VERSION_NEW, at=NOON, subject="1.1.0", after="stable")
            written.set()
            let_go.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(10)
    Change.objects.create(kind=Kind.VERSION_NEW, at=NOON, subject="1.2.0", after="stable")
    look(NOON + MINUTE)
    let_go.set()
    thread.join(20)
    look(NOON + 2 * MINUTE)
    assert [text.split()[-1] for text in told()] == ["1.1.0.", "1.2.0."]


def test_a_gap_that_nobody_will_fill_keeps_no_news_waiting() -> None:
    rule("version_stable", channel())
    look(NOON)
    change(1_000_000).save(force_insert=True)
    look(NOON + MINUTE)
    assert len(told()) == 1


def test_all_of_one_look_comes_in_one_message_unless_the_channel_wants_each(tides: Any) -> None:
    job("stars")
    rule("job_failed", channel("one"), channel("each", grouped=False), failures=1)
    ran("failed", NOON)
    ran("failed", NOON, "stars")
    assert look(NOON + MINUTE) == {"found": 2, "queued": 3}
    assert NewsMessage.objects.get(channel__name="one").items == ["stars failed.", "tides failed."]


def test_rules_and_channels_that_are_off_tell_nothing(tides: Any) -> None:
    rule("job_failed", channel("off", enabled=False), failures=1)
    rule("job_failed", channel("on"), failures=1, enabled=False)
    ran("failed", NOON)
    look(NOON + MINUTE)
    assert told() == []


def test_that_news_fail_is_told_to_channels_that_work_and_to_no_others(tides: Any) -> None:
    job("send_news")
    broken = channel("broken", problem="The message was not taken.")
    rule("job_failed", broken, channel("well"), failures=1)
    ran("failed", NOON, "send_news")
    ran("failed", NOON)
    look(NOON + MINUTE)
    assert {each.channel_name: each.items for each in NewsMessage.objects.all()} == {
        "broken": ["tides failed."],
        "well": ["send_news failed.", "tides failed."],
    }


def test_messages_come_in_the_language_of_their_channel(tides: Any) -> None:
    rule("job_failed", channel(language="de"), failures=1)
    ran("failed", NOON)
    look(NOON + MINUTE)
    assert len(told()) == 1


def test_a_look_with_nothing_new_costs_few_queries(
    tides: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        job(f"job-{number}")
    rule("job_failed", channel(), failures=1)
    look(NOON)
    with django_assert_max_num_queries(12):
        look(NOON + MINUTE)


def test_a_crash_before_the_message_is_written_takes_the_flip_back(
    tides: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mods.news import outbox

    rule("job_failed", channel(), failures=1)
    ran("failed", NOON)
    with monkeypatch.context() as broken:
        broken.setattr(outbox, "put", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(NOON + MINUTE)
    look(NOON + 2 * MINUTE)
    assert told() == ["tides failed."]


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_see_the_same_change_tell_it_once() -> None:
    JobSchedule.objects.all().delete()
    job("tides")
    rule("job_failed", channel(), failures=1)
    rule("version_stable", channel("versions"))
    look(NOON)
    ran("failed", NOON)
    GameVersion(version="1.22.7", channel="stable")
    Change.objects.create(kind=Kind.VERSION_NEW, at=NOON, subject="1.22.7", after="stable")
    together = threading.Barrier(4)
    errors = []

    def process() -> None:
        try:
            together.wait(10)
            look(NOON + MINUTE)
        except Exception as error:  # noqa: BLE001 - told by the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert sorted(told()) == ["New stable version of the game: 1.22.7.", "tides failed."]


def test_who_comes_second_finds_the_flip_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    made: NewsRule = rule("job_failed", channel())
    seen = [Seen(subject="tides", state="failing", before="")]
    assert len(list(turned(made, seen, NOON))) == 1
    # As another process that read the row before.
    monkeypatch.setattr(flips, "_states", lambda *_: {"tides": ("", NOON)})
    assert list(turned(made, seen, NOON)) == []
