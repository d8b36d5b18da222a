"""Who did what, in one list."""

import json
import re
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling import actions
from scheduling.changes import PAGE as PAGE_SIZE
from scheduling.changes import page
from scheduling.models import ApiToken, JobRun, JobSchedule

from .conftest import SignIn, ran
from .test_job_page import EVIL, said

PAGE, PART = "/changes/", "/changes/newest/"


def listed(response: Any) -> list[str]:
    """The rows as text, in the order of the page."""
    rows = re.findall(r'<tr id="change-\d+">(.*?)</tr>', response.content.decode(), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]


def numbers(response: Any) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="change-(\d+)"', response.content.decode())]


def entry(user: User, target: Model, message: str, flag: int = CHANGE, name: str = "") -> LogEntry:
    """As somebody else may have written it."""
    return LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(target),
        object_id=str(target.pk),
        object_repr=name or str(target),
        action_flag=flag,
        change_message=message,
    )


def test_everything_that_people_do_is_listed_newest_first(
    as_ann: Client, people: dict[str, User], tides: JobSchedule
) -> None:
    ann, root = people["ann"], people["root"]
    actions.change(tides, ann, interval_seconds=600, reason="the upstream asked")
    actions.pause(tides, root, reason="deploy")
    actions.resume(tides, ann)
    run = actions.run_now(tides, root, reason="after the fix")
    actions.cancel(run, ann, reason="not needed")
    going = ran(status="running", finished_at=None)
    actions.cancel(going, ann)
    rows = [re.sub(r"^\d\d:\d\d:\d\d ", "", row) for row in listed(as_ann.get(PAGE))]
    assert rows == [
        f"ann asked to stop tides run {going.pk}",
        f"ann cancelled tides run {run.pk} not needed",
        f"root run now tides run {run.pk} after the fix",
        "ann resumed tides Pause paused: deploy → not paused",
        "root paused tides Pause not paused → paused: deploy deploy",
        "ann changed tides Schedule every 4 hours → every 10 minutes the upstream asked",
    ]


