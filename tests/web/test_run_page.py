"""/runs/<id>/ while a run waits, goes on and ends: its path, progress, traceback and buttons;
and the live top of the list."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions, summary
from scheduling.models import JobRun, JobSchedule, SchedulerProcess

from .conftest import NOON, SignIn, ran

MARKUP = "<script>alert(1)</script>"
WAITS = {"started_at": None, "finished_at": None, "worker": ""}


def raw(response: Any) -> str:
    return str(response.content.decode())


def text(response: Any) -> str:
    """Without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", raw(response))).split())


def part_of(client: Client, run: JobRun, **headers: str) -> Any:
    return client.get(f"/runs/{run.pk}/live/", headers=headers)


def steps(client: Client, run: JobRun) -> list[tuple[str, str]]:
    """What each box says, by how far it is: done, now, end, ahead, never."""
    found = re.findall(
        r'vs-step-(\w+)"[^>]*>(.*?)</li>', raw(part_of(client, run)), flags=re.DOTALL
    )
    plain = [(kind, re.sub(r"<[^>]+>", " ", box)) for kind, box in found]
    return [(kind, " ".join(box.split())) for kind, box in plain]


def running(job: str = "tides", **fields: Any) -> JobRun:
    return ran(job, **{"status": "running", "finished_at": None, **fields})


# The path


def test_a_run_that_ended_shows_each_step_with_its_time_and_the_span_between(
    as_ann: Client,
) -> None:
    run = ran(claimed_at=NOON + timedelta(milliseconds=400))
    assert steps(as_ann, run) == [
        ("done", "✓ Due 2026-05-04 12:00:00"),
        ("done", "waited 400 ms ✓ Claimed 2026-05-04 12:00:00"),
        ("done", "set off in 600 ms ✓ Started 2026-05-04 12:00:01"),
        ("end", "ran 2.0 s Finished ✓ succeeded 2026-05-04 12:00:03"),
    ]


def test_a_row_that_kept_no_time_of_its_claim_shows_the_lag(as_ann: Client) -> None:
    boxes = steps(as_ann, ran())
    assert boxes[1] == ("done", "✓ Claimed time not kept")
    assert boxes[2] == ("done", "lag 1.0 s ✓ Started 2026-05-04 12:00:01")


@pytest.mark.parametrize(
    ("status", "word"),
    [("missed", "○ missed"), ("skipped", "↷ skipped"), ("cancelled", "⊘ cancelled")],
)
def test_a_path_ends_where_the_run_ended(as_ann: Client, status: str, word: str) -> None:
    run = ran(status=status, started_at=None, worker="")
    assert steps(as_ann, run) == [
        ("done", "✓ Due 2026-05-04 12:00:00"),
        ("end", f"after 3.0 s Ended {word} 2026-05-04 12:00:03"),
        ("never", "· Started not reached"),
        ("never", "· Finished not reached"),
    ]


@pytest.mark.parametrize(
    ("status", "word"), [("lost", "? lost"), ("timed_out", "! timed out"), ("failed", "✗ failed")]
)
def test_a_run_that_began_and_went_wrong_shows_so_at_its_end(
    as_ann: Client, status: str, word: str
) -> None:
    kind, box = steps(as_ann, ran(status=status))[-1]
    assert kind == "end"
    assert word in box
    assert "ran 2.0 s" in box


def test_a_running_run_shows_where_it_is(as_ann: Client) -> None:
    boxes = steps(as_ann, running())
    assert [kind for kind, _box in boxes] == ["done", "done", "done", "now"]
    assert re.fullmatch(r"running for .+ Now ▶ running", boxes[-1][1])
    assert 'aria-current="step"' in raw(part_of(as_ann, running("stars")))


def test_a_queued_run_has_its_steps_ahead(as_ann: Client) -> None:
    assert steps(as_ann, ran(status="queued", **WAITS)) == [
        ("done", "✓ Due 2026-05-04 12:00:00"),
        ("now", "Now … queued"),
        ("ahead", "◌ Started to come"),
        ("ahead", "◌ Finished to come"),
    ]


