"""What a run's page tells in sentences: attempts at the same slot, stops, slots that never ran."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.test import Client
from structlog.testing import capture_logs

from scheduling import actions
from scheduling.models import JobRun, JobSchedule
from scheduling.outcome import Attempt, Outcome
from scheduling.runner import ClaimedRun
from scheduling.story import story_of
from scheduling.tending import Tending

from .conftest import NOON, ran


def text(response: Any) -> str:
    """Without markup."""
    page = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(page).split())


def page_of(client: Client, run: JobRun) -> str:
    return text(client.get(f"/runs/{run.pk}/"))


@pytest.fixture
def attempts(tides: JobSchedule, ann: User) -> list[JobRun]:
    """Three at one slot, the last one waiting; and others that have nothing to do with them."""
    actions.change(tides, ann, max_retries=3)
    ran("stars")
    ran(at=NOON + timedelta(hours=4))
    waits = {"started_at": None, "finished_at": None, "worker": ""}
    return [
        ran(status="failed"),
        ran(status="timed_out", attempt=2, trigger="retry"),
        ran(status="queued", attempt=3, trigger="retry", not_before=NOON, **waits),
    ]


def test_each_attempt_leads_to_the_others(as_ann: Client, attempts: list[JobRun]) -> None:
    first, second, third = attempts
    response = as_ann.get(f"/runs/{second.pk}/")
    assert f"Run {second.pk} · retry 1 of 3 of run {first.pk} · all runs" in text(response)
    links = re.findall(r'href="/runs/(\d+)/"', response.content.decode())
    assert {int(pk) for pk in links} == {first.pk, third.pk}
    assert f"retry 2 of 3 of run {first.pk}" in page_of(as_ann, third)
    assert "retry" not in page_of(as_ann, first).split("Attempts")[0]


def test_fewer_retries_are_allowed_now(
    as_ann: Client, attempts: list[JobRun], tides: JobSchedule, ann: User
) -> None:
    actions.change(tides, ann, max_retries=2)
    assert f"retry 2 of 2 of run {attempts[0].pk}" in page_of(as_ann, attempts[2])
    actions.change(tides, ann, max_retries=1)
    assert f"a retry of run {attempts[0].pk}" in page_of(as_ann, attempts[2])


def test_the_first_attempt_may_be_gone(as_ann: Client, attempts: list[JobRun]) -> None:
    attempts[0].delete()
    assert f"Run {attempts[2].pk} · retry 2 of 3 · all runs" in page_of(as_ann, attempts[2])


def test_attempts_cost_one_query(
    as_ann: Client, attempts: list[JobRun], django_assert_max_num_queries: Any
) -> None:
    for attempt in range(4, 20):
        ran(status="failed", attempt=attempt)
    # Session, user, two for the rights, run, schedule, attempts, and the leader.
    with django_assert_max_num_queries(9):
        as_ann.get(f"/runs/{attempts[1].pk}/")


def test_a_retry_says_until_when_it_waits(as_ann: Client, tides: JobSchedule) -> None:
    later = datetime.now(UTC) + timedelta(minutes=2, seconds=30)
    run = ran(status="queued", attempt=2, not_before=later, started_at=None, finished_at=None)
    page = page_of(as_ann, run)
    assert "Waits until " in page
    assert re.search(r"\( in 2 min \d+ s \), then it is tried again\.", page)


def test_a_run_says_when_it_was_asked_to_stop(as_ann: Client) -> None:
    asked = NOON + timedelta(seconds=5)
    run = ran(status="running", finished_at=None, cancel_requested_at=asked)
    words = "It was asked to stop at 2026-05-04 12:00:05 , and does so when it next looks."
    assert words in page_of(as_ann, run)
    assert "Cancel this run" not in page_of(as_ann, run)
    ended = ran("stars", status="cancelled", cancel_requested_at=asked)
    assert "It was asked to stop at 2026-05-04 12:00:05 ." in page_of(as_ann, ended)


def test_a_run_says_who_asked_it_to_stop_and_is_not_painted_as_a_failure(as_ann: Client) -> None:
    asked = {"cancel_requested_at": NOON, "cancel_requested_by": "bob"}
    run = ran(status="cancelled", error="Cancelled by bob.", **asked)
    page = as_ann.get(f"/runs/{run.pk}/")
    assert "It was asked to stop by bob at 2026-05-04 12:00:00 ." in text(page)
    assert 'class="vs-problem vs-error vs-calm">Cancelled by bob.' in page.content.decode()
    failed = as_ann.get(f"/runs/{ran('stars', status='failed', error='Wet.').pk}/")
    assert 'class="vs-problem vs-error">Wet.' in failed.content.decode()


def test_the_worker_tells_the_job_who_cancelled_it(ann: User) -> None:
    run = ran(status="running", finished_at=None)
    actions.cancel(run, ann)
    claimed = ClaimedRun(run_id=run.pk, job_name="tides", scheduled_for=NOON)
    executor = Mock(in_flight=lambda: {run.pk: claimed})
    Tending(None, executor, Mock(), lambda: NOON).cancel_asked()
    executor.cancel.assert_called_once_with(run.pk)
    claimed.context.stop.set()
    outcome = Outcome()
    with capture_logs() as logs, Attempt("tides", outcome):
        claimed.context.check()
    assert outcome.reason == "Cancelled by ann."
    assert [(log["log_level"], log["error"]) for log in logs if log["event"] == "tides_failed"] == [
        ("warning", "Cancelled by ann.")
    ]


def test_only_what_goes_on_here_and_was_cancelled_by_somebody_is_told_by_whom(ann: User) -> None:
    ended = ran(status="running", finished_at=None)
    actions.cancel(ended, ann)
    by_nobody = ran("stars", status="running", finished_at=None, cancel_requested_at=NOON)
    claimed = ClaimedRun(run_id=by_nobody.pk, job_name="stars", scheduled_for=NOON)
    executor = Mock(in_flight=lambda: {by_nobody.pk: claimed})
    Tending(None, executor, Mock(), lambda: NOON).cancel_asked()
    assert {call.args[0] for call in executor.cancel.mock_calls} == {ended.pk, by_nobody.pk}
    assert "Cancelled by" not in claimed.context.stop_reason


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("timed_out", "It took longer than it may, so it was closed"),
        ("lost", "nobody knows how far it came"),
    ],
)
def test_ends_that_need_a_word_get_one(as_ann: Client, status: str, words: str) -> None:
    assert words in page_of(as_ann, ran(status=status))
    assert words not in page_of(as_ann, ran("stars"))


def test_a_row_for_several_slots_says_for_how_many(as_ann: Client) -> None:
    run = ran(
        status="missed",
        slots=12_345,
        until=NOON + timedelta(hours=2),
        started_at=None,
        error="No worker was running.",
    )
    page = page_of(as_ann, run)
    said = "Stands for 12,345 slots, the first 2026-05-04 12:00 , the last 2026-05-04 14:00 ."
    assert said in page
    assert "Attempt" not in page
    assert "Log " not in page.replace("Log out", "")
    assert 'vs-error vs-calm">' in as_ann.get(f"/runs/{run.pk}/").content.decode()
    assert "and 12,344 more" in text(as_ann.get("/runs/"))


def test_others_are_the_runs_of_the_job_that_wait_or_go_on_beside_it(db: None) -> None:
    def at(minute: int, **fields: Any) -> JobRun:
        return ran("stars", at=NOON + timedelta(minutes=minute), **fields)

    at(1)
    before, asked, after = (at(minute, status="running", finished_at=None) for minute in (2, 3, 4))
    waits = at(5, status="queued", finished_at=None)
    ran(at=NOON, status="running", finished_at=None)
    story = story_of(asked.pk, NOON + timedelta(hours=1))
    assert story is not None
    assert {run.pk for run in story.others} == {before.pk, after.pk, waits.pk}
