"""The screen on the wall: what is red, and what its title and icon say."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions
from scheduling.models import JobSchedule, SchedulerProcess, ScheduleState
from scheduling.views import wall

from .conftest import ran, registered
from .test_overview import limited

PARTS = ["/live/wall/jobs/", "/live/wall/worker/"]
NOW = datetime.now(UTC)


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


@pytest.fixture
def well(schedules: dict[str, JobSchedule], leader: SchedulerProcess) -> dict[str, JobSchedule]:
    """All jobs have succeeded and will run again, and a worker leads."""
    for schedule in schedules.values():
        registered(schedule, datetime.now(UTC) + timedelta(hours=1))
        ran(schedule.name, at=NOW - timedelta(minutes=5))
    return schedules


def wrong(client: Client) -> int:
    page = text(client.get("/wall/"))
    title = page.split("<title>")[1].split("</title>")[0].strip()
    counted = int(title.split()[1]) if title.startswith("✗") else 0
    icon = "favicon-bad.svg" if counted else "favicon.svg"
    assert f'<link rel="icon" href="/static/scheduling/{icon}">' in page
    told = sum(int(each.split('"')[0]) for each in page.split('data-wrong="')[1:])
    assert told == counted
    assert page.count('class="wall-tile wall-bad"') == counted
    return counted


def test_when_all_is_well_the_title_says_so(as_ann: Client, well: dict[str, JobSchedule]) -> None:
    assert wrong(as_ann) == 0
    page = text(as_ann.get("/wall/"))
    assert page.count("wall-tile wall-good") == 5
    assert "<title>✓ Wall" in page


def test_no_worker_is_red(as_ann: Client, well: dict[str, JobSchedule]) -> None:
    SchedulerProcess.objects.all().delete()
    assert wrong(as_ann) == 1
    assert "python manage.py runscheduler" in text(as_ann.get("/wall/"))


@pytest.mark.parametrize("status", ["failed", "timed_out", "lost"])
def test_a_last_run_that_failed_is_red(
    as_ann: Client, well: dict[str, JobSchedule], status: str
) -> None:
    ran(at=NOW, status=status, error="<script>no</script>")
    assert wrong(as_ann) == 1
    assert "<script>" not in text(as_ann.get("/wall/"))


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("succeeded", 'wall-state"><span aria-hidden="true">✓</span> gelungen'),
        ("failed", 'wall-state wall-long"><span aria-hidden="true">✗</span> fehlgeschlagen'),
        ("timed_out", 'wall-longer"><span aria-hidden="true">✗</span> Zeitüberschreitung'),
    ],
)
def test_longer_words_are_written_smaller(
    as_ann: Client, well: dict[str, JobSchedule], status: str, shown: str
) -> None:
    ran(at=NOW, status=status)
    assert shown in text(as_ann.get("/wall/", headers={"accept-language": "de"}))


def test_it_stays_red_while_the_next_attempt_waits(
    as_ann: Client, well: dict[str, JobSchedule]
) -> None:
    ran(at=NOW, status="failed")
    ran(at=NOW, status="queued", attempt=2, started_at=None, finished_at=None, trigger="retry")
    assert wrong(as_ann) == 1


def test_a_problem_and_a_run_that_is_overdue_are_red(
    as_ann: Client, well: dict[str, JobSchedule]
) -> None:
    ScheduleState.objects.filter(schedule=well["tides"]).update(problem="The cron text is bad.")
    registered(well["stars"], datetime.now(UTC) - timedelta(minutes=2))
    assert wrong(as_ann) == 2
    assert "overdue" in text(as_ann.get("/wall/"))


def test_a_pause_is_amber_whatever_came_before(
    as_ann: Client, ann: User, well: dict[str, JobSchedule]
) -> None:
    ran(at=NOW, status="failed")
    actions.pause(well["tides"], ann, reason="<i>deploy</i>")
    assert wrong(as_ann) == 0
    page = as_ann.get("/live/wall/jobs/").content.decode()
    assert "wall-warn" in page
    assert "&lt;i&gt;deploy" in page


def test_a_run_that_goes_on_is_told_with_since_when(
    as_ann: Client, well: dict[str, JobSchedule]
) -> None:
    ran(at=NOW, status="running", finished_at=None)
    page = text(as_ann.get("/live/wall/jobs/"))
    assert "data-running" in page
    assert "began" in page
    assert page.count("last: ") == 1


def test_the_failures_of_a_day_are_counted(
    as_ann: Client, well: dict[str, JobSchedule], monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in (1, 2, 30):
        ran(at=NOW - timedelta(hours=hours), status="lost")
    assert "</span> 2</p>" in text(as_ann.get("/live/wall/worker/"))
    monkeypatch.setattr("scheduling.failures.COUNTED", 2)
    monkeypatch.setattr(wall, "COUNTED", 2)
    assert "at least 2" in text(as_ann.get("/live/wall/worker/"))


def test_the_wall_has_no_navigation(as_ann: Client, well: dict[str, JobSchedule]) -> None:
    page = text(as_ann.get("/wall/"))
    assert "<nav" not in page
    assert "<header" not in page
    assert '<a href="/">' in page


@pytest.mark.parametrize("url", PARTS)
def test_a_part_asks_at_most_four_queries_and_is_a_304_when_nothing_changed(
    as_ann: Client, well: dict[str, JobSchedule], url: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(17):
        name = f"job{number:02}"
        registered(JobSchedule.objects.create(name=name, interval_seconds=600), NOW)
        ran(name)
    with django_assert_max_num_queries(4):
        first = as_ann.get(url)
    again = as_ann.get(url, headers={"HX-PTag": first["HX-PTag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_asks_at_most_ten_queries(
    as_ann: Client, well: dict[str, JobSchedule], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10):
        as_ann.get("/wall/")


def test_more_jobs_than_fit_are_told(
    as_ann: Client, well: dict[str, JobSchedule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall, "MOST_JOBS", 2)
    page = text(as_ann.get("/wall/"))
    assert page.count('<section class="wall-tile') == 5  # worker, failures, two jobs, the note
    assert "are not shown" in page


def test_who_may_see_schedules_only_gets_the_wall_without_runs(
    people: dict[str, User], well: dict[str, JobSchedule]
) -> None:
    page = text(limited(people["staff"], "view_jobschedule").get("/wall/"))
    assert "tides" in page
    assert "Failures in 24 h" not in page
