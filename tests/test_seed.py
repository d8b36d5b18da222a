"""One test for each thing that the document asked for, in the order of the table in the design.

The depth is elsewhere; here stands that each thing exists and does what was asked.
"""

import asyncio
from importlib.metadata import version

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import get_commands
from django.test import Client
from django.utils import timezone
from django_apscheduler.models import DjangoJob
from structlog.testing import capture_logs

from scheduling import registry, schedules
from scheduling.models import JobRun, JobSchedule, SchedulerProcess, Status
from scheduling.registry import safe_job
from scheduling.service import SchedulerService
from tests.scheduling.leader import Clock, Leader, schedule
from tests.waiting import wait_until


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leader(db, cast, clock) -> Leader:
    return Leader(clock)


@pytest.fixture
def administrator(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_apscheduler_is_3_11_and_not_4():
    assert version("apscheduler").startswith("3.11.")


@pytest.mark.django_db(transaction=True)
def test_scheduler_service_starts_adds_lists_removes_and_shuts_down(cast):
    service = SchedulerService()
    service.start()
    service.add_interval_job(cast.noop, seconds=1, job_id="noop")
    service.add_cron_job(cast.failing, "0 4 * * *", job_id="failing")
    jobs = {job.id: job for job in service.get_jobs()}
    assert jobs.keys() == {"noop", "failing"}
    assert all(
        (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, 60)
        for job in jobs.values()
    )
    wait_until(lambda: JobRun.objects.filter(job_name="noop", status="succeeded").exists())
    service.remove_job("noop")
    assert [job.id for job in service.get_jobs()] == ["failing"]
    service.shutdown(wait=True)
    assert not service.running


def test_the_scheduler_lives_in_the_command_runscheduler():
    """Its start and its stop on signals are in tests/process/test_runscheduler.py."""
    assert get_commands()["runscheduler"] == "scheduling"


def test_safe_job_logs_returns_and_never_raises(cast):
    @safe_job("my_job")
    async def my_job() -> int:
        return 7

    with capture_logs() as logs:
        assert asyncio.run(my_job()) == 7
        assert cast.noop() == {"done": 1}
        assert cast.failing() is None
    assert [log["event"] for log in logs] == [
        "my_job_started", "my_job_completed",
        "noop_started", "noop_completed",
        "failing_started", "failing_failed",
    ]  # fmt: skip


def test_default_jobs_are_registered_and_interval_0_is_not(leader):
    @safe_job("on", interval_seconds=600)
    def on() -> None: ...

    @safe_job("off", interval_seconds=0)
    def off() -> None: ...

    schedules.add_missing()
    leader.look()
    assert [job.id for job in leader.service.get_jobs()] == ["on"]


def test_the_job_api_lists_and_only_administrators_delete(leader, administrator):
    schedule("noop", interval_seconds=600)
    leader.look()
    assert [job["id"] for job in administrator.get("/api/v1/jobs").json()["data"]["jobs"]] == [
        "noop"
    ]
    viewer = Client()
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_jobschedule"))
    viewer.force_login(user)
    assert viewer.delete("/api/v1/jobs/noop").status_code == 403
    assert administrator.delete("/api/v1/jobs/noop").status_code == 200
    leader.look()
    assert administrator.get("/api/v1/jobs").json()["data"]["jobs"] == []
    assert administrator.delete("/api/v1/jobs/noop").status_code == 404


def test_healthz_tells_the_schedulers_status_and_its_number_of_jobs(leader, client):
    schedule("noop", interval_seconds=600)
    leader.look()
    leader.clock.now = timezone.now()
    leader.presence._write(heartbeat_at=leader.clock.now)
    scheduler = client.get("/healthz").json()["data"]["scheduler"]
    assert (scheduler["status"], scheduler["job_count"]) == ("running", 1)
    SchedulerProcess.objects.all().delete()
    assert client.get("/healthz").json()["data"]["scheduler"]["status"] == "stopped"


def test_mod_cache_refresh_and_server_versions_check_are_jobs_with_their_settings(db):
    jobs = registry.jobs()
    assert {
        (name, jobs[name].setting, jobs[name].interval_seconds, jobs[name].min_interval_seconds)
        for name in ("mod_cache_refresh", "server_versions_check")
    } == {
        ("mod_cache_refresh", "mod_list_refresh_interval", 14_400, 10),
        ("server_versions_check", "server_versions_refresh_interval", 86_400, 10),
    }
    assert JobSchedule.objects.filter(name__in=jobs).count() == len(jobs)


def test_the_job_configuration_ui_shows_jobs_and_changes_intervals(administrator):
    page = administrator.get("/settings/").content.decode()
    assert "mod_cache_refresh" in page
    assert "server_versions_check" in page
    answer = administrator.post(
        "/settings/",
        {"mod_list_refresh_interval": "600", "server_versions_refresh_interval": "86400"},
        follow=True,
    )
    assert "mod_cache_refresh: every 4 hours → every 10 minutes" in answer.content.decode()
    assert JobSchedule.objects.get(name="mod_cache_refresh").interval_seconds == 600


def test_cron_pause_resume_and_remove_with_a_preview_of_the_next_times(
    leader, clock, administrator
):
    row = schedule("noop", cron="30 4 * * *")
    leader.look()
    slots = row.next_slots(3, clock.now)
    assert [f"{slot:%d %H:%M}" for slot in slots] == ["24 04:30", "25 04:30", "26 04:30"]
    assert administrator.get("/jobs/noop/preview/").content.decode().count(" 04:30</time>") == 10
    leader.service.pause("noop")
    assert DjangoJob.objects.get().next_run_time is None
    leader.service.resume("noop")
    assert DjangoJob.objects.get().next_run_time is not None
    leader.service.remove_job("noop")
    assert not DjangoJob.objects.exists()
    assert not JobRun.objects.exclude(status=Status.SUCCEEDED).exists()
