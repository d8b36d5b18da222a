"""When a job counts as late, and when it is on time again."""

from datetime import timedelta
from typing import Any

import pytest
from django_apscheduler.models import DjangoJob

from mods.news.look import look
from scheduling import reasons
from scheduling.models import JobRun, JobSchedule

from .conftest import MINUTE, NOON, channel, ran, rule, told

pytestmark = pytest.mark.django_db


def test_a_job_without_a_success_for_too_long_is_late_until_it_succeeds(tides: Any) -> None:
    JobSchedule.objects.update(created_at=NOON - timedelta(days=9))
    rule("job_late", channel(), late_after_seconds=3_600)
    ran("succeeded", NOON)
    look(NOON + timedelta(minutes=50))
    assert told() == []
    ran("failed", NOON + timedelta(minutes=70))
    for minute in (71, 72, 73):
        look(NOON + timedelta(minutes=minute))
    assert told() == ["tides is late: no success since 2026-05-04 12:00 UTC."]
    ran("succeeded", NOON + timedelta(minutes=80))
    look(NOON + timedelta(minutes=81))
    assert told()[1:] == ["tides is on time again."]


def test_what_is_paused_or_disabled_is_not_late(tides: Any) -> None:
    JobSchedule.objects.update(created_at=NOON - timedelta(days=9), paused=True)
    rule("job_late", channel(), late_after_seconds=3_600)
    look(NOON)
    JobSchedule.objects.update(paused=False, interval_seconds=0)
    look(NOON + MINUTE)
    assert told() == []


def test_a_next_run_that_is_overdue_is_late(tides: Any) -> None:
    DjangoJob.objects.create(id="tides", next_run_time=NOON, job_state=b"")
    rule("job_late", channel())
    look(NOON + MINUTE)
    assert told() == []
    look(NOON + 5 * MINUTE)
    assert told() == ["tides is late: it was due at 2026-05-04 12:00 UTC."]


def missed(why: str, at: Any = NOON) -> JobRun:
    error = reasons.SLOT_LATE % {"why": why}
    return ran("missed", at, error=error, started_at=None, finished_at=at + MINUTE)


@pytest.mark.parametrize("why", [reasons.NO_WORKER, reasons.TOO_BUSY])
def test_a_slot_that_passed_without_a_worker_is_late_until_the_job_runs(
    tides: Any, why: str
) -> None:
    rule("job_late", channel())
    missed(why)
    for minute in (1, 2):
        look(NOON + minute * MINUTE)
    assert told() == ["tides is late: it was due at 2026-05-04 12:00 UTC."]
    ran("failed", NOON + 3 * MINUTE)
    look(NOON + 4 * MINUTE)
    assert told()[1:] == ["tides is on time again."]


@pytest.mark.parametrize("why", [reasons.PAUSED, reasons.CHANGED])
def test_a_slot_that_passed_because_of_what_a_person_did_is_not_late(tides: Any, why: str) -> None:
    rule("job_late", channel())
    JobRun.objects.create(
        job_name="tides", scheduled_for=NOON, status="missed",
        error=reasons.SLOTS_GIVEN_UP % {"why": why, "count": "1"},
    )  # fmt: skip
    look(NOON + MINUTE)
    assert told() == []


@pytest.mark.parametrize("status", ["queued", "running"])
def test_what_waits_to_begin_is_late(tides: Any, status: str) -> None:
    rule("job_late", channel())
    waiting = ran(status, NOON, started_at=None, finished_at=None)
    look(NOON + MINUTE)
    assert told() == []
    look(NOON + 3 * MINUTE)
    assert told() == ["tides is late: it was due at 2026-05-04 12:00 UTC."]
    JobRun.objects.filter(pk=waiting.pk).update(status="running", started_at=NOON + 4 * MINUTE)
    look(NOON + 5 * MINUTE)
    assert told()[1:] == ["tides is on time again."]


def test_a_retry_that_waits_for_its_time_and_what_a_person_queued_are_not_late(tides: Any) -> None:
    rule("job_late", channel())
    ran("failed", NOON)
    ran("queued", NOON, attempt=2, started_at=None, not_before=NOON + 9 * MINUTE)
    ran("queued", NOON + MINUTE, trigger="manual", started_at=None)
    look(NOON + 8 * MINUTE)
    assert told() == []


@pytest.mark.parametrize("allowed", [None, 3_600])
def test_a_late_job_that_is_paused_or_resumed_is_not_on_time_before_it_has_run(
    tides: Any, allowed: int | None
) -> None:
    JobSchedule.objects.update(created_at=NOON - timedelta(days=9))
    rule("job_late", channel(), late_after_seconds=allowed)
    missed(reasons.NO_WORKER)
    look(NOON + MINUTE)
    JobSchedule.objects.update(paused=True)
    look(NOON + 2 * MINUTE)
    JobSchedule.objects.update(paused=False)
    look(NOON + 3 * MINUTE)
    assert len(told()) == 1
    ran("succeeded", NOON + 4 * MINUTE)
    look(NOON + 5 * MINUTE)
    assert told()[1:] == ["tides is on time again."]


def test_a_late_job_that_is_scheduled_anew_is_not_on_time_before_it_has_run(tides: Any) -> None:
    DjangoJob.objects.create(id="tides", next_run_time=NOON, job_state=b"")
    rule("job_late", channel())
    look(NOON + 3 * MINUTE)
    assert len(told()) == 1
    DjangoJob.objects.update(next_run_time=NOON + timedelta(hours=1))
    for minute in (4, 5):
        look(NOON + minute * MINUTE)
    assert len(told()) == 1
    ran("succeeded", NOON + timedelta(hours=1))
    look(NOON + timedelta(minutes=61))
    assert told()[1:] == ["tides is on time again."]