def test_a_retry_that_waits_for_its_time_is_not_due_yet(as_ann: Client) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    boxes = steps(as_ann, ran(status="queued", attempt=2, not_before=later, **WAITS))
    assert [kind for kind, _box in boxes] == ["now", "ahead", "ahead", "ahead"]
    assert boxes[0][1].startswith("Due … queued")


# Progress


@pytest.mark.parametrize(
    ("reported", "words", "bar"),
    [
        ({"done": 30, "total": 120, "text": "mods"}, "30 of 120 (25 %)", 'value="25"'),
        ({"done": 1200, "total": None, "text": ""}, "1,200 done", "<progress"),
        ({"done": 130, "total": 120, "text": None}, "130 of 120 (100 %)", 'value="100"'),
        ({"done": 0, "total": 0}, "0 done", "<progress"),
        ({"done": 1.5, "total": 3}, "1.5 of 3 (50 %)", 'value="50"'),
        ({"done": 1, "total": 2, "text": MARKUP}, MARKUP, 'value="50"'),
    ],
)
def test_progress_is_a_bar_with_words(as_ann: Client, reported: Any, words: str, bar: str) -> None:
    page = part_of(as_ann, running(progress=reported))
    assert html.escape(words) in raw(page)
    assert bar in raw(page)
    assert MARKUP not in raw(page)


@pytest.mark.parametrize(
    ("reported", "words"),
    [({"done": 1200, "total": None}, "1,200 done"), ({"done": 30, "total": 120}, "25 %")],
)
def test_a_row_of_the_list_says_how_far_its_run_is(
    as_ann: Client, reported: Any, words: str
) -> None:
    running(progress=reported)
    assert words in text(as_ann.get("/runs/"))


@pytest.mark.parametrize(
    "nonsense", [7, "half", [], {}, {"done": "x"}, {"done": True}, {"done": -1}, {"done": 1e300}]
)
def test_progress_that_is_none_is_not_shown(as_ann: Client, nonsense: Any) -> None:
    assert "<progress" not in raw(part_of(as_ann, running(progress=nonsense)))
    assert as_ann.get("/runs/").status_code == 200


def test_a_run_that_failed_says_how_far_it_came(as_ann: Client) -> None:
    reported = {"done": 30, "total": 120, "text": ""}
    page = part_of(as_ann, ran(status="failed", progress=reported))
    assert "It came as far as: 30 of 120 (25 %)" in text(page)
    assert "<progress" not in raw(page)
    assert "30 of 120" not in text(part_of(as_ann, ran("stars", progress=reported)))


# The traceback


def test_the_projects_own_frames_come_before_the_whole_traceback(
    as_ann: Client, settings: Any
) -> None:
    lines = (
        "Traceback (most recent call last):\n"
        f'  File "{settings.BASE_DIR}/mods/sync.py", line 74, in <script>\n'
        "    wet(<script>)\n"
        '  File "/usr/lib/python3.13/ssl.py", line 9, in read\n    dry()\n'
        "ValueError: <script>\n"
    )
    page = raw(part_of(as_ann, ran(status="failed", error="wet", traceback=lines)))
    own, whole = page.split("The whole traceback")
    assert "<code>mods/sync.py:74</code>" in own
    assert "wet(&lt;script&gt;)" in own
    assert "ssl.py" not in own
    assert "ssl.py" in whole
    assert str(settings.BASE_DIR) not in page
    assert "<script>" not in page


# The log


def test_the_log_grows_by_lines_that_keep_their_place(as_ann: Client) -> None:
    run = running(log=[{"event": "one", "level": "info"}])
    assert "1 line" in text(part_of(as_ann, run))
    run.log.append({"event": "two", "level": "error", "name": MARKUP})
    run.save()
    page = raw(part_of(as_ann, run))
    assert page.index(">one</b>") < page.index('<tr data-level="error">') < page.index(">two</b>")
    assert MARKUP not in page


