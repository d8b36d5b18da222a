"""The admin: schedules in the worker's words, runs to look at only, lists that stay cheap."""

import html
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from scheduling import actions, tokens
from scheduling.admin_lists import BoundedPaginator
from scheduling.models import JobRun, JobSchedule

from .conftest import NOON, SignIn, ran, registered

LIST = "/admin/scheduling/jobschedule/"


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def typed(schedule: JobSchedule, **others: object) -> dict[str, object]:
    return {
        "interval_seconds": schedule.interval_seconds,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "misfire_grace_seconds": 60,
        "coalesce": "on",
        "max_instances": 1,
        "seen_revision": schedule.revision,
        **others,
    }


def test_a_change_is_saved_and_logged_once_with_before_and_after(
    as_ann: Client, tides: JobSchedule
) -> None:
    url = f"{LIST}{tides.pk}/change/"
    page = as_ann.post(url, typed(tides, interval_seconds=600), follow=True)
    assert "Saved. tides: every 4 hours → every 10 minutes" in text(page)
    assert len(page.context["messages"]) == 1
    assert (
        LogEntry.objects.get().get_change_message() == "Changed every 4 hours → every 10 minutes."
    )
    assert "every 4 hours → every 10 minutes" in text(as_ann.get(f"{LIST}{tides.pk}/history/"))


def test_saving_the_same_is_no_new_revision(as_ann: Client, tides: JobSchedule) -> None:
    revision = tides.revision
    answer = as_ann.post(f"{LIST}{tides.pk}/change/", typed(tides), follow=True)
    assert [str(each) for each in answer.context["messages"]] == ["Nothing was changed."]
    tides.refresh_from_db()
    assert tides.revision == revision
    assert not LogEntry.objects.exists()


def test_the_second_editor_is_told_and_may_save_again(
    as_ann: Client, tides: JobSchedule, people: dict[str, User]
) -> None:
    url, sent = f"{LIST}{tides.pk}/change/", typed(tides, interval_seconds=60)
    actions.change(tides, people["root"], interval_seconds=600)
    page = text(as_ann.post(url, sent))
    assert "was changed meanwhile (root at" in page
    assert 'value="60"' in page
    assert f'name="seen_revision" value="{tides.revision}"' in page
    tides.refresh_from_db()
    assert tides.interval_seconds == 600
    again = as_ann.post(url, {**sent, "seen_revision": tides.revision})
    assert again.status_code == 302
    tides.refresh_from_db()
    assert tides.interval_seconds == 60


def test_a_refused_form_tells_of_what_is_stored_beside_what_was_typed(
    as_ann: Client, tides: JobSchedule
) -> None:
    registered(tides)
    sent = typed(tides, interval_seconds=600, cron="5 5 * * *", misfire_grace_seconds=0)
    page = text(as_ann.post(f"{LIST}{tides.pk}/change/", sent))
    assert "errorlist" in page
    assert 'value="5 5 * * *"' in page
    assert '<div class="readonly">every 4 hours</div>' in page
    assert '<div class="readonly">at 05:05' not in page


def test_the_live_line_alone_tells_what_the_worker_made_of_a_schedule(
    as_ann: Client, tides: JobSchedule, ann: User
) -> None:
    """What stands below it would stay as it was when the page was made."""
    registered(tides, NOON)
    actions.pause(tides, ann)
    page = text(as_ann.get(f"{LIST}{tides.pk}/change/"))
    line, below = page.split('class="vs-applied"', 1)[1].split("</p>", 1)
    assert "not applied yet" in line
    for words in ("field-applied", "field-next_run", "field-next_times", "not yet"):
        assert words not in below


def test_the_list_tells_the_outlook_of_each_schedule(
    as_ann: Client, schedules: dict[str, JobSchedule], ann: User
) -> None:
    actions.pause(schedules["stars"], ann)
    registered(schedules["tides"], NOON)
    run = ran(status="failed")
    page = text(as_ann.get(LIST))
    for words in ("every 4 hours", "at 04:30 every day (UTC)", "paused", "by lighthouse:7"):
        assert words in page
    assert f'href="/runs/{run.pk}/"' in page


def test_timeout_and_retries_are_set_with_their_help(as_ann: Client, tides: JobSchedule) -> None:
    url = f"{LIST}{tides.pk}/change/"
    page = text(as_ann.get(url))
    for words in ("When a run fails or hangs", "is closed as timed out", "is tried again"):
        assert words in page
    sent = typed(tides, timeout_seconds="600", max_retries="3")
    assert "timeout seconds: none → 600" in text(as_ann.post(url, sent, follow=True))
    tides.refresh_from_db()
    assert (tides.timeout_seconds, tides.max_retries) == (600, 3)
    as_ann.post(url, typed(tides, timeout_seconds="", max_retries=""))
    tides.refresh_from_db()
    assert (tides.timeout_seconds, tides.max_retries) == (None, 0)


