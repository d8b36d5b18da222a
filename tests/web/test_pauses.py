"""Pausing one job or all, until a time or until resumed: actions, page, admin and API."""

import html
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import get_current_timezone, localtime

from scheduling import actions, audit
from scheduling.models import JobSchedule

from .conftest import SignIn, registered

JSON = "application/json"
PAST_OR_FAR = "The end of a pause must lie in the future, and at most a year ahead."
ADMIN = "/admin/scheduling/jobschedule/"


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def at(**ahead: float) -> datetime:
    return (datetime.now(UTC) + timedelta(**ahead)).replace(second=0, microsecond=0)


def end_pause(schedule: JobSchedule) -> None:
    """As if the time of its pause had passed."""
    JobSchedule.objects.filter(pk=schedule.pk).update(
        paused=True, paused_until=at(minutes=-5), pause_reason="deploy"
    )
    schedule.refresh_from_db()


def last_note() -> dict[str, Any]:
    note: dict[str, Any] = json.loads(LogEntry.objects.latest("pk").change_message)[0]
    return note


# Actions


def test_a_pause_until_a_time_is_told_and_logged_with_before_and_after(
    tides: JobSchedule, ann: User
) -> None:
    until = at(hours=4)
    told = actions.pause(tides, ann, until=until, reason="  deploy \n of the disk ")
    words = f"paused until {until:%Y-%m-%d %H:%M} UTC: deploy of the disk"
    assert told == [words]
    tides.refresh_from_db()
    assert (tides.paused, tides.paused_until) == (True, until)
    assert tides.pause_reason == "deploy of the disk"
    note = last_note()
    assert note["before"] == {"paused": False, "paused_until": None, "pause_reason": ""}
    assert note["after"]["paused"] is True
    assert datetime.fromisoformat(note["after"]["paused_until"]) == until
    assert LogEntry.objects.get().get_change_message() == f"Changed {words}."


def test_resuming_clears_the_end_and_the_reason(tides: JobSchedule, ann: User) -> None:
    actions.pause(tides, ann, until=at(hours=4), reason="deploy")
    assert actions.resume(tides, ann) == ["resumed"]
    tides.refresh_from_db()
    assert (tides.paused, tides.paused_until, tides.pause_reason) == (False, None, "")
    assert last_note()["before"]["pause_reason"] == "deploy"


@pytest.mark.parametrize("until", [at(minutes=-1), at(days=367), datetime.max.replace(tzinfo=UTC)])
def test_a_pause_ends_in_the_future_and_within_a_year(
    tides: JobSchedule, ann: User, until: datetime
) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.pause(tides, ann, until=until)
    assert refused.value.message_dict["paused_until"] == [PAST_OR_FAR]
    with pytest.raises(ValidationError):
        actions.pause_all(ann, until=until)
    assert not JobSchedule.objects.filter(paused=True).exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("reason", ["x" * 201, None, 5])
