"""Whether a worker is running, and who may tell that none is."""

from datetime import timedelta
from typing import Any

import pytest

from mods.news.look import look
from scheduling.models import SchedulerProcess

from .conftest import MINUTE, NOON, channel, ran, rule, told

pytestmark = pytest.mark.django_db


def worker(begun: Any, heard: Any, **fields: Any) -> SchedulerProcess:
    return SchedulerProcess.objects.create(
        host="lighthouse", pid=7, started_at=begun, heartbeat_at=heard, **fields
    )


def test_the_next_worker_tells_how_long_there_was_none() -> None:
    first = worker(NOON, NOON + MINUTE, leading_since=NOON)
    rule("no_worker", channel())
    look(NOON + MINUTE)
    assert told() == []
    SchedulerProcess.objects.filter(pk=first.pk).update(leading_since=None)
    again = NOON + 31 * MINUTE
    worker(again, again + MINUTE, leading_since=again)
    for minute in (31, 32):
        look(NOON + minute * MINUTE)
    assert told() == ["No worker was running from 2026-05-04 12:01 UTC to 2026-05-04 12:31 UTC."]


def test_a_worker_that_stood_by_took_over_without_news() -> None:
    worker(NOON - timedelta(days=2), NOON - timedelta(days=1))
    first = worker(NOON, NOON + MINUTE, leading_since=NOON)
    rule("no_worker", channel())
    look(NOON + MINUTE)
    later = NOON + 5 * MINUTE
    SchedulerProcess.objects.filter(pk=first.pk).update(leading_since=None, heartbeat_at=later)
    worker(NOON, later, leading_since=NOON + 4 * MINUTE)
    look(later)
    assert told() == []


def alone(minute: int) -> None:
    """``runjob send_news``, as cron calls it."""
    at = NOON + minute * MINUTE
    process = worker(at, at, stopped_at=at)
    ran("succeeded", at, "send_news", trigger="manual", process=process, queued_at=at,
        claimed_at=at)  # fmt: skip
    look(at)


@pytest.mark.parametrize("tell_recovery", [True, False])
def test_who_looks_while_there_is_no_worker_tells_so_once(tell_recovery: bool) -> None:
    worker(NOON, NOON, leading_since=None)
    rule("no_worker", channel(), late_after_seconds=300, tell_recovery=tell_recovery)
    for minute in range(1, 9):
        alone(minute)
    assert told() == ["No worker has been running since 2026-05-04 12:00 UTC."]
    again = NOON + 10 * MINUTE
    worker(again, again + MINUTE, leading_since=again)
    for minute in (10, 11):
        look(NOON + minute * MINUTE)
    ended = "No worker was running from 2026-05-04 12:00 UTC to 2026-05-04 12:10 UTC."
    assert told()[1:] == ([ended] if tell_recovery else [])