def test_each_thing_that_changed_has_its_before_and_after(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    actions.change(tides, ann, cron="30 4 * * *", timezone="Europe/Berlin", max_retries=2)
    [row] = listed(as_ann.get(PAGE))
    assert "Schedule every 4 hours → at 04:30 every day (Europe/Berlin)" in row
    assert "Tried again never → 2 times" in row


def test_an_interval_that_a_cron_text_covers_still_shows(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    actions.change(tides, ann, cron="30 4 * * *")
    actions.change(tides, ann, interval_seconds=60)
    assert "every 14400 seconds, 30 4 * * *, UTC → every 60 seconds" in listed(as_ann.get(PAGE))[0]


def test_it_leads_to_the_job_and_to_the_run(as_ann: Client, ann: User, tides: JobSchedule) -> None:
    run = actions.run_now(tides, ann)
    page = as_ann.get(PAGE).content.decode()
    assert '<a href="/jobs/tides/">tides</a>' in page
    assert f'<a href="/runs/{run.pk}/">run {run.pk}</a>' in page


def test_what_is_gone_still_shows_but_leads_nowhere(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    actions.change(tides, ann, interval_seconds=600)
    run = actions.run_now(tides, ann)
    number = run.pk
    JobRun.objects.all().delete()
    tides.delete()
    answer = as_ann.get(PAGE)
    assert len(listed(answer)) == 2
    assert f"run {number}" in said(answer)
    assert "every 4 hours → every 10 minutes" in said(answer)
    assert f"/runs/{number}/" not in answer.content.decode()
    assert "/jobs/tides/" not in answer.content.decode()


def test_who_may_not_view_runs_is_led_to_none(ann: User, tides: JobSchedule) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_jobschedule"))
    client = Client()
    client.force_login(clerk)
    run = actions.run_now(tides, ann)
    for address in (PAGE, PART):
        page = client.get(address)
        assert len(listed(page)) == 1
        assert f"/runs/{run.pk}/" not in page.content.decode()


def test_a_schedule_deleted_in_the_admin_is_listed(as_ann: Client, tides: JobSchedule) -> None:
    gone = JobSchedule.objects.create(name="gone", interval_seconds=60)
    as_ann.post(f"/admin/scheduling/jobschedule/{gone.pk}/delete/", {"post": "yes"})
    assert "ann deleted gone" in listed(as_ann.get(PAGE))[0]


def test_it_can_be_narrowed_to_a_job_and_a_person(
    as_ann: Client, people: dict[str, User], schedules: dict[str, JobSchedule]
) -> None:
    ann, root, stars = people["ann"], people["root"], schedules["stars"]
    actions.change(schedules["tides"], ann, interval_seconds=600)
    actions.change(schedules["tides"], root, interval_seconds=700)
    actions.change(stars, ann, interval_seconds=800)
    actions.cancel(actions.run_now(stars, root), ann)
    expected = {"": 5, "?job=tides": 2, "?job=stars": 3, "?by=ann": 3, "?job=plain": 0}
    expected |= {"?job=stars&by=root": 1}
    assert {query: len(listed(as_ann.get(PAGE + query))) for query in expected} == expected


def test_a_job_that_is_gone_can_be_asked_for(as_ann: Client, ann: User, tides: JobSchedule) -> None:
    actions.cancel(actions.run_now(tides, ann), ann)
    tides.delete()
    answer = as_ann.get(f"{PAGE}?job=tides")
    assert len(listed(answer)) == 2
    assert '<option value="tides" selected>' in answer.content.decode()


def test_older_changes_follow_page_by_page(as_ann: Client, ann: User, tides: JobSchedule) -> None:
    for seconds in range(600, 600 + PAGE_SIZE * 2 + 3):
        actions.change(tides, ann, interval_seconds=seconds)
    seen, address, pages = [], f"{PAGE}?job=tides&by=ann", 0
    while address:
        answer = as_ann.get(address)
        seen += numbers(answer)
        pages += 1
        older = re.search(r'href="(\?[^"]*before=\d+)" rel="next"', answer.content.decode())
        address = PAGE + older[1].replace("&amp;", "&") if older else ""
        assert not address or "job=tides&by=ann&" in address
    assert pages == 3
    assert seen == list(LogEntry.objects.order_by("-pk").values_list("pk", flat=True))
    assert 'href="?job=tides&amp;by=ann" rel="first"' in answer.content.decode()
    assert "data-live" not in answer.content.decode().partition('id="content"')[2]


@pytest.mark.parametrize("before", ["abc", "-1", "1.5", "9" * 40, "²", "1'--", EVIL])
def test_a_place_that_is_nonsense_gives_the_page_with_a_message(
    as_ann: Client, ann: User, tides: JobSchedule, before: str
) -> None:
    actions.change(tides, ann, interval_seconds=600)
    answer = as_ann.get(PAGE, {"before": before})
    assert answer.status_code == 200
    assert len(listed(answer)) == 1
    assert "This place in the list is not known." in said(answer)
    assert EVIL not in answer.content.decode()


def test_a_place_beyond_the_newest_change_begins_at_that(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    actions.change(tides, ann, interval_seconds=600)
    answer = as_ann.get(PAGE, {"before": "9" * 10})
    assert len(listed(answer)) == 1
    assert "This place in the list is not known." not in said(answer)


@pytest.mark.parametrize("name", ["job", "by", "what"])
@pytest.mark.parametrize("value", [EVIL, "x" * 5_000, "\ud800", "%", "'", '"', "\\"])
@pytest.mark.parametrize("address", [PAGE, PART])
def test_a_filter_that_is_nonsense_gives_the_page(
    as_ann: Client, ann: User, tides: JobSchedule, address: str, name: str, value: str
) -> None:
    actions.change(tides, ann, interval_seconds=600)
    answer = as_ann.get(address, {name: value.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 200
    assert len(listed(answer)) == (name == "what")
    assert EVIL not in answer.content.decode()


def test_markup_stays_text_wherever_it_comes_from(as_ann: Client, tides: JobSchedule) -> None:
    mallory = User.objects.create_user(EVIL, is_staff=True)
    actions.change(tides, mallory, interval_seconds=600, reason=EVIL)
    actions.pause(tides, mallory, reason=EVIL)
    entry(mallory, tides, EVIL)
    entry(mallory, tides, json.dumps([{"changed": {"fields": [EVIL]}}]), name=EVIL)
    entry(mallory, tides, json.dumps([{"action": "run_now", "job": EVIL, "reason": EVIL}]))
    page = as_ann.get(PAGE)
    assert EVIL not in page.content.decode()
    assert len(listed(page)) == 5
    assert EVIL not in as_ann.get("/jobs/tides/").content.decode()


NOTES = [
    *("", "Changed interval.", "[", "[]", "{}", "null", "[null]", "[1]", '["a"]', "[" * 5_000),
    '[{"changed": null}]',
    '[{"changed": {"fields": 5}}]',
    '[{"changed": {"fields": [1, null, {}]}}]',
    '[{"added": {}}]',
    '[{"action": [], "run": {}, "job": [], "reason": {}}]',
    '[{"action": "fly", "run": 99999999999999999999, "job": 5}]',
    '[{"action": "run_now", "run": -1, "job": null}]',
    '[{"state": [], "before": "x", "after": 3}]',
    '[{"state": {"interval_seconds": "x"}, "before": {"cron": 5}, "after": {"paused": "no"}}]',
    '[{"state": {"paused_until": "0001-01-01T00:00:00+14:00"}}]',
    '[{"revision": "x", "state": {"interval_seconds": 1e400}}]',
    '[{"revision": 1, "reason": null, "before": {}, "after": {}, "state": {}}]',
]


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("flag", [CHANGE, DELETION, 77])
def test_entries_that_others_wrote_never_break_the_page(
    as_ann: Client, ann: User, tides: JobSchedule, note: str, flag: int
) -> None:
    entry(ann, tides, note, flag)
    entry(ann, ran(), note, flag)
    for address in (PAGE, PART, f"{PAGE}?job=tides", "/jobs/tides/"):
        assert as_ann.get(address).status_code == 200
    assert len(listed(as_ann.get(PAGE))) == 2


@pytest.mark.parametrize(
    "note",
    [
        '[1, {"pauses": true}]',
        '[{"pauses": true, "reason": ["x"]}]',
        '[null, {"pauses": true, "state": {}}]',
        '{"pauses": true}',
        '[{"pauses": true, "reason": "\\ud800", "job": "\\ud800"}]',
        '[{"pauses": true, "reason": "\\u0000", "job": "\\u0000"}]',
        '[{"changed": {"fields": ["\\ud800"]}}]',
        '[{"state": {"pause_reason": "\\ud800", "cron": "\\u0000"}}]',
        '[{"before": {"timezone": "\\ud800"}}]',
        "[" * 9_000 + '"pauses": true',
    ],
)
def test_a_note_of_somebody_else_breaks_no_page_of_a_paused_job(
    as_ann: Client, ann: User, tides: JobSchedule, note: str
) -> None:
    actions.pause(tides, ann)
    run = ran(status="running", finished_at=None)
    actions.cancel(run, ann)
    for target in (tides, run):
        LogEntry.objects.filter(object_id=str(target.pk)).update(change_message=note)
        entry(ann, target, note)
    for address in ("/", "/settings/", "/jobs/tides/", PAGE, f"/runs/{run.pk}/"):
        assert as_ann.get(address).status_code == 200, address


def broken_states(good: dict[str, Any]) -> list[dict[str, Any]]:
    bad = [None, "", "x", -1, 2**40, True, [], {}, "\x00", 1.5, "0001-01-01T00:00:00+14:00"]
    return [{**good, name: value} for name in good for value in bad]


def test_a_state_with_any_one_thing_wrong_never_breaks_the_pages(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    actions.change(tides, ann, interval_seconds=600)
    logged = LogEntry.objects.get()
    [note] = json.loads(logged.change_message)
    for state in broken_states(note["state"]):
        for broken in ({**note, "state": state}, {**note, "before": state}):
            LogEntry.objects.update(change_message=json.dumps([broken]))
            assert as_ann.get(PART).status_code == 200, broken
    for state in broken_states(note["state"])[::7]:
        LogEntry.objects.update(change_message=json.dumps([{**note, "state": state}]))
        assert as_ann.get("/jobs/tides/").status_code == 200, state


def test_an_old_entry_is_told_as_it_was_stored(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    entry(ann, tides, json.dumps([{"changed": {"fields": ["interval in seconds"]}}]))
    entry(ann, tides, "Set by hand.")
    later, earlier = listed(as_ann.get(PAGE))
    assert "Set by hand." in later
    assert "interval in seconds" in earlier


def test_what_was_done_to_other_things_is_not_listed(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    token = ApiToken.objects.create(user=ann, digest="d")
    entry(ann, token, "secret")
    entry(ann, ann, "password")
    LogEntry.objects.create(user=ann, object_repr="x", action_flag=CHANGE, change_message="[]")
    page = as_ann.get(PAGE)
    assert "Nobody has changed anything yet." in said(page)
    assert "secret" not in page.content.decode()


def test_words_are_the_readers(
    as_ann: Client, ann: User, tides: JobSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are made anew from what was kept, not shown as they were written."""
    actions.change(tides, ann, interval_seconds=600)
    monkeypatch.setattr(
        JobSchedule, "in_words", property(lambda self: f"alle {self.interval_seconds} s")
    )
    assert "alle 14400 s → alle 600 s" in listed(as_ann.get(PAGE))[0]


@pytest.mark.parametrize("query", ["", "?job=tides&by=ann"])
def test_the_top_of_the_list_is_live(
    as_ann: Client, ann: User, tides: JobSchedule, query: str
) -> None:
    actions.change(tides, ann, interval_seconds=600)
    first = as_ann.get(PART + query)
    page = as_ann.get(PAGE + query).content.decode()
    assert f'hx-ptag="{first["HX-PTag"]}"' in page
    assert f'hx-get="{PART}?{query[1:].replace("&", "&amp;")}"' in page
    again = as_ann.get(PART + query, headers={"HX-PTag": first["HX-PTag"]})
    assert again.status_code == 304
    actions.pause(tides, ann)
    changed = as_ann.get(PART + query, headers={"HX-PTag": first["HX-PTag"]})
    assert (changed.status_code, len(listed(changed))) == (200, 2)


def test_the_number_of_queries_does_not_grow_with_the_list(
    as_ann: Client, ann: User, tides: JobSchedule, django_assert_num_queries: Any
) -> None:
    for seconds in range(600, 630):
        actions.change(tides, ann, interval_seconds=seconds)
    actions.cancel(actions.run_now(tides, ann), ann)
    as_ann.get(PAGE)
    with django_assert_num_queries(4):
        as_ann.get(PART)
    with django_assert_num_queries(7):
        as_ann.get(PAGE)


def test_who_may_only_look_sees_all(sign_in: SignIn, ann: User, tides: JobSchedule) -> None:
    actions.change(tides, ann, interval_seconds=600, reason="quicker")
    [row] = listed(sign_in("monitor").get(PAGE))
    assert "ann changed tides Schedule every 4 hours → every 10 minutes quicker" in row


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
def test_the_newest_changes_are_found_without_sorting_all(db: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        page()
    with connection.cursor() as cursor:
        plans = [
            cursor.execute(f"EXPLAIN QUERY PLAN {each['sql']}").fetchall()
            for each in asked
            if "django_admin_log" in each["sql"]
        ]
    (steps,) = ([step[-1] for step in plan] for plan in plans)
    # By their keys; those of each kind come from the end of an index.
    assert not [step for step in steps if step.startswith("SEARCH django_admin_log USING INDEX")]
    assert any("content_type_id=?" in step for step in steps)