def test_a_reason_is_a_short_text(tides: JobSchedule, ann: User, reason: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.pause(tides, ann, reason=reason)
    words = "A reason is a text of at most 200 characters."
    assert refused.value.message_dict["pause_reason"] == [words]


def test_the_end_of_a_pause_can_be_moved_but_only_paused_schedules_have_one(
    tides: JobSchedule, ann: User
) -> None:
    with pytest.raises(ValidationError, match="Set paused as well"):
        actions.change(tides, ann, paused_until=at(hours=1))
    with pytest.raises(ValidationError, match="Set paused as well"):
        actions.change(tides, ann, pause_reason="deploy")
    actions.pause(tides, ann, reason="deploy")
    [told] = actions.change(tides, ann, paused_until=at(hours=1))
    assert told.endswith("UTC: deploy")


def test_a_pause_that_has_ended_is_none_and_the_next_begins_anew(
    tides: JobSchedule, ann: User
) -> None:
    end_pause(tides)
    assert actions.change(tides, ann, interval_seconds=600)
    assert tides.paused_until
    assert actions.change(tides, ann, paused=True) == ["paused"]
    assert (tides.paused_until, tides.pause_reason) == (None, "")
    end_pause(tides)
    assert actions.resume(tides, ann) == ["cleared a pause that had ended"]


def test_pausing_all_leaves_what_was_paused_as_it_was(
    schedules: dict[str, JobSchedule], ann: User, people: dict[str, User]
) -> None:
    actions.pause(schedules["stars"], people["root"], reason="clouds")
    end_pause(schedules["plain"])
    until = at(hours=1)
    paused = actions.pause_all(ann, until=until, reason="deploy")
    assert {each.name for each in paused} == {"tides", "plain"}
    stored = JobSchedule.objects.in_bulk(field_name="name")
    assert (stored["stars"].paused_until, stored["stars"].pause_reason) == (None, "clouds")
    assert (stored["plain"].paused_until, stored["plain"].pause_reason) == (until, "deploy")
    assert LogEntry.objects.filter(user=ann).count() == 2
    assert actions.pause_all(ann) == []


def test_resuming_all_touches_only_what_is_paused(
    schedules: dict[str, JobSchedule], ann: User
) -> None:
    actions.pause(schedules["stars"], ann)
    revision = JobSchedule.objects.get(name="tides").revision
    assert [each.name for each in actions.resume_all(ann)] == ["stars"]
    assert JobSchedule.objects.get(name="tides").revision == revision
    assert not JobSchedule.objects.filter(paused=True).exists()
    assert actions.resume_all(ann) == []


def test_pausing_all_is_all_or_nothing(
    schedules: dict[str, JobSchedule], ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = iter([audit.note_change])

    def note_once(*args: Any) -> None:
        next(noted)(*args)

    monkeypatch.setattr(audit, "note_change", note_once)
    with pytest.raises(StopIteration):
        actions.pause_all(ann)
    assert not JobSchedule.objects.filter(paused=True).exists()


def test_a_stale_editor_is_told_until_when(tides: JobSchedule, ann: User) -> None:
    seen = tides.revision
    actions.pause(tides, ann, until=at(hours=1), reason="deploy")
    with pytest.raises(actions.StaleEdit, match=r"\(paused until .* UTC: deploy\)\. Nothing"):
        actions.change(tides, ann, revision=seen, interval_seconds=60)


def test_timeouts_and_retries_are_logged_with_before_and_after(
    tides: JobSchedule, ann: User
) -> None:
    told = actions.change(tides, ann, timeout_seconds=600, max_retries=3)
    assert told == ["timeout seconds: none → 600", "max retries: 0 → 3"]
    assert last_note()["before"] == {"timeout_seconds": None, "max_retries": 0}
    assert last_note()["after"] == {"timeout_seconds": 600, "max_retries": 3}


# The settings page


def test_the_card_says_until_when_by_whom_and_why(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.post(
        "/settings/tides/pause/", {"length": "morning", "reason": "<deploy>"}, follow=True
    )
    tides.refresh_from_db()
    assert tides.paused_until
    morning = localtime(tides.paused_until, get_current_timezone())
    assert f"{morning:%H:%M}" == "08:00"
    assert morning.date() == localtime().date() + timedelta(days=1)
    assert f"Paused tides until {morning:%Y-%m-%d} 08:00 UTC: <deploy>" in text(page)
    assert f"{morning:%Y-%m-%d} 08:00</time> by ann: <deploy>" in text(page)
    assert b"<deploy>" not in page.content
    assert 'form="pause-tides"' not in text(page)
    assert 'form="resume-tides"' in text(page)


@pytest.mark.parametrize(
    ("length", "minutes"), [("15m", 15), ("1h", 60), ("4h", 240), ("", None), ("at", 90)]
)
def test_a_length_of_the_list_ends_at_a_full_minute(
    as_ann: Client, tides: JobSchedule, length: str, minutes: int | None
) -> None:
    sent = {"length": length, "until": f"{localtime(at(minutes=90)):%Y-%m-%dT%H:%M}"}
    as_ann.post("/settings/tides/pause/", sent)
    tides.refresh_from_db()
    assert tides.paused
    if minutes is None:
        assert tides.paused_until is None
    else:
        assert tides.paused_until
        assert tides.paused_until.second == 0
        away = tides.paused_until - datetime.now(UTC)
        assert abs(away - timedelta(minutes=minutes)) <= timedelta(minutes=1)


@pytest.mark.parametrize("name", ["tides/", ""])
@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"length": "at", "until": "2020-01-01T10:00"}, PAST_OR_FAR),
        ({"length": "at", "until": "2999-01-01T10:00"}, PAST_OR_FAR),
        ({"length": "at", "until": "soon"}, "Write a date and time like"),
        ({"length": "at", "until": ""}, "Say until when."),
        ({"length": "never"}, "Select a valid choice."),
        ({"reason": "x" * 201}, "A reason is a text of at most 200 characters."),
    ],
)
def test_a_pause_that_cannot_be_is_told_in_its_open_form(
    as_ann: Client, tides: JobSchedule, name: str, sent: dict[str, str], words: str
) -> None:
    page = as_ann.post(f"/settings/{name}pause/", {"reason": "kept", **sent})
    assert page.status_code == 200
    assert words in text(page)
    assert text(page).count('<details class="vs-pause" open>') == 1
    assert f'value="{sent.get("reason", "kept")}"' in text(page)
    # Saving intervals from here goes to the right address.
    assert 'action="/settings/" novalidate' in text(page)
    assert not JobSchedule.objects.filter(paused=True).exists()


