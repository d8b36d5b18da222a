"""/runs/ and /runs/<id>/: filters, pages by key, and each run in full."""

import base64
import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from scheduling import paging
from scheduling.models import JobRun, JobSchedule

from .conftest import NOON, SignIn, ran

MARKUP = '<script>alert(1)</script><b onmouseover="x">\'&'


def raw(response: Any) -> str:
    return str(response.content.decode())


def listed(response: Any) -> list[int]:
    return [run.pk for run in response.context["runs"]]


def test_a_row_tells_what_became_of_a_slot(as_ann: Client) -> None:
    ran(result={"received": 4852, "stable": {"latest": "1.22.7"}})
    page = raw(as_ann.get("/runs/"))
    assert "1.0 s" in page
    assert "2.0 s" in page
    assert "lighthouse:7" in page
    assert "received 4,852" in page
    assert "stable.latest 1.22.7" in page
    assert re.search(r'vs-succeeded"><span aria-hidden="true">.</span> succeeded', page)


def test_a_summary_leaves_out_what_is_zero_and_shows_each_part(as_ann: Client) -> None:
    part = {"received": 88, "created": 0, "withdrawn": 0, "latest": "1.22.0-rc.10"}
    ran(result={"stable": {**part, "latest": "1.22.7", "rejected": 2}, "unstable": part})
    page = raw(as_ann.get("/runs/"))
    # PostgreSQL orders the keys of an object in its own way.
    (summary,) = re.findall(r'class="vs-summary">([^<]*)<', page)
    stable, unstable = (set(re.split(": |, ", part)) for part in summary.split("; "))
    assert stable == {"stable", "received 88", "latest 1.22.7", "rejected 2"}
    assert unstable == {"unstable", "received 88", "latest 1.22.0-rc.10"}


def test_a_result_too_long_to_be_read_whole_shows_how_it_begins(as_ann: Client) -> None:
    ran(result={"tide": "high " * 200})
    (summary,) = re.findall(r'class="vs-summary">([^<]*)<', raw(as_ann.get("/runs/")))
    assert summary.startswith("{&quot;tide&quot;: &quot;high high")


def test_filters_narrow_the_list_and_stay_in_its_links(as_ann: Client) -> None:
    wanted = [ran(at=NOON + timedelta(minutes=n), status="failed") for n in range(60)]
    ran(at=NOON - timedelta(days=2), status="failed")
    ran(at=NOON, status="failed", job="stars")
    ran(at=NOON - timedelta(seconds=1))
    query = "?job=tides&status=failed&trigger=schedule&since=2026-05-04T12:00&until=2026-05-05"
    page = as_ann.get(f"/runs/{query}")
    assert listed(page) == [run.pk for run in reversed(wanted)][:50]
    older = as_ann.get(f"/runs/{page.context['older']}")
    assert listed(older) == [run.pk for run in reversed(wanted)][50:]
    assert "status=failed" in older.context["newest"]


