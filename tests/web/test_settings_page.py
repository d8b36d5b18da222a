"""/settings/: the intervals, what became of the last edit, and the buttons."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions, registry
from scheduling.models import JobRun, JobSchedule, SchedulerProcess

from .conftest import SignIn, ran, registered


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def form(*schedules: JobSchedule, **typed: object) -> dict[str, object]:
    """What the page sends: the values that it showed, unless somebody typed others."""
    data: dict[str, object] = {}
    for schedule in schedules:
        name = f"{schedule.name}_refresh_interval"
        data[name] = typed.get(schedule.name, schedule.interval_seconds)
        data[f"{name}_seen"] = schedule.interval_seconds
        data[f"{name}_revision"] = schedule.revision
    return data


def test_each_job_is_shown_with_its_schedule_and_its_runs(
    as_ann: Client, schedules: dict[str, JobSchedule], leader: SchedulerProcess
) -> None:
    registered(schedules["tides"], datetime.now(UTC) + timedelta(minutes=5, seconds=30))
    run = ran(error="the sea was away", status="failed")
    page = text(as_ann.get("/settings/"))
    assert "Reads the tides." in page
    assert "every 4 hours" in page
    assert "at 04:30 every day (UTC)" in page
    assert "in 5 min" in page
    assert f'href="/runs/{run.pk}/"' in page
    assert "failed" in page
    assert "by lighthouse:7" in page
    assert "No worker is running" not in page
    assert 'name="plain_cron" id="id_plain_cron" value="30 4 * * *"' in page


def test_saving_says_what_changed(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.post("/settings/", {"tides_refresh_interval": "600"}, follow=True)
    assert page.redirect_chain == [("/settings/", 302)]
    assert "tides: every 4 hours → every 10 minutes" in text(page)
    assert "not applied yet" in text(page)
    tides.refresh_from_db()
    assert tides.interval_seconds == 600


def test_zero_disables(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.post("/settings/", {"tides_refresh_interval": "0"}, follow=True)
    assert "tides: every 4 hours → disabled" in text(page)


def test_saving_the_same_changes_nothing(as_ann: Client, schedules: dict[str, JobSchedule]) -> None:
    page = as_ann.post("/settings/", form(schedules["tides"], schedules["stars"]), follow=True)
    assert "Nothing was changed." in text(page)


def test_one_bad_value_saves_nothing_and_keeps_what_was_typed(
    as_ann: Client, schedules: dict[str, JobSchedule]
) -> None:
    tides, stars = schedules["tides"], schedules["stars"]
    page = text(as_ann.post("/settings/", form(tides, stars, tides=600, stars="often")))
    assert "Nothing was saved." in page
    assert 'value="600"' in page
    assert 'value="often"' in page
    assert f'name="tides_refresh_interval_revision" value="{tides.revision}"' in page
    tides.refresh_from_db()
    assert tides.interval_seconds == 14_400


def test_the_second_editor_is_told_and_loses_nothing(
    as_ann: Client, schedules: dict[str, JobSchedule], people: dict[str, User]
) -> None:
    tides, stars = schedules["tides"], schedules["stars"]
    sent = form(tides, stars, tides=60, stars=3600)
    actions.change(tides, people["root"], interval_seconds=600)
    page = text(as_ann.post("/settings/", sent))
    assert "tides was changed meanwhile (root at" in page
    assert "every 4 hours → every 10 minutes" in page
    assert 'name="tides_refresh_interval" id="id_tides_refresh_interval"' in page
    assert 'value="60"' in page
    assert 'value="3600"' in page
    stars.refresh_from_db()
    assert stars.interval_seconds == 86_400
    # Saving again is meant.
    again = form(tides, stars, tides=60, stars=3600)
    assert f'value="{tides.revision}"' in page
    assert as_ann.post("/settings/", again).status_code == 302
    tides.refresh_from_db()
    assert tides.interval_seconds == 60


def test_what_an_editor_left_alone_does_not_undo_what_another_set(
    as_ann: Client, schedules: dict[str, JobSchedule], people: dict[str, User]
) -> None:
    tides, stars = schedules["tides"], schedules["stars"]
    sent = form(tides, stars, stars=3600)
    actions.change(tides, people["root"], interval_seconds=600)
    assert as_ann.post("/settings/", sent).status_code == 302
    tides.refresh_from_db()
    stars.refresh_from_db()
    assert (tides.interval_seconds, stars.interval_seconds) == (600, 3600)


def test_a_cron_text_stands_in_its_field_with_its_zone(
    as_ann: Client, tides: JobSchedule, ann: User
) -> None:
    actions.change(tides, ann, cron="0 6 * * *", timezone="Europe/Berlin")
    page = text(as_ann.get("/settings/"))
    assert (
        'name="tides_refresh_interval_cron" id="id_tides_refresh_interval_cron" value="0 6' in page
    )
    assert 'value="Europe/Berlin"' in page
    assert 'value="cron" id="id_tides_refresh_interval_kind_cron" checked' in page


def test_who_may_only_look_gets_no_buttons(sign_in: SignIn, tides: JobSchedule) -> None:
    page = text(sign_in("monitor").get("/settings/"))
    assert "every 4 hours" in page
    assert "disabled" in page
    assert "Run now" not in page
    assert ">Save<" not in page


def test_each_field_has_its_save_beside_it_and_no_button_stands_between(
    as_ann: Client, tides: JobSchedule
) -> None:
    page = text(as_ann.get("/settings/"))
    cards = page.split("<section")[1:]
    assert len(cards) == 3
    for card in cards:
        assert card.count(">Save<") == card.count('type="number"')
        if ">Save<" in card:
            assert card.index('type="number"') < card.index(">Save<") < card.index("Run now<")


def test_the_next_run_stands_in_what_is_fetched_anew(as_ann: Client, tides: JobSchedule) -> None:
    registered(tides, datetime.now(UTC) + timedelta(minutes=5, seconds=30))
    fragment = text(as_ann.get("/settings/tides/applied/"))
    assert "<dt>Next run</dt> <dd> <time" in fragment
    assert "in 5 min" in fragment
    card = text(as_ann.get("/settings/")).split('id="job-tides"')[1].split("</section>")[0]
    assert card.count("Next run</dt>") == 1
    assert "> <span>next run <time" in card
    assert card.index("data-live ") < card.index("Next run")
    as_ann.post("/settings/", {"tides_refresh_interval": "600"})
    stale = text(as_ann.get("/settings/tides/applied/"))
    assert "<dd> not known yet </dd>" in stale
    assert "in 5 min" not in stale


def test_the_problem_of_a_schedule_stands_with_it(as_ann: Client, tides: JobSchedule) -> None:
    registered(tides)
    tides.state.problem = "There is no time zone called 'Mars'."
    tides.state.save()
    assert "There is no time zone called 'Mars'." in text(as_ann.get("/settings/"))


def test_a_job_that_left_the_code_is_marked(as_ann: Client, tides: JobSchedule) -> None:
    registry.unregister("tides")
    page = text(as_ann.get("/settings/"))
    assert "The code has no job of this name any more" in page
    assert 'form="run-tides"' not in page


def test_pause_resume_and_run_now(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.post("/settings/tides/pause/", follow=True)
    assert "Paused tides." in text(page)
    assert "Resume" in text(page)
    page = as_ann.post("/settings/tides/resume/", follow=True)
    assert "Resumed tides." in text(page)
    page = as_ann.post("/settings/tides/run/")
    run = JobRun.objects.get()
    assert page["Location"] == f"/runs/{run.pk}/"
    page = as_ann.post("/settings/tides/run/", follow=True)
    assert "already waits for a worker" in text(page)
    assert JobRun.objects.count() == 1


def test_the_applied_line_can_be_asked_for_alone(as_ann: Client, tides: JobSchedule) -> None:
    before = text(as_ann.get("/settings/tides/applied/"))
    assert "data-pending" in before
    registered(tides, datetime.now(UTC))
    after = text(as_ann.get("/settings/tides/applied/"))
    assert "data-pending" not in after
    assert "by lighthouse:7" in after
    assert "<html" not in after


@pytest.mark.parametrize("url", ["/settings/", "/runs/", "/admin/"])
def test_every_page_says_in_red_that_no_worker_runs(
    as_ann: Client, tides: JobSchedule, leader: SchedulerProcess, url: str
) -> None:
    assert "No worker is running" not in text(as_ann.get(url))
    SchedulerProcess.objects.update(heartbeat_at=datetime.now(UTC) - timedelta(minutes=5))
    page = text(as_ann.get(url))
    assert "No worker is running" in page
    assert "5 min ago" in page
    assert "python manage.py runscheduler" in page


def test_any_number_of_jobs_costs_the_same_queries(
    as_ann: Client, tides: JobSchedule, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        JobSchedule.objects.create(name=f"job{number}", interval_seconds=60)
        ran(f"job{number}")
    with django_assert_max_num_queries(9):
        as_ann.get("/settings/")
