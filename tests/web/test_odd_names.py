"""Schedules and runs whose names a script wrote harm no page."""

import pytest
from django.test import Client
from django.utils.timezone import now
from django_apscheduler.models import DjangoJob

from scheduling.models import JobSchedule

from .conftest import ran

NAMES = ["a/b", "../..", "a\nb", "", " ", "?x=1#y", "%2e%2f", "<b>", "ä", "head/"]


@pytest.mark.parametrize("name", NAMES)
def test_a_job_of_an_odd_name_is_shown_and_harms_no_page(as_ann: Client, name: str) -> None:
    schedule = JobSchedule.objects.create(name=name, interval_seconds=600)
    DjangoJob.objects.create(id=name, next_run_time=now(), job_state=b"")
    run = ran(name, status="failed", error="ValueError: dry")
    for address in (
        "/", "/settings/", "/runs/", "/day/", "/wall/", "/changes/", f"/runs/{run.pk}/",
        "/live/jobs/", f"/runs/{run.pk}/live/", "/api/v1/jobs",
        f"/admin/scheduling/jobschedule/{schedule.pk}/change/", "/admin/scheduling/jobrun/",
    ):  # fmt: skip
        assert as_ann.get(address).status_code == 200, address


def test_a_job_whose_name_holds_a_slash_has_its_page(as_ann: Client) -> None:
    JobSchedule.objects.create(name="a/b", interval_seconds=600)
    page = as_ann.get("/jobs/a/b/").content.decode()
    assert 'action="/jobs/a/b/' in page or "/jobs/a/b/preview/" in page