def test_actions_act_on_each_and_are_logged(
    as_ann: Client, schedules: dict[str, JobSchedule]
) -> None:
    chosen = [schedules["tides"].pk, schedules["stars"].pk]

    def act(name: str) -> str:
        sent = {"action": name, "_selected_action": chosen}
        return text(as_ann.post(LIST, sent, follow=True))

    assert "Paused tides." in act("pause")
    assert JobSchedule.objects.filter(paused=True).count() == 2
    assert "Resumed stars." in act("resume")
    assert "Queued a run of tides." in act("run_now")
    assert "A run of tides already waits" in act("run_now")
    assert JobRun.objects.filter(status="queued", trigger="manual").count() == 2
    assert LogEntry.objects.count() == 6


def test_a_problem_has_a_row_only_when_there_is_one(as_ann: Client, tides: JobSchedule) -> None:
    registered(tides)
    url = f"{LIST}{tides.pk}/change/"
    assert "field-problem" not in text(as_ann.get(url))
    tides.state.problem = "There is no time zone called 'Mars'."
    tides.state.save()
    assert "field-problem" in text(as_ann.get(url))
    assert "API tokens" in text(as_ann.get("/admin/"))


def test_the_jobs_of_apscheduler_can_not_be_edited() -> None:
    assert not admin.site.is_registered(DjangoJob)
    assert not admin.site.is_registered(DjangoJobExecution)


@pytest.mark.parametrize(("url", "limit"), [(LIST, 10), ("/admin/scheduling/jobrun/", 10)])
def test_lists_cost_the_same_queries_for_any_number_of_rows(
    as_ann: Client, tides: JobSchedule, url: str, limit: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        JobSchedule.objects.create(name=f"job{number}", interval_seconds=60)
        ran(f"job{number}", log=[{"event": "x"}])
    with django_assert_max_num_queries(limit):
        assert as_ann.get(url).status_code == 200


def test_runs_are_counted_so_far_and_no_further(
    db: None, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr("scheduling.admin_lists.MAX_COUNTED", 3)
    for job in "abcde":
        ran(job)
    with django_assert_num_queries(1) as queries:
        assert BoundedPaginator(JobRun.objects.all(), 2).count == 3
    assert "LIMIT 3" in queries.captured_queries[0]["sql"]


def test_runs_are_filtered_by_job_status_and_trigger(as_ann: Client, tides: JobSchedule) -> None:
    ran("tides", status="failed")
    ran("stars")
    page = as_ann.get("/admin/scheduling/jobrun/?job=tides&status__exact=failed")
    assert [run.job_name for run in page.context["cl"].result_list] == ["tides"]


@pytest.mark.parametrize(
    "query",
    [
        "id__regex=(a%2B)%2B%24",
        "job_name__iregex=x",
        "status__exact=%00",
        "_to_field=password",
        "nothing=1",
        "process__runs__log__regex=a",
    ],
)
def test_costly_and_broken_filters_are_turned_away(as_ann: Client, query: str) -> None:
    assert as_ann.get(f"/admin/scheduling/jobrun/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["p=-1", "p=" + "9" * 30, "o=password"])
def test_odd_queries_never_fail(as_ann: Client, query: str) -> None:
    answer = as_ann.get(f"/admin/scheduling/jobrun/?{query}")
    assert answer.status_code in (200, 302)


def test_tokens_are_listed_without_their_digest_and_can_be_revoked(
    as_ann: Client, ann: User
) -> None:
    tokens.issue(ann)
    token = ann.api_tokens.get()
    for url in ("", f"{token.pk}/change/"):
        assert token.digest not in text(as_ann.get(f"/admin/scheduling/apitoken/{url}"))
    as_ann.post(f"/admin/scheduling/apitoken/{token.pk}/delete/", {"post": "yes"})
    assert not ann.api_tokens.exists()


@pytest.mark.parametrize(("person", "status"), [("ann", "cancelled"), ("monitor", "queued")])
def test_runs_are_cancelled_by_those_who_may(
    sign_in: SignIn,
    schedules: dict[str, JobSchedule],
    people: dict[str, User],
    person: str,
    status: str,
) -> None:
    run = actions.run_now(schedules["tides"], people["root"])
    LogEntry.objects.all().delete()
    order = {"action": "cancel", "_selected_action": [run.pk]}
    page = sign_in(person).post("/admin/scheduling/jobrun/", order, follow=True)
    run.refresh_from_db()
    assert run.status == status
    assert LogEntry.objects.exists() == (person == "ann")
    told = f"tides, run {run.pk}: cancelled." in map(str, page.context["messages"])
    assert told == (person == "ann")


def test_cancelling_what_has_ended_says_so(
    as_ann: Client, schedules: dict[str, JobSchedule]
) -> None:
    run = ran("tides")
    order = {"action": "cancel", "_selected_action": [run.pk]}
    page = as_ann.post("/admin/scheduling/jobrun/", order, follow=True)
    assert f"Run {run.pk} has already ended." in text(page)
