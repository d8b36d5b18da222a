"""What pages say of runs that are handed over, and of who takes them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from scheduling.models import JobSchedule, Role, SchedulerProcess

from .conftest import ran
from .test_admin import text, typed


@pytest.fixture
def elsewhere(settings: Any, leader: SchedulerProcess) -> SchedulerProcess:
    """A leader that hands runs over."""
    settings.SCHEDULER_EXECUTOR = "procrastinate"
    return leader


def worker(*queues: str, silent: int = 0) -> SchedulerProcess:
    return SchedulerProcess.objects.create(
        role=Role.WORKER,
        host="tug",
        pid=9,
        queues=",".join(queues),
        heartbeat_at=datetime.now(UTC) - timedelta(seconds=silent),
    )


@pytest.fixture
def waiting(tides: JobSchedule, elsewhere: SchedulerProcess) -> Any:
    return ran(status="queued", started_at=None, finished_at=None, claimed_at=datetime.now(UTC))


def story(client: Client, run: Any) -> str:
    return " ".join(text(client.get(f"/runs/{run.pk}/")).split())


def test_a_run_that_nobody_takes_says_why(as_ann: Client, waiting: Any) -> None:
    assert "Waits for a Procrastinate worker; none has ever been heard from." in story(
        as_ann, waiting
    )
    worker(silent=3600)
    page = story(as_ann, waiting)
    assert "Waits for a Procrastinate worker; none has been heard from since " in page
    assert "python manage.py procrastinate worker" in page


def test_a_run_says_that_no_worker_takes_from_its_queue(
    as_ann: Client, waiting: Any, tides: JobSchedule
) -> None:
    worker("slow", "slower")
    page = story(as_ann, waiting)
    assert (
        "Waits for a Procrastinate worker that takes from the queue default: the one that is "
        "running does not." in page
    )
    worker()
    page = story(as_ann, waiting)
    assert "Waits in the queue default for the Procrastinate worker that takes from it." in page
    JobSchedule.objects.update(queue="slow")
    page = story(as_ann, waiting)
    assert "Waits in the queue slow for one of 2 Procrastinate workers that take from it." in page


def test_a_run_that_has_begun_waits_for_nobody(as_ann: Client, elsewhere: Any, tides: Any) -> None:
    run = ran(status="running", finished_at=None, claimed_at=datetime.now(UTC))
    assert "Procrastinate worker that" not in story(as_ann, run)


def test_every_page_says_that_no_worker_runs_anything(
    as_ann: Client, elsewhere: Any, tides: JobSchedule
) -> None:
    page = text(as_ann.get("/"))
    assert "No Procrastinate worker is running, so runs only wait." in page
    here = worker()
    page = " ".join(text(as_ann.get("/")).split())
    assert "No Procrastinate worker" not in page
    assert "1 Procrastinate worker runs the jobs." in page
    here.queues = "slow"
    here.save()
    page = " ".join(text(as_ann.get("/")).split())
    assert "takes from these queues, so their runs only wait: default." in page


def test_a_worker_is_nobody_who_leads(client: Client, db: None) -> None:
    """Guard: ``SchedulerProcess.objects.filter(role=Role.SCHEDULER)`` in scheduling/outlook.py."""
    worker()
    told = client.get("/healthz").json()["data"]["scheduler"]
    assert (told["status"], told["leader"], told["last_heartbeat"]) == ("stopped", None, None)


def test_with_threads_nothing_is_said_of_workers(
    as_ann: Client, leader: SchedulerProcess, tides: JobSchedule
) -> None:
    assert "Procrastinate" not in text(as_ann.get("/"))


def test_the_form_says_whether_queue_and_priority_are_used(
    as_ann: Client, tides: JobSchedule, settings: Any
) -> None:
    page = f"/admin/scheduling/jobschedule/{tides.pk}/change/"
    assert text(as_ann.get(page)).count("Not used now: the jobs run in threads") == 2
    settings.SCHEDULER_EXECUTOR = "procrastinate"
    assert "Not used now" not in text(as_ann.get(page))


def test_queue_and_priority_are_edited_in_the_admin_and_noted(
    as_ann: Client, tides: JobSchedule
) -> None:
    page = f"/admin/scheduling/jobschedule/{tides.pk}/change/"
    as_ann.post(page, typed(tides, queue="slow", priority="-5"))
    tides.refresh_from_db()
    assert (tides.queue, tides.priority) == ("slow", -5)
    note = json.loads(LogEntry.objects.latest("pk").change_message)[0]
    assert note["after"] == {"queue": "slow", "priority": -5}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"queue": "a,b"}, "The name of a queue has letters, digits"),
        ({"queue": "x" * 41}, "40 at most"),
        ({"queue": "Zeitläufte"}, "The name of a queue has letters, digits"),
        ({"priority": 1001}, "a whole number from -1000 to 1000"),
        ({"priority": "high"}, "a whole number from -1000 to 1000"),
    ],
)
def test_a_queue_or_priority_that_can_t_be_is_refused_everywhere_alike(
    as_ann: Client, tides: JobSchedule, fields: dict[str, Any], told: str
) -> None:
    page = f"/admin/scheduling/jobschedule/{tides.pk}/change/"
    assert told in text(as_ann.post(page, typed(tides, **fields)))
    answer = as_ann.patch("/api/v1/jobs/tides", json.dumps(fields), content_type="application/json")
    assert answer.status_code == 422
    assert told in answer.json()["error"]["message"]