def test_all_are_paused_and_resumed_from_the_top_of_the_page(
    as_ann: Client, schedules: dict[str, JobSchedule], ann: User
) -> None:
    assert "Resume all" not in text(as_ann.get("/settings/"))
    actions.pause(schedules["stars"], ann, reason="clouds")
    page = as_ann.post("/settings/pause/", {"length": "1h", "reason": "deploy"}, follow=True)
    assert "Paused plain, tides until " in text(page) or "Paused tides, plain until " in text(page)
    assert "UTC: deploy" in text(page)
    assert ": clouds" in text(page)
    assert "Pause all" not in text(page)
    page = as_ann.post("/settings/pause/", follow=True)
    assert "Nothing to do: every job is paused already." in text(page)
    page = as_ann.post("/settings/resume/", follow=True)
    assert "Resumed tides, stars, plain." in text(page) or "Resumed plain," in text(page)
    page = as_ann.post("/settings/resume/", follow=True)
    assert "Nothing to do: no job is paused." in text(page)
    assert not JobSchedule.objects.filter(paused=True).exists()


def test_a_pause_that_has_ended_is_shown_nowhere(
    as_ann: Client, tides: JobSchedule, capsys: pytest.CaptureFixture[str]
) -> None:
    end_pause(tides)
    registered(tides, at(hours=2))
    page = text(as_ann.get("/settings/"))
    assert "vs-paused" not in page
    assert "Resume all" not in page
    assert 'form="pause-tides"' in page
    assert "‖" not in text(as_ann.get(ADMIN))
    [job] = as_ann.get("/api/v1/jobs").json()["data"]["jobs"]
    assert job["paused"] is False
    assert job["next_run_time"]
    call_command("jobs")
    assert "paused" not in capsys.readouterr().out


