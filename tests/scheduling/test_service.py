"""SchedulerService with its real threads."""

import time

import pytest
from django.utils import timezone

from scheduling import registry
from scheduling.errors import InvalidSchedule, SchedulingError, UnknownJob
from scheduling.models import JobRun, JobSchedule, SchedulerProcess, Status
from scheduling.service import SchedulerService
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(cast):
    JobSchedule.objects.all().delete()
    service = SchedulerService(threads=2)
    service.start()
    yield service
    cast.let_go.set()
    if service.running:
        service.shutdown()


def done(name="noop"):
    return JobRun.objects.filter(job_name=name, status=Status.SUCCEEDED)


def test_an_interval_job_runs_again_and_again(service, cast):
    service.add_interval_job(cast.noop, seconds=1, job_id="noop")
    wait_until(lambda: done().count() >= 2)
    first, second = done().order_by("scheduled_for")[:2]
    assert (second.scheduled_for - first.scheduled_for).total_seconds() == 1


def test_adding_a_job_again_keeps_its_next_run(service, cast):
    job = service.add_interval_job(cast.noop, seconds=600, job_id="noop")
    before = service.get_job("noop").next_run_time
    time.sleep(0.01)
    service.add_interval_job(cast.noop, seconds=600, job_id="noop", max_instances=2)
    assert service.get_job("noop").next_run_time == before
    assert service.get_job("noop").max_instances == 2
    assert job.id == "noop"


def test_adding_a_job_again_with_another_interval_counts_anew(service, cast):
    service.add_interval_job(cast.noop, seconds=600, job_id="noop")
    service.add_interval_job(cast.noop, seconds=86_400, job_id="noop")
    ahead = service.get_job("noop").next_run_time - timezone.now()
    assert 86_300 < ahead.total_seconds() <= 86_400


def test_a_job_can_be_paused_resumed_rescheduled_and_removed(service, cast):
    service.add_cron_job(cast.noop, "0 4 * * *", job_id="noop", timezone="Europe/Berlin")
    service.pause("noop")
    assert service.get_job("noop").next_run_time is None
    service.resume("noop")
    assert service.get_job("noop").next_run_time.minute == 0
    service.add_interval_job(cast.noop, seconds=600, job_id="noop")
    assert service.get_job("noop").trigger.details == "every 600 seconds"
    service.remove_job("noop")
    assert service.get_jobs() == []


def test_what_is_not_scheduled_can_be_neither_removed_nor_paused(service):
    for change in (service.remove_job, service.pause, service.resume):
        with pytest.raises(UnknownJob, match="No job called 'noop' is scheduled"):
            change("noop")


@pytest.mark.parametrize("seconds", [0, -1, True, 2**63, 1.5])
def test_intervals_out_of_bounds_are_refused(service, cast, seconds):
    with pytest.raises(InvalidSchedule):
        service.add_interval_job(cast.noop, seconds=seconds, job_id="noop")


def test_any_function_becomes_a_safe_job(service):
    def sudden() -> None:
        raise OSError("gone")

    service.add_interval_job(sudden, seconds=1, job_id="sudden")
    assert "sudden" in registry.jobs()
    wait_until(lambda: JobRun.objects.filter(job_name="sudden", status=Status.FAILED).exists())


def test_it_cannot_be_started_twice(service):
    with pytest.raises(SchedulingError, match="running already"):
        service.start()


def test_shutdown_waits_for_running_jobs(service, cast):
    service.add_interval_job(cast.slow, seconds=1, job_id="slow")
    assert cast.begun.wait(5)
    cast.let_go.set()
    service.shutdown(wait=True)
    assert not service.running
    assert JobRun.objects.running().count() == 0
    assert done("slow").exists()
    assert SchedulerProcess.objects.get().stopped_at is not None


def test_claimed_runs_that_did_not_start_go_back_to_the_queue(cast):
    JobSchedule.objects.all().delete()
    service = SchedulerService(threads=1)
    service.start()
    service.add_interval_job(cast.slow, seconds=1, job_id="slow")
    assert cast.begun.wait(5)
    service.add_interval_job(cast.noop, seconds=1, job_id="noop")
    wait_until(lambda: JobRun.objects.running().filter(job_name="noop").exists())
    service.drain()
    assert JobRun.objects.get(job_name="noop").status == Status.QUEUED
    cast.let_go.set()
    service.shutdown()