def test_lines_can_be_narrowed_to_warnings_and_errors(as_ann: Client) -> None:
    log = [{"level": level, "event": "e"} for level in ("info", "warning", "error", "critical")]
    page = text(part_of(as_ann, ran(log=log)))
    assert "warnings and errors (3)" in page
    assert "errors (2)" in page
    assert "warnings" not in text(part_of(as_ann, ran("stars", log=log[:1])))


@pytest.mark.parametrize(
    "log", [[], {}, "odd", 7, [None], [[1]], [{"at": 5, "level": [], "event": {}}]]
)
def test_any_stored_log_is_shown(as_ann: Client, log: Any) -> None:
    assert part_of(as_ann, ran(log=log)).status_code == 200


# Live


def test_the_part_is_what_the_page_shows(as_ann: Client, tides: JobSchedule) -> None:
    run = running(log=[{"event": "wet", "at": "2026-05-04T12:00:01Z"}])
    tag = part_of(as_ann, run)["HX-PTag"]
    page = raw(as_ann.get(f"/runs/{run.pk}/"))
    assert f'hx-get="/runs/{run.pk}/live/"' in page
    assert f'hx-ptag="{tag}"' in page


def test_an_unchanged_run_is_a_304_though_time_goes_on(as_ann: Client) -> None:
    run = running(started_at=datetime.now(UTC) - timedelta(seconds=30))
    first = part_of(as_ann, run)
    assert part_of(as_ann, run, **{"HX-PTag": first["HX-PTag"]}).status_code == 304
    JobRun.objects.filter(pk=run.pk).update(progress={"done": 1, "total": 2})
    assert part_of(as_ann, run, **{"HX-PTag": first["HX-PTag"]}).status_code == 200


def test_only_an_active_run_asks_to_be_looked_at_often(as_ann: Client, tides: JobSchedule) -> None:
    run = running()
    assert "data-running" in raw(part_of(as_ann, run))
    assert "Cancel this run" in raw(part_of(as_ann, run))
    JobRun.objects.update(status="succeeded", finished_at=NOON + timedelta(minutes=1))
    ended = raw(part_of(as_ann, run))
    assert "data-running" not in ended
    assert "Cancel this run" not in ended
    assert 'data-headline="✓ tides: succeeded"' in ended


def test_the_title_tells_how_it_went(as_ann: Client) -> None:
    run = ran(status="failed")
    page = raw(as_ann.get(f"/runs/{run.pk}/"))
    assert f"<title>✗ tides: failed, run {run.pk} | vsmanager</title>" in page


def test_a_part_costs_two_queries_of_its_own(
    as_ann: Client, tides: JobSchedule, ann: User, django_assert_num_queries: Any
) -> None:
    run = running(attempt=2, log=[{"event": "e"}] * 500)
    ran(status="failed")
    actions.cancel(run, ann, reason="wet")
    with django_assert_num_queries(4):
        part_of(as_ann, run)
    with django_assert_num_queries(4):
        as_ann.get("/runs/live/?job=tides")


def test_pages_cost_few_queries(
    as_ann: Client, leader: SchedulerProcess, tides: JobSchedule, django_assert_num_queries: Any
) -> None:
    run = running(traceback="x", log=[{"event": "e"}])
    with django_assert_num_queries(5):
        as_ann.get(f"/runs/{run.pk}/")
    with django_assert_num_queries(5):
        as_ann.get("/runs/")


def test_the_top_of_the_list_is_live_and_keeps_its_filter(as_ann: Client) -> None:
    for minute in range(60):
        ran(at=NOON + timedelta(minutes=minute), status="failed")
    page = as_ann.get("/runs/?job=tides&status=failed")
    assert 'hx-get="/runs/live/?job=tides&amp;status=failed"' in raw(page)
    part = as_ann.get("/runs/live/?job=tides&status=failed")
    assert part["HX-PTag"] in raw(page)
    assert f'href="/runs/{page.context["older"].replace("&", "&amp;")}"' in raw(part)
    ran(at=NOON + timedelta(days=1))
    tag = {"HX-PTag": part["HX-PTag"]}
    assert as_ann.get("/runs/live/?job=tides&status=failed", headers=tag).status_code == 304
    newest = ran(at=NOON + timedelta(days=2), status="failed")
    again = as_ann.get("/runs/live/?job=tides&status=failed", headers=tag)
    assert f'id="run-{newest.pk}"' in raw(again)


