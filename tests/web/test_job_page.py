"""All about one job on a page."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from scheduling import actions
from scheduling.models import JobRun, JobSchedule

from .conftest import NOON, SignIn, ran, registered

PAGE = "/jobs/tides/"
PARTS = ("/jobs/tides/head/", "/jobs/tides/times/", "/jobs/tides/history/")
EVIL = "<script>alert(1)</script>"


def said(response: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())))


def several(count: int, seconds: float = 2, **fields: Any) -> list[JobRun]:
    """The last of them at noon."""
    slots = [NOON - timedelta(hours=number) for number in reversed(range(count))]
    return [ran(at=at, **took(at, seconds), **fields) for at in slots]


def took(at: datetime, seconds: float, late: float = 1) -> dict[str, datetime]:
    began = at + timedelta(seconds=late)
    return {"started_at": began, "finished_at": began + timedelta(seconds=seconds)}


def test_it_says_what_the_job_does_and_when(as_ann: Client, tides: JobSchedule) -> None:
    registered(tides, datetime.now(UTC) + timedelta(hours=2, seconds=30))
    text = said(as_ann.get(PAGE))
    for words in (
        "tides",
        "Reads the tides.",
        "every 4 hours",
        "in 2 h",
        "applied",
        "lighthouse:7",
    ):
        assert words in text


@pytest.mark.parametrize("name", ["nothing", "<script>", "tides%20", "x" * 300, "TIDES"])
def test_a_job_that_there_is_not_is_a_404(as_ann: Client, tides: JobSchedule, name: str) -> None:
    for part in ("", "head/"):
        assert as_ann.get(f"/jobs/{name}/{part}").status_code == 404


def test_it_says_who_paused_it_until_when_and_why(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    actions.pause(tides, ann, until=datetime.now(UTC) + timedelta(hours=1), reason=EVIL)
    page = as_ann.get(PAGE)
    assert "by ann" in said(page)
    assert EVIL not in page.content.decode()
    assert f": {EVIL}" in html.unescape(page.content.decode())
    assert ">Resume</button>" in page.content.decode()


def test_it_tells_a_problem(as_ann: Client, tides: JobSchedule) -> None:
    registered(tides)
    tides.state.problem = EVIL
    tides.state.save()
    page = as_ann.get(PAGE).content.decode()
    assert EVIL not in page
    assert EVIL in html.unescape(page)


def test_what_runs_and_what_waits_is_told_and_keeps_the_page_fresh(
    as_ann: Client, tides: JobSchedule
) -> None:
    assert "data-running" not in as_ann.get(PARTS[0]).content.decode()
    running = ran(status="running", finished_at=None)
    waiting = ran(at=NOON + timedelta(hours=1), status="queued", started_at=None, finished_at=None)
    part = as_ann.get(PARTS[0]).content.decode()
    assert part.count("data-running") == 1
    for run in (running, waiting):
        assert f'href="/runs/{run.pk}/"' in part


def test_run_now_says_that_a_run_goes_on_or_waits_already(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    ran(status="running", finished_at=None)
    assert "Another one waits until it has ended." in said(as_ann.get(PAGE))
    actions.run_now(tides, ann)
    assert "A run waits for a worker already" in said(as_ann.get(PAGE))


def test_a_pause_that_can_not_be_is_told_on_this_page(as_ann: Client, tides: JobSchedule) -> None:
    typed = {"length": "at", "until": "soon", "reason": EVIL, "next": PAGE}
    answer = as_ann.post("/settings/tides/pause/", typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<h1>tides</h1>" in page
    assert "Write a date and time like" in page
    assert 'value="soon"' in page
    assert EVIL not in page


def test_each_run_is_a_bar_that_leads_to_it(as_ann: Client, tides: JobSchedule) -> None:
    runs = several(4)
    failed = ran(at=NOON + timedelta(hours=1), status="failed", error="no", **took(NOON, 9, 4_000))
    page = as_ann.get(PARTS[1]).content.decode()
    bars = re.findall(r'<a class="job-bar vs-is-(\w+)" id="bar-(\d+)" href="/runs/(\d+)/"', page)
    assert bars == [
        *(("succeeded", str(run.pk), str(run.pk)) for run in runs),
        ("failed", str(failed.pk), str(failed.pk)),
    ]
    assert "2026-05-04 12:00:00: succeeded, run time 2.0 s, lag 1.0 s" in page
    assert page.count("✗</text>") == 1


@pytest.mark.parametrize(
    ("count", "begin", "ends"),
    [
        (1, 100 - 100 / 30, ["", "2026-05-04 12:00:00"]),
        (4, 100 - 400 / 30, ["", "2026-05-04 09:00:00 – 2026-05-04 12:00:00"]),  # noqa: RUF001
        (40, 0, ["2026-05-02 21:00:00", "2026-05-04 12:00:00"]),
    ],
)
def test_few_bars_stand_at_the_right_end_with_their_times_below(
    as_ann: Client, tides: JobSchedule, count: int, begin: float, ends: list[str]
) -> None:
    several(count)
    page = as_ann.get(PARTS[1]).content.decode()
    bars = [float(x) for x in re.findall(r'class="job-place" x="([\d.]+)%"', page)]
    assert bars[0] == pytest.approx(begin, abs=0.01)
    assert bars[-1] + 100 / max(count, 30) == pytest.approx(100, abs=0.01)
    [line] = re.findall(r'<p class="job-ends">.*?</p>', page)
    first, _told, last = re.sub(r"<(?!/?span)[^>]*>", "", line).split("</span><span")
    assert [text.partition(">")[2].removesuffix("</span>") for text in (first, last)] == ends


def test_only_one_bar_is_in_the_way_of_the_tab_key(as_ann: Client, tides: JobSchedule) -> None:
    several(9)
    page = as_ann.get(PARTS[1]).content.decode()
    assert page.count('tabindex="0"') == 1
    assert page.count('tabindex="-1"') == 8


def test_median_and_p95_are_told_for_run_time_and_lag(as_ann: Client, tides: JobSchedule) -> None:
    for number in range(20):
        at = NOON + timedelta(hours=number)
        ran(at=at, **took(at, 60 * (number + 1), late=number))
    rows = re.findall(r"<tr>.*?</tr>", as_ann.get(PARTS[1]).content.decode(), re.DOTALL)
    figures = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]
    assert "Run time 1 min 0 s 10 min 30 s 19 min 0 s 20 min 0 s 20 min 0 s" in figures
    assert "Lag 0 ms 9.5 s 18.0 s 19.0 s 19.0 s" in figures


def test_bars_stay_inside_the_chart(as_ann: Client, tides: JobSchedule) -> None:
    several(30)
    ran(at=NOON + timedelta(hours=1), **took(NOON, 90_000))
    ran(at=NOON + timedelta(hours=2), **took(NOON + timedelta(hours=2), 0, late=-5))
    page = as_ann.get(PARTS[1]).content.decode()
    assert page.count("⌃") == 1
    for y, height in re.findall(r' y="([\d.-]+)" width="[\d.]+%" height="([\d.-]+)"', page):
        assert float(y) >= 0
        assert 1 <= float(height) <= 130
        assert float(y) + float(height) <= 216.01


def test_a_language_with_decimal_commas_does_not_break_the_drawing(
    as_ann: Client, tides: JobSchedule, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "de"
    several(7, 2.37)
    page = as_ann.get(PARTS[1]).content.decode()
    drawn = re.findall(r' (?:x|y|x1|x2|y1|y2|width|height)="([^"]*)"', page)
    assert len(drawn) > 50
    assert not [number for number in drawn if not re.fullmatch(r"-?\d+(\.\d+)?%?", number)]


def test_a_last_run_of_over_twice_its_usual_time_is_marked(
    as_ann: Client, tides: JobSchedule
) -> None:
    several(6, 10)
    assert "last run slow" not in said(as_ann.get(PAGE))
    at = NOON + timedelta(hours=1)
    ran(at=at, **took(at, 21))
    assert "last run slow: 21.0 s, usually 10.0 s" in said(as_ann.get(PAGE))


def test_how_the_runs_ended_is_counted(as_ann: Client, tides: JobSchedule) -> None:
    several(6)
    for number, status in enumerate(("failed", "lost", "cancelled", "missed"), 1):
        ran(at=NOON + timedelta(hours=number), status=status)
    text = said(as_ann.get(PARTS[1]))
    assert "66.7 % succeeded" in text
    assert "The last 10 runs:" in text
    assert "✗ failed 1" in text


def test_slots_that_never_started_have_no_bar(as_ann: Client, tides: JobSchedule) -> None:
    ran(status="missed", started_at=None, finished_at=None)
    page = said(as_ann.get(PAGE))
    assert "No run has ended yet." in page
    assert "○ missed 1" in page


def test_a_job_that_never_ran_has_a_page(as_ann: Client, tides: JobSchedule) -> None:
    page = said(as_ann.get(PAGE))
    assert "Nothing has run yet." in page
    assert "Nobody has changed this schedule yet." in page


def test_only_the_newest_twenty_runs_are_listed(as_ann: Client, tides: JobSchedule) -> None:
    runs = several(25)
    ran("stars")
    page = as_ann.get(PARTS[2]).content.decode()
    listed = re.findall(r'href="/runs/(\d+)/"', page)
    assert [int(pk) for pk in listed] == [run.pk for run in reversed(runs)][:20]
    assert 'href="/runs/?job=tides"' in page


def test_the_slot_of_a_listed_run_leads_to_it_since_the_job_is_known(
    as_ann: Client, tides: JobSchedule
) -> None:
    [run] = several(1)
    listed = as_ann.get(PARTS[2]).content.decode()
    assert f'<a href="/runs/{run.pk}/"><time' in listed
    assert ">tides</a>" not in listed
    # What is kept of a row here is not what the list of all runs shows.
    assert f'<a href="/runs/{run.pk}/">tides</a>' in as_ann.get("/runs/").content.decode()


def test_markup_in_an_error_stays_text(as_ann: Client, tides: JobSchedule) -> None:
    ran(status="failed", error=EVIL, worker=EVIL, log=[{"event": EVIL}])
    page = as_ann.get(PAGE).content.decode()
    assert EVIL not in page
    assert EVIL in html.unescape(page)


def test_the_other_policies_are_told(as_ann: Client, ann: User, tides: JobSchedule) -> None:
    actions.change(tides, ann, timeout_seconds=90, max_retries=3, coalesce=False)
    text = said(as_ann.get(PAGE))
    for words in (
        *("Given up when late by 1 minute", "Several missed slots run once no"),
        *("Runs at the same time 1", "Timed out after 1 minute 30 seconds", "Tried again 3 times"),
    ):
        assert words in text
    assert f"/admin/scheduling/jobschedule/{tides.pk}/change/" in as_ann.get(PAGE).content.decode()


def test_the_schedule_is_saved_from_here(as_ann: Client, tides: JobSchedule) -> None:
    sent = {"tides_refresh_interval": "600", "tides_refresh_interval_kind": "interval"}
    answer = as_ann.post(PAGE, sent, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "every 4 hours → every 10 minutes" in said(answer)
    tides.refresh_from_db()
    assert tides.interval_seconds == 600


def test_a_job_without_a_setting_is_saved_too(
    as_ann: Client, schedules: dict[str, JobSchedule]
) -> None:
    sent = {"plain_kind": "cron", "plain_cron": "15 5 * * *", "plain_timezone": "Europe/Berlin"}
    as_ann.post("/jobs/plain/", sent)
    plain = JobSchedule.objects.get(name="plain")
    assert (plain.cron, plain.timezone) == ("15 5 * * *", "Europe/Berlin")


def test_what_can_not_be_saved_stands_there_as_typed(as_ann: Client, tides: JobSchedule) -> None:
    for typed in ("5", EVIL, "9" * 5_000):
        answer = as_ann.post(PAGE, {"tides_refresh_interval": typed})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "The interval must be 0 (disabled) or a whole number" in page
        assert EVIL not in page
        assert f'value="{typed}"' in html.unescape(page)
    tides.refresh_from_db()
    assert tides.interval_seconds == 14_400


@pytest.mark.parametrize(
    "sent",
    [
        *({}, {"x": "y"}, {"tides_refresh_interval_timezone": "UTC"}),
        *({"tides_refresh_interval_kind": kind} for kind in ("interval", "cron", "off?", EVIL)),
        {"tides_refresh_interval_kind": "interval", "tides_refresh_interval_cron": "* * * * *"},
        {"tides_refresh_interval_unit": EVIL, "tides_refresh_interval": "7"},
    ],
)
def test_half_a_form_breaks_nothing(
    as_ann: Client, tides: JobSchedule, sent: dict[str, str]
) -> None:
    answer = as_ann.post(PAGE, sent, follow=True)
    assert answer.status_code == 200
    assert EVIL not in answer.content.decode()
    tides.refresh_from_db()
    assert (tides.interval_seconds, tides.cron) == (14_400, "")


def test_the_second_of_two_editors_is_told_what_the_first_changed(
    as_ann: Client, people: dict[str, User], tides: JobSchedule
) -> None:
    seen = tides.revision
    actions.change(tides, people["root"], interval_seconds=3_600)
    sent = {"tides_refresh_interval": "600", "tides_refresh_interval_revision": str(seen)}
    page = said(as_ann.post(PAGE, sent))
    assert "tides was changed meanwhile (root at" in page
    tides.refresh_from_db()
    assert tides.interval_seconds == 3_600


def test_who_may_only_look_is_offered_nothing_to_press(
    sign_in: SignIn, ann: User, tides: JobSchedule
) -> None:
    actions.change(tides, ann, interval_seconds=600)
    actions.change(tides, ann, interval_seconds=700)
    page = sign_in("monitor").get(PAGE).content.decode()
    content = page[page.index('id="content"') :]
    assert "<button" not in content
    assert "/admin/scheduling/jobschedule/" not in content
    assert "You may look at this schedule, but not change it." in content
    assert "every 11 minutes 40 seconds" in content


def test_who_may_not_view_runs_sees_none(sign_in: SignIn, tides: JobSchedule) -> None:
    person = User.objects.create_user("clerk", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename="view_jobschedule"))
    client = Client()
    client.force_login(person)
    run, active = ran(), ran(at=NOON + timedelta(hours=1), status="running", finished_at=None)
    page = client.get(PAGE).content.decode()
    for each in (run, active):
        assert f"/runs/{each.pk}/" not in page
    assert "job-bar" not in page
    assert [client.get(part).status_code for part in PARTS] == [200, 403, 403]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_has_not_changed_is_a_304(
    as_ann: Client, tides: JobSchedule, part: str
) -> None:
    several(3)
    first = as_ann.get(part)
    assert f'hx-ptag="{first["HX-PTag"]}"' in as_ann.get(PAGE).content.decode()
    again = as_ann.get(part, headers={"HX-PTag": first["HX-PTag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_costs_at_most_ten_queries(
    as_ann: Client, ann: User, tides: JobSchedule, django_assert_max_num_queries: Any
) -> None:
    for seconds in range(600, 640):
        actions.change(tides, ann, interval_seconds=seconds)
    actions.pause(tides, ann)
    actions.run_now(tides, ann)
    several(30)
    as_ann.get(PAGE)
    with django_assert_max_num_queries(10):
        as_ann.get(PAGE)


@pytest.mark.parametrize(("part", "queries"), [*zip(PARTS, (4, 3, 3), strict=True)])
def test_a_part_costs_at_most_two_queries_of_its_own(
    as_ann: Client,
    ann: User,
    tides: JobSchedule,
    django_assert_num_queries: Any,
    part: str,
    queries: int,
) -> None:
    actions.pause(tides, ann)
    several(30)
    as_ann.get(part)
    with django_assert_num_queries(queries):
        as_ann.get(part)