def test_pages_hold_every_run_once_even_when_slots_are_equal(as_ann: Client) -> None:
    for number in range(30):
        for job in ("tides", "stars", "moon", "sun"):
            ran(job, at=NOON + timedelta(seconds=number // 10))
    seen: list[int] = []
    url = "?"
    while url:
        page = as_ann.get(f"/runs/{url}") if len(seen) < 500 else None
        assert page is not None
        seen += listed(page)
        url = page.context["older"]
    expected = JobRun.objects.order_by("-scheduled_for", "-id").values_list("pk", flat=True)
    assert seen == list(expected)


@pytest.fixture(autouse=True)
def _several_runs_in_one_slot(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """Attempts tell runs of one job and slot apart."""
    counted = iter(range(1, 10_000))
    save = JobRun.save

    def numbered(self: JobRun, *args: Any, **kwargs: Any) -> None:
        if self.pk is None:
            self.attempt = next(counted)
        save(self, *args, **kwargs)

    monkeypatch.setattr(JobRun, "save", numbered)


def test_the_list_neither_counts_nor_skips_rows(
    as_ann: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        ran(at=NOON + timedelta(seconds=number), result={"n": number}, error="e" * 5_000)
    with django_assert_max_num_queries(8) as queries:
        as_ann.get("/runs/")
    statements = " ".join(query["sql"] for query in queries.captured_queries)
    assert "COUNT(" not in statements
    assert "OFFSET" not in statements
    assert '"scheduling_jobrun"."traceback"' not in statements
    assert '"scheduling_jobrun"."log"' not in statements


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("status=failed", "run_by_status (status=?)"),
        ("trigger=startup", "run_by_trigger (trigger=?)"),
        ("status=lost&trigger=retry", "run_by_trigger_and_status (trigger=? AND status=?)"),
        ("job=tides&status=failed", "run_by_job_status (job_name=? AND status=?)"),
        ("job=tides&trigger=startup", "run_by_job_and_trigger (job_name=? AND trigger=?)"),
        (
            "job=tides&status=failed&trigger=manual",
            "run_by_job_trigger_status (job_name=? AND trigger=? AND status=?)",
        ),
    ],
)
def test_a_filter_is_read_from_the_index_that_knows_all_of_it(
    as_ann: Client, django_assert_max_num_queries: Any, query: str, index: str
) -> None:
    with django_assert_max_num_queries(8) as queries:
        as_ann.get(f"/runs/?{query}")
    (sql,) = (each["sql"] for each in queries if "error_begin" in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = cursor.fetchall()[0][-1]
    assert f"USING INDEX {index}" in plan


@pytest.mark.parametrize(
    "query",
    [
        "status=weird",
        "trigger=(a%2B)%2B%24",
        "since=yesterday",
        "until=1000000000000000000000000000000",
        "since=0001-01-01T00:00",
        "until=9999-12-31T23:59",
        "since=2026-02-30",
        "before=nonsense",
        "before=" + "A" * 5_000,
        "before=%F0%9F%98%80",
        "before=MjAyNi0wNS0wNFQxMjowMDowMCA5OTk5OTk5OTk5OTk5OTk5OTk5OTk",
        "before=MDAwMS0wMS0wMVQwMDowMDowMCAx",
        "job=" + "x" * 20_000,
        "job=%27%22%3E%3Cscript%3E&status=%3Cscript%3E",
        "job__regex=(a%2B)%2B%24",
        "page=-1&sort=password",
    ],
)
def test_nonsense_gives_the_page(as_ann: Client, query: str) -> None:
    ran()
    response = as_ann.get(f"/runs/?{query}")
    assert response.status_code == 200
    assert "<script>" not in raw(response)


def test_nonsense_is_told(as_ann: Client) -> None:
    assert "Write a date and time" in raw(as_ann.get("/runs/?since=soon"))
    assert "Select a valid choice" in raw(as_ann.get("/runs/?status=odd"))
    assert "is not known" in raw(as_ann.get("/runs/?before=odd"))


def test_a_null_character_is_turned_away(as_ann: Client) -> None:
    assert as_ann.get("/runs/?job=%00").status_code == 400
    assert as_ann.get("/settings/a%00b/applied/").status_code == 400
    assert as_ann.get("/admin/scheduling/jobrun/?status=%00").status_code == 400


@pytest.mark.parametrize(("charset", "status"), [("utf-16", 400), ("latin-1", 400), ("UTF-8", 403)])
def test_a_form_in_another_charset_is_turned_away(charset: str, status: int) -> None:
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "x" * 32
    assert client.post("/runs/", b"odd=1", content_type=kind).status_code == status


def test_a_run_in_full(as_ann: Client, tides: JobSchedule) -> None:
    run = ran(
        status="failed",
        trigger="manual",
        requested_by="ann",
        error="the sea was away",
        traceback="Traceback: deep down",
        result={"stable": {"received": 3, "latest": None}, "rows": [{"id": 1}], "tags": []},
        log=[
            {"at": "2026-05-04T12:00:01Z", "level": "warning", "event": "wet", "depth": 3},
            {"event": "no_time"},
            "not even an object",
        ],
    )
    page = html.unescape(raw(as_ann.get(f"/runs/{run.pk}/")))
    for words in (
        "the sea was away",
        "Traceback: deep down",
        "stable.received",
        "rows.1.id",
        "wet",
        "depth",
        "no_time",
        "not even an object",
        "ann",
        "1.0 s",
        "2.0 s",
        "Run again",
    ):
        assert words in page
    assert page.index("the sea was away") < page.index("Traceback: deep down")
    assert "Cancel this run" not in page


def test_markup_from_outside_stays_text(as_ann: Client, tides: JobSchedule) -> None:
    run = ran(
        status="failed",
        error=MARKUP,
        traceback=MARKUP,
        worker=MARKUP,
        requested_by=MARKUP,
        result={MARKUP: MARKUP},
        log=[{"at": MARKUP, "level": MARKUP, "event": MARKUP, MARKUP: [MARKUP]}],
    )
    for url in ("/runs/", f"/runs/{run.pk}/", f"/admin/scheduling/jobrun/{run.pk}/change/"):
        page = raw(as_ann.get(url))
        assert "<script>alert" not in page
        assert "<b onmouseover" not in page
        assert "&lt;script&gt;alert" in page


def test_a_queued_run_can_be_cancelled_from_its_page(as_ann: Client, tides: JobSchedule) -> None:
    run = ran(status="queued", started_at=None, finished_at=None)
    assert "Cancel this run" in raw(as_ann.get(f"/runs/{run.pk}/"))
    page = as_ann.post(f"/runs/{run.pk}/cancel/", follow=True)
    assert "Cancelled by ann before it started." in raw(page)
    page = as_ann.post(f"/runs/{run.pk}/cancel/", follow=True)
    assert "has already ended" in raw(page)


def test_a_running_run_is_asked_to_stop(as_ann: Client, ann: User) -> None:
    run = ran(status="running", finished_at=None)
    page = raw(as_ann.post(f"/runs/{run.pk}/cancel/", follow=True))
    assert "Asked the job to stop." in page
    assert "Cancel this run" not in page


def test_who_may_only_look_sees_no_buttons(sign_in: SignIn, tides: JobSchedule) -> None:
    run = ran(status="queued", started_at=None, finished_at=None)
    page = raw(sign_in("monitor").get(f"/runs/{run.pk}/"))
    assert "Cancel this run" not in page
    assert "Run again" not in page


def test_runs_that_do_not_exist_are_not_found(as_ann: Client) -> None:
    for run_id in ("0", "99", "1" * 30, "1" * 5_000):
        assert as_ann.get(f"/runs/{run_id}/").status_code == 404


def test_a_run_of_a_job_that_is_gone_is_still_shown(as_ann: Client) -> None:
    run = ran("forgotten")
    assert as_ann.get(f"/runs/{run.pk}/").status_code == 200
    assert listed(as_ann.get("/runs/?job=forgotten")) == [run.pk]


def test_a_cursor_is_opaque_and_ends(db: None) -> None:
    for number in range(4):
        ran(at=NOON + timedelta(seconds=number))
    first = paging.page(JobRun.objects.all(), size=2)
    second = paging.page(JobRun.objects.all(), first.next, size=2)
    assert len(first.runs) == len(second.runs) == 2
    assert second.next == ""


@pytest.mark.parametrize(
    ("number", "is_one"), [(-5, False), (0, False), (1, True), (2**63 - 1, True), (2**63, False)]
)
def test_a_cursor_holds_any_number_that_a_run_can_have(db: None, number: int, is_one: bool) -> None:
    older = ran(at=NOON - timedelta(seconds=1))
    cursor = base64.urlsafe_b64encode(f"{NOON.isoformat()} {number}".encode()).decode().rstrip("=")
    if is_one:
        assert paging.page(JobRun.objects.all(), cursor).runs == [older]
    else:
        with pytest.raises(paging.BadCursor):
            paging.page(JobRun.objects.all(), cursor)


def test_runs_are_found_by_the_text_of_their_error_from_a_slot_on(as_ann: Client) -> None:
    ran(status="failed", error="ValueError: the Well is dry_1")
    ran(at=NOON + timedelta(hours=1), status="failed", error="ValueError: the sea is away")
    found = as_ann.get("/runs/?error=well+is&since=2026-05-04T00:00").content.decode()
    assert ("Well is dry" in found, "sea is away" in found) == (True, False)
    literal = as_ann.get("/runs/?error=y%251&since=2026-05-04T00:00").content.decode()
    assert "Well is dry" not in literal
    told = as_ann.get("/runs/?error=well").content.decode()
    assert "Say from which slot on to look for it." in told
    assert "sea is away" in told