@pytest.mark.parametrize("url", ["/runs/", "/runs/live/", "/jobs/tides/"])
def test_each_cell_of_a_list_says_what_it_is(as_ann: Client, tides: JobSchedule, url: str) -> None:
    ran()
    assert '<td data-label="Lag" class="vs-number">1.0 s</td>' in raw(as_ann.get(url))


def test_older_pages_stand_still(as_ann: Client) -> None:
    for minute in range(60):
        ran(at=NOON + timedelta(minutes=minute))
    older = as_ann.get(f"/runs/{as_ann.get('/runs/').context['older']}")
    assert "live-runs" not in raw(older)


def test_a_running_row_tells_its_time_and_progress(as_ann: Client) -> None:
    began = datetime.now(UTC) - timedelta(seconds=90)
    run = running(started_at=began, progress={"done": 3, "total": 4, "text": ""})
    page = raw(as_ann.get("/runs/live/"))
    assert f'<tr id="run-{run.pk}" data-running>' in page
    assert re.search(r'data-relative="elapsed">1 min \d+ s<', page)
    assert "75 %" in page
    JobRun.objects.update(status="succeeded", finished_at=began, result={"received": 4})
    ended = raw(as_ann.get("/runs/live/"))
    assert "data-running" not in ended
    assert "75 %" not in ended


@pytest.mark.parametrize("query", ["status=odd", "since=soon", "before=odd", "job=%3Cscript%3E"])
def test_nonsense_gives_the_part(as_ann: Client, query: str) -> None:
    answer = as_ann.get(f"/runs/live/?{query}")
    assert answer.status_code == 200
    assert "<script>" not in raw(answer)


# What people do


def test_running_again_leads_to_the_new_run_with_its_reason(
    as_ann: Client, tides: JobSchedule
) -> None:
    old = ran()
    answer = as_ann.post(f"/runs/{old.pk}/again/", {"reason": f"  new {MARKUP}  "}, follow=True)
    new = JobRun.objects.get(status="queued")
    assert answer.redirect_chain == [(f"/runs/{new.pk}/", 302)]
    assert (new.trigger, new.requested_by, new.reason) == ("manual", "ann", f"new {MARKUP}")
    assert "Queued a run of tides." in text(answer)
    assert MARKUP not in raw(answer)
    assert html.escape(f"new {MARKUP}") in raw(answer)


def test_a_second_one_is_refused_and_leads_to_the_first(
    as_ann: Client, tides: JobSchedule, ann: User
) -> None:
    old, waiting = ran(), actions.run_now(tides, ann)
    page = raw(as_ann.get(f"/runs/{old.pk}/"))
    assert "waits already" in page
    assert f'href="/runs/{waiting.pk}/">run {waiting.pk}</a>' in page
    assert f"/runs/{old.pk}/again/" not in page
    answer = as_ann.post(f"/runs/{old.pk}/again/", follow=True)
    assert answer.redirect_chain == [(f"/runs/{waiting.pk}/", 302)]
    assert "already waits" in text(answer)
    assert JobRun.objects.queued().count() == 1


def test_it_says_that_one_is_running_and_what_will_happen(
    as_ann: Client, tides: JobSchedule, ann: User
) -> None:
    old, other = ran(), running(at=NOON + timedelta(hours=1))
    words = "has been running since 2026-05-04 13:00:01 . The new one waits until it has ended."
    assert f"Run {other.pk} {words}" in text(as_ann.get(f"/runs/{old.pk}/"))
    assert "This run is still going on." in text(as_ann.get(f"/runs/{other.pk}/"))
    actions.change(tides, ann, max_instances=2)
    assert "It starts as soon as a worker takes it" in text(as_ann.get(f"/runs/{old.pk}/"))


def test_a_run_that_waits_itself_offers_no_second(
    as_ann: Client, tides: JobSchedule, ann: User
) -> None:
    waiting = actions.run_now(tides, ann)
    assert "This run waits already" in text(as_ann.get(f"/runs/{waiting.pk}/"))