def test_who_paused_is_read_from_the_newest_entry_about_a_pause(
    schedules: dict[str, JobSchedule], ann: User, people: dict[str, User]
) -> None:
    tides, stars, plain = (schedules[name] for name in ("tides", "stars", "plain"))
    actions.pause(tides, people["root"])
    actions.resume(tides, people["root"])
    actions.pause(tides, ann, reason='"pauses": false')
    actions.change(tides, people["root"], interval_seconds=600)
    actions.pause(stars, people["root"])
    actions.resume(stars, people["root"])
    JobSchedule.objects.filter(pk__in=[stars.pk, plain.pk]).update(paused=True)
    assert audit.who_paused([tides, stars, plain]) == {tides.pk: "ann"}


def test_any_number_of_paused_jobs_costs_the_same_queries(
    as_ann: Client, tides: JobSchedule, ann: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        JobSchedule.objects.create(name=f"job{number}", interval_seconds=60)
    actions.pause_all(ann, reason="deploy")
    with django_assert_max_num_queries(10):
        page = as_ann.get("/settings/")
    assert text(page).count("by ann: deploy") == 23


def test_who_may_only_look_sees_the_pause_but_no_button(
    sign_in: SignIn, tides: JobSchedule, ann: User
) -> None:
    actions.pause(tides, ann, reason="deploy")
    page = text(sign_in("monitor").get("/settings/"))
    assert "paused by ann: deploy" in page
    for words in ("Pause all", "Resume", "vs-pause-fields"):
        assert words not in page


# Admin and API


def typed(schedule: JobSchedule, **others: object) -> dict[str, object]:
    return {
        "interval_seconds": schedule.interval_seconds,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "misfire_grace_seconds": 60,
        "coalesce": "on",
        "max_instances": 1,
        "max_retries": 0,
        **others,
    }


def test_the_admin_pauses_and_resumes(as_ann: Client, tides: JobSchedule) -> None:
    url, until = f"{ADMIN}{tides.pk}/change/", at(hours=3)
    local = f"{localtime(until):%Y-%m-%dT%H:%M:%S}"
    paused = {"paused": "on", "paused_until": local, "pause_reason": "deploy"}
    page = text(as_ann.post(url, typed(tides, **paused), follow=True))
    words = f"paused until {until:%Y-%m-%d %H:%M} UTC: deploy"
    assert f"Saved. tides: {words}" in page
    assert f"‖ {words}" in page
    assert f'value="{local}"' in text(as_ann.get(url))
    as_ann.post(url, typed(tides, **paused, interval_seconds=600))
    assert LogEntry.objects.count() == 2
    # What is left in the fields of a pause does not keep it from ending.
    as_ann.post(url, typed(tides, **{**paused, "paused": ""}))
    tides.refresh_from_db()
    assert (tides.paused, tides.paused_until, tides.pause_reason) == (False, None, "")


def test_the_admin_shows_a_pause_that_has_ended_as_none(as_ann: Client, tides: JobSchedule) -> None:
    end_pause(tides)
    url = f"{ADMIN}{tides.pk}/change/"
    assert "deploy" not in text(as_ann.get(url))
    assert as_ann.post(url, typed(tides)).status_code == 302
    assert not LogEntry.objects.exists()
    as_ann.post(url, typed(tides, paused="on"))
    tides.refresh_from_db()
    assert tides.is_paused(datetime.now(UTC))


def test_a_running_schedule_is_refused_the_end_of_a_pause_in_admin_and_api(
    as_ann: Client, tides: JobSchedule
) -> None:
    sent = {"paused_until": f"{at(hours=3):%Y-%m-%dT%H:%M:%S}"}
    admin = as_ann.post(f"{ADMIN}{tides.pk}/change/", typed(tides, **sent))
    api = as_ann.patch(
        "/api/v1/jobs/tides", {"paused_until": at(hours=3).isoformat()}, content_type=JSON
    )
    assert api.status_code == 422
    assert api.json()["error"]["message"] in text(admin)


def test_the_admins_action_leaves_what_is_paused_as_it_is(
    as_ann: Client, schedules: dict[str, JobSchedule], ann: User
) -> None:
    actions.pause(schedules["tides"], ann, reason="deploy")
    chosen = [schedules["tides"].pk, schedules["stars"].pk]
    page = as_ann.post(ADMIN, {"action": "pause", "_selected_action": chosen}, follow=True)
    assert "Nothing to do for tides." in text(page)
    assert "Paused stars." in text(page)
    schedules["tides"].refresh_from_db()
    assert schedules["tides"].pause_reason == "deploy"


def test_the_api_pauses_until_a_time(as_ann: Client, tides: JobSchedule) -> None:
    until = at(hours=2)
    sent = {"until": until.isoformat(), "reason": "deploy"}
    answer = as_ann.post("/api/v1/jobs/tides/pause", sent, content_type=JSON)
    assert answer.json()["data"]["job"]["paused"] is True
    tides.refresh_from_db()
    assert (tides.paused_until, tides.pause_reason) == (until, "deploy")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [("", JSON), ("{}", JSON), ("null", JSON), ("", "application/x-www-form-urlencoded")],
)
def test_the_api_pauses_until_resumed_without_a_body(
    as_ann: Client, tides: JobSchedule, body: str, content_type: str
) -> None:
    answer = as_ann.post("/api/v1/jobs/tides/pause", body, content_type=content_type)
    assert answer.status_code == 200
    tides.refresh_from_db()
    assert (tides.paused, tides.paused_until) == (True, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"until": "soon"}', 422),
        ('{"until": "2999-01-01T10:00:00Z"}', 422),
        ('{"until": "2026-12-31T10:00:00"}', 422),
        ('{"until": 5}', 422),
        ('{"reason": null}', 422),
        ('{"for": 5}', 422),
        ("[]", 422),
        ("{", 400),
        ("x" * 3_000_000, 413),
    ],
)
def test_a_bad_pause_in_the_api(as_ann: Client, tides: JobSchedule, body: str, status: int) -> None:
    answer = as_ann.post("/api/v1/jobs/tides/pause", body, content_type=JSON)
    assert answer.status_code == status
    assert answer.json()["status"] == "error"
    tides.refresh_from_db()
    assert not tides.paused


