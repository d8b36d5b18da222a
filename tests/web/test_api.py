"""/api/v1: shapes and codes as the contract has them, for every way to succeed and to fail."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from scheduling import actions, tokens
from scheduling.errors import InvalidSchedule
from scheduling.models import ApiToken, JobRun, JobSchedule

from .conftest import NOON, ran, registered

JSON = "application/json"


def code(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert body["status"] == "error"
    assert set(body["error"]) == {"code", "message"}
    return answer.status_code, body["error"]["code"]


def data(answer: Any) -> Any:
    assert answer.json()["status"] == "ok", answer.content
    assert answer["Cache-Control"] == "no-store"
    return answer.json()["data"]


@pytest.fixture
def bearer(ann: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {tokens.issue(ann)}"})


def test_jobs_lists_what_is_registered(
    as_ann: Client, schedules: dict[str, JobSchedule], ann: User
) -> None:
    actions.pause(schedules["plain"], ann)
    registered(schedules["tides"], NOON)
    registered(schedules["plain"])
    run = ran()
    assert data(as_ann.get("/api/v1/jobs"))["jobs"] == [
        {
            "id": "plain",
            "next_run_time": None,
            "trigger_type": "cron",
            "trigger_details": "30 4 * * *",
            "paused": True,
            "last_run": None,
        },
        {
            "id": "tides",
            "next_run_time": "2026-05-04T12:00:00+00:00",
            "trigger_type": "interval",
            "trigger_details": "every 14400 seconds",
            "paused": False,
            "last_run": {
                "id": run.pk,
                "status": "succeeded",
                "finished_at": "2026-05-04T12:00:03+00:00",
            },
        },
    ]


def test_jobs_costs_the_same_queries_for_any_number(
    bearer: Client, tides: JobSchedule, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        registered(JobSchedule.objects.create(name=f"job{number}", interval_seconds=60))
        ran(f"job{number}")
    with django_assert_max_num_queries(5):
        assert len(data(bearer.get("/api/v1/jobs"))["jobs"]) == 20


def test_a_patch_changes_what_it_names(as_ann: Client, tides: JobSchedule) -> None:
    patch = {"cron": "0 6 * * *", "timezone": "Europe/Berlin", "paused": True}
    job = data(as_ann.patch("/api/v1/jobs/tides", patch, content_type=JSON))["job"]
    assert (job["id"], job["trigger_details"], job["paused"]) == ("tides", "0 6 * * *", True)
    tides.refresh_from_db()
    assert (tides.interval_seconds, tides.timezone) == (14_400, "Europe/Berlin")
    job = data(as_ann.patch("/api/v1/jobs/tides", {"cron": ""}, content_type=JSON))["job"]
    assert job["trigger_type"] == "interval"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"max_instances": 5}', (422, "INVALID_REQUEST")),
        ('{"paused": "yes"}', (422, "INVALID_SCHEDULE")),
        ('{"paused": null}', (422, "INVALID_SCHEDULE")),
        ('{"cron": null}', (422, "INVALID_SCHEDULE")),
        ('{"timezone": 5}', (422, "INVALID_SCHEDULE")),
        ("[]", (422, "INVALID_REQUEST")),
        ("5", (422, "INVALID_REQUEST")),
        ("{", (400, "BAD_REQUEST")),
        ("", (422, "INVALID_REQUEST")),
        ("[" * 200_000, (400, "BAD_REQUEST")),
        ("\xff", (400, "BAD_REQUEST")),
    ],
)
def test_a_malformed_patch(
    as_ann: Client, tides: JobSchedule, body: str, expected: tuple[int, str]
) -> None:
    answer = as_ann.patch("/api/v1/jobs/tides", body.encode("latin-1"), content_type=JSON)
    assert code(answer) == expected


def test_run_pause_resume_and_delete(as_ann: Client, tides: JobSchedule) -> None:
    answer = as_ann.post("/api/v1/jobs/tides/run")
    assert answer.status_code == 202
    run_id = data(answer)["run_id"]
    assert JobRun.objects.get(pk=run_id).requested_by == "ann"
    assert code(as_ann.post("/api/v1/jobs/tides/run")) == (409, "RUN_ALREADY_QUEUED")
    assert data(as_ann.post("/api/v1/jobs/tides/pause"))["job"]["paused"] is True
    assert data(as_ann.post("/api/v1/jobs/tides/resume"))["job"]["paused"] is False
    assert "message" in data(as_ann.delete("/api/v1/jobs/tides"))
    assert code(as_ann.delete("/api/v1/jobs/tides")) == (404, "JOB_NOT_FOUND")
    tides.refresh_from_db()
    assert (tides.interval_seconds, tides.cron) == (0, "")
    assert LogEntry.objects.count() == 4


def test_unknown_jobs_are_not_found(as_ann: Client, tides: JobSchedule) -> None:
    for call in (
        as_ann.delete("/api/v1/jobs/odd"),
        as_ann.patch("/api/v1/jobs/odd", {}, content_type=JSON),
        as_ann.post("/api/v1/jobs/odd/run"),
        as_ann.post("/api/v1/jobs/odd/pause"),
    ):
        assert code(call) == (404, "JOB_NOT_FOUND")
    JobSchedule.objects.create(name="gone", interval_seconds=60)
    assert code(as_ann.post("/api/v1/jobs/gone/run")) == (404, "JOB_NOT_FOUND")


def test_runs_are_paged_and_filtered(as_ann: Client) -> None:
    made = [ran(at=NOON + timedelta(seconds=n), log=[{"event": "x"}]) for n in range(5)]
    ran("stars", status="failed")
    url = "/api/v1/runs?job=tides&status=succeeded&limit=3"
    first = data(as_ann.get(url))
    assert [run["id"] for run in first["runs"]] == [run.pk for run in reversed(made)][:3]
    second = data(as_ann.get(f"{url}&before={first['next']}"))
    assert [run["id"] for run in second["runs"]] == [run.pk for run in reversed(made)][3:]
    assert second["next"] is None
    assert "log" not in first["runs"][0]


@pytest.mark.parametrize(
    "query", ["status=odd", "limit=0", "limit=201", "limit=x", "before=odd", "limit=" + "9" * 5_000]
)
def test_bad_filters_of_runs(as_ann: Client, query: str) -> None:
    assert code(as_ann.get(f"/api/v1/runs?{query}")) == (422, "INVALID_REQUEST")


def test_runs_are_filtered_as_on_the_page(as_ann: Client) -> None:
    wanted = ran(trigger="manual")
    ran("stars", at=NOON)
    ran(at=NOON + timedelta(hours=2), trigger="manual")
    url = "/api/v1/runs?trigger=manual&since=2026-05-04T12:00:00%2B00:00&until=2026-05-04T13:00"
    assert [run["id"] for run in data(as_ann.get(url))["runs"]] == [wanted.pk]
    assert data(as_ann.get("/api/v1/runs?since=&until=&trigger="))["runs"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("runs?state=failed", "state is not a filter of runs. Known: job, status, trigger, since"),
        ("runs?since=soon", "since: 'soon' is no date and time like 2026-01-31T14:00:00+00:00."),
        ("runs?status=odd", "No run has the status 'odd'."),
        ("runs?trigger=odd", "No run has the trigger 'odd'."),
        ("runs/abc", "The run's number must be a whole number."),
    ],
)
def test_what_is_asked_wrongly_is_told_in_plain_words(as_ann: Client, url: str, words: str) -> None:
    answer = as_ann.get(f"/api/v1/{url}")
    assert code(answer) == (422, "INVALID_REQUEST")
    assert words in answer.json()["error"]["message"]


def test_a_field_that_does_not_exist_is_told_with_those_that_do(
    as_ann: Client, tides: JobSchedule
) -> None:
    patched = as_ann.patch("/api/v1/jobs/tides", {"nope": 1}, content_type=JSON)
    said = patched.json()["error"]["message"]
    assert said.startswith("nope is not a field of this call. Known: interval_seconds, cron,")
    paused = as_ann.post("/api/v1/jobs/tides/pause", {"nope": 1}, content_type=JSON)
    said = paused.json()["error"]["message"]
    assert said == "nope is not a field of this call. Known: until, reason."


def test_who_is_not_signed_in_is_told_how(client: Client, db: None) -> None:
    assert client.get("/api/v1/jobs")["WWW-Authenticate"] == "Bearer"


def test_a_run_with_all_its_fields(as_ann: Client) -> None:
    run = ran(result={"n": 1}, log=[{"event": "x"}], traceback="deep")
    told = data(as_ann.get(f"/api/v1/runs/{run.pk}"))["run"]
    assert set(told) == {field.attname for field in JobRun._meta.concrete_fields}
    assert told["log"] == [{"event": "x"}]
    assert told["scheduled_for"] == "2026-05-04T12:00:00+00:00"
    for odd in ("999999999", "1" * 30):
        assert code(as_ann.get(f"/api/v1/runs/{odd}")) == (404, "RUN_NOT_FOUND")
    assert as_ann.get("/api/v1/runs/abc").status_code in (404, 422)


def test_a_run_tells_its_progress_and_its_reason(as_ann: Client) -> None:
    reached = {"done": 40, "total": 100, "text": "<b>rows</b>"}
    run = ran(status="running", progress=reached, reason="they asked")
    told = data(as_ann.get(f"/api/v1/runs/{run.pk}"))["run"]
    assert (told["progress"], told["reason"]) == (reached, "they asked")


def test_who_runs_and_who_cancels_may_say_why(as_ann: Client, tides: JobSchedule) -> None:
    queued = as_ann.post("/api/v1/jobs/tides/run", {"reason": " new\n mod "}, content_type=JSON)
    run = JobRun.objects.get(pk=data(queued)["run_id"])
    assert run.reason == "new mod"
    url = f"/api/v1/runs/{run.pk}/cancel"
    data(as_ann.post(url, {"reason": "never mind"}, content_type=JSON))
    told = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert "new mod" in told[0]
    assert "never mind" in told[1]


@pytest.mark.parametrize("call", ["jobs/tides/run", "runs/{}/cancel"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"reason": "x" * 201}, "A reason is a text of at most 200 characters."),
        ({"reason": 5}, "A reason is a text of at most 200 characters."),
        ({"reason": None}, "A reason is a text of at most 200 characters."),
        ({"why": "so"}, "why is not a field of this call. Known: reason."),
        ([], "why: "),
    ],
)
def test_a_reason_that_is_none_is_refused_and_nothing_is_done(
    as_ann: Client, tides: JobSchedule, call: str, body: object, words: str
) -> None:
    run = ran(status="running")
    answer = as_ann.post(f"/api/v1/{call.format(run.pk)}", body, content_type=JSON)
    assert code(answer) == (422, "INVALID_REQUEST")
    assert answer.json()["error"]["message"].startswith(words)
    assert JobRun.objects.get().cancel_requested_at is None
    assert not LogEntry.objects.exists()


def test_a_run_can_be_cancelled(as_ann: Client, tides: JobSchedule, ann: User) -> None:
    run = actions.run_now(tides, ann)
    told = data(as_ann.post(f"/api/v1/runs/{run.pk}/cancel"))["run"]
    assert told["status"] == "cancelled"
    assert code(as_ann.post(f"/api/v1/runs/{run.pk}/cancel")) == (409, "RUN_NOT_ACTIVE")


def test_settings_are_set_all_or_none(as_ann: Client, schedules: dict[str, JobSchedule]) -> None:
    url = "/api/v1/settings"
    names = ("stars_refresh_interval", "tides_refresh_interval")
    assert data(as_ann.get(url))["settings"] == dict(zip(names, (86_400, 14_400), strict=True))
    told = data(as_ann.patch(url, {names[1]: 600}, content_type=JSON))["settings"]
    assert told == dict(zip(names, (86_400, 600), strict=True))
    bad = as_ann.patch(url, {names[1]: 60, names[0]: 5}, content_type=JSON)
    assert code(bad) == (422, "SETTING_INVALID")
    unknown = as_ann.patch(url, {names[1]: 60, "odd": 5}, content_type=JSON)
    assert code(unknown) == (404, "SETTING_UNKNOWN")
    assert data(as_ann.get(url))["settings"][names[1]] == 600
    refused = InvalidSchedule("Not now.")
    with patch("scheduling.limits.check_reason", side_effect=refused):
        late = as_ann.patch(url, {names[1]: 60}, content_type=JSON)
    assert code(late) == (422, "SETTING_INVALID")
    assert late.json()["error"]["message"] == "Not now."
    assert data(as_ann.get(url))["settings"][names[1]] == 600
    no_table = as_ann.patch(url, "[]", content_type=JSON)
    assert code(no_table) == (422, "INVALID_REQUEST")
    assert no_table.json()["error"]["message"].startswith("values: ")


def test_every_failure_has_the_envelope(as_ann: Client, client: Client, db: None) -> None:
    assert code(as_ann.get("/api/v1/nothing")) == (404, "NOT_FOUND")
    assert code(as_ann.get("/api/v1/jobs/")) == (404, "NOT_FOUND")
    assert code(as_ann.get("/api/v1/")) == (404, "NOT_FOUND")
    assert code(as_ann.get("/api/nothing")) == (404, "NOT_FOUND")
    assert code(as_ann.put("/api/v1/jobs")) == (405, "METHOD_NOT_ALLOWED")
    assert code(as_ann.get("/api/v1/runs?job=%00")) == (400, "BAD_REQUEST")
    assert code(client.get("/api/v1/jobs")) == (401, "UNAUTHORIZED")
    assert code(client.get("/api/v1/jobs", headers={"host": "evil"})) == (400, "BAD_REQUEST")


def test_an_unforeseen_error_tells_nothing(as_ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("scheduling.api.jobs.outlooks", broken)
    answer = as_ann.get("/api/v1/jobs")
    assert code(answer) == (500, "INTERNAL_ERROR")
    assert b"secret" not in answer.content


def test_a_session_needs_the_csrf_token_and_a_bearer_does_not(
    ann: User, tides: JobSchedule
) -> None:
    session = Client(enforce_csrf_checks=True)
    session.force_login(ann)
    assert code(session.post("/api/v1/jobs/tides/pause")) == (403, "FORBIDDEN")
    session.get("/settings/")
    sent = {"X-CSRFToken": session.cookies["csrftoken"].value}
    assert session.post("/api/v1/jobs/tides/pause", headers=sent).status_code == 200
    bearer = Client(
        enforce_csrf_checks=True, headers={"Authorization": f"Bearer {tokens.issue(ann)}"}
    )
    assert bearer.post("/api/v1/jobs/tides/resume").status_code == 200


def test_a_token_is_stored_as_its_digest_only(ann: User) -> None:
    token = tokens.issue(ann)
    assert token.startswith("vsm_")
    assert len(token) == 47
    stored = ApiToken.objects.get()
    assert stored.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in json.dumps(list(ApiToken.objects.values()), default=str)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer vsm_wrong",
        "Bearer ",
        "Bearer",
        "Basic YW5uOng=",
        "vsm_wrong",
        "Bearer é",
        "Bearer \0",
    ],
)
def test_a_bad_token_is_refused_even_with_a_session(as_ann: Client, header: str) -> None:
    answer = as_ann.get("/api/v1/jobs", headers={"Authorization": header})
    assert code(answer) == (401, "UNAUTHORIZED")


def test_tokens_of_inactive_users_are_refused(bearer: Client, ann: User) -> None:
    assert bearer.get("/api/v1/jobs").status_code == 200
    ann.is_active = False
    ann.save()
    assert code(bearer.get("/api/v1/jobs")) == (401, "UNAUTHORIZED")


def test_a_token_does_not_open_the_pages(bearer: Client) -> None:
    assert bearer.get("/settings/").status_code == 302


def test_the_last_use_is_noted_once_a_minute(bearer: Client) -> None:
    bearer.get("/api/v1/jobs")
    first = ApiToken.objects.get().last_used_at
    bearer.get("/api/v1/jobs")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=datetime.now(UTC) - timedelta(minutes=2))
    bearer.get("/api/v1/jobs")
    assert ApiToken.objects.get().last_used_at > first  # type: ignore[operator]


def test_createtoken_prints_a_token_once(
    ann: User, tides: JobSchedule, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("createtoken", "ann")
    token = capsys.readouterr().out.strip()
    answer = Client().get("/api/v1/settings", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    with pytest.raises(CommandError, match="no user called 'odd'"):
        call_command("createtoken", "odd")