def test_a_job_that_is_gone_can_not_run_again(as_ann: Client, tides: JobSchedule) -> None:
    gone = ran("forgotten")
    assert "Run again" not in raw(as_ann.get(f"/runs/{gone.pk}/"))
    assert as_ann.post(f"/runs/{gone.pk}/again/").status_code == 404
    JobSchedule.objects.create(name="forgotten", interval_seconds=60)
    assert "Run again" not in raw(as_ann.get(f"/runs/{gone.pk}/"))
    answer = as_ann.post(f"/runs/{gone.pk}/again/", follow=True)
    assert answer.status_code == 200
    assert not JobRun.objects.queued().exists()


@pytest.mark.parametrize("act", ["again", "cancel"])
def test_a_reason_that_is_too_long_changes_nothing(
    as_ann: Client, tides: JobSchedule, act: str
) -> None:
    run = ran("stars", status="queued", **WAITS) if act == "cancel" else ran()
    answer = as_ann.post(f"/runs/{run.pk}/{act}/", {"reason": "x" * 201}, follow=True)
    assert answer.status_code == 200
    assert "at most 200 characters" in text(answer)
    assert JobRun.objects.filter(status=run.status).count() == JobRun.objects.count() == 1


def test_why_it_was_cancelled_stays_on_its_page(as_ann: Client, tides: JobSchedule) -> None:
    run = running()
    as_ann.post(f"/runs/{run.pk}/cancel/", {"reason": f"by mistake {MARKUP}"})
    page = as_ann.get(f"/runs/{run.pk}/")
    assert "It was asked to stop by ann" in text(page)
    assert html.escape(f"Why it was stopped: by mistake {MARKUP}") in raw(page)
    other = ran("stars", status="cancelled", cancel_requested_at=NOON)
    assert "Why it was stopped" not in text(as_ann.get(f"/runs/{other.pk}/"))


def test_neighbours_are_the_runs_of_the_same_job(as_ann: Client) -> None:
    first = ran()
    ran("stars", at=NOON + timedelta(minutes=1))
    again = ran(attempt=2)
    last = ran(at=NOON + timedelta(hours=1))

    def around(run: JobRun) -> list[tuple[str, str]]:
        return re.findall(r'href="(/runs/\d+/)" rel="(\w+)"', raw(part_of(as_ann, run)))

    assert around(first) == [(f"/runs/{again.pk}/", "next")]
    assert around(again) == [(f"/runs/{first.pk}/", "prev"), (f"/runs/{last.pk}/", "next")]
    assert around(last) == [(f"/runs/{again.pk}/", "prev")]


def test_who_may_only_look_sees_no_sheet_and_no_link_to_change(
    sign_in: SignIn, tides: JobSchedule
) -> None:
    page = raw(sign_in("monitor").get(f"/runs/{running().pk}/live/"))
    assert "<form" not in page
    assert "<button" not in page


@pytest.mark.parametrize("act", ["live", "again", "cancel"])
@pytest.mark.parametrize("run_id", ["0", "99", "9" * 30, "9" * 5_000])
def test_what_does_not_exist_is_not_found(as_ann: Client, act: str, run_id: str) -> None:
    ask = as_ann.get if act == "live" else as_ann.post
    assert ask(f"/runs/{run_id}/{act}/").status_code == 404


def test_nothing_is_styled_or_scripted_inline(as_ann: Client, tides: JobSchedule) -> None:
    run = running(progress={"done": 1, "total": 2}, traceback="x", error="y", result={"n": 1})
    for url in (f"/runs/{run.pk}/", "/runs/"):
        page = raw(as_ann.get(url))
        assert not re.search(r"\sstyle=|\son\w+=|<style", page)


def test_what_is_true_or_not_is_told_as_yes_or_no() -> None:
    told = summary.flatten({"went": True, "late": False, "rest": [], "wind": 1200})
    assert told == [("went", "yes"), ("late", "no"), ("rest", "none"), ("wind", "1,200")]