def test_a_patch_moves_and_ends_a_pause(as_ann: Client, tides: JobSchedule) -> None:
    def patch(**fields: object) -> bool:
        answer = as_ann.patch("/api/v1/jobs/tides", fields, content_type=JSON)
        tides.refresh_from_db()
        paused: bool = answer.json()["data"]["job"]["paused"]
        return paused

    assert patch(paused=True, paused_until=at(hours=1).isoformat(), pause_reason="deploy")
    assert patch(paused_until=None)
    assert (tides.paused_until, tides.pause_reason) == (None, "deploy")
    assert not patch(paused=False)
    assert tides.pause_reason == ""
    assert not patch(timeout_seconds=60, max_retries=2)
    assert (tides.timeout_seconds, tides.max_retries) == (60, 2)
    assert not patch(timeout_seconds=None)
    assert tides.timeout_seconds is None


def test_what_is_set_of_a_pause_that_is_over_does_not_begin_it_anew(
    tides: JobSchedule, ann: User
) -> None:
    actions.pause(tides, ann, until=at(hours=1), reason="deploy")
    JobSchedule.objects.update(paused_until=at(hours=-1))
    tides.refresh_from_db()
    with pytest.raises(ValidationError, match="Only a paused schedule has this"):
        actions.change(tides, ann, paused_until=at(hours=2))
    tides.refresh_from_db()
    assert not tides.is_paused(at())


def test_the_table_of_jobs_says_until_when(
    tides: JobSchedule, ann: User, capsys: pytest.CaptureFixture[str]
) -> None:
    until = at(hours=1)
    actions.pause(tides, ann, until=until, reason="deploy")
    call_command("jobs")
    assert f"paused until {until:%Y-%m-%d %H:%M} UTC: deploy" in capsys.readouterr().out
