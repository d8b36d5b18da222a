"""What a schedule can't have is refused in admin, page and API with the same words."""

import html
import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from scheduling.models import JobSchedule

INTERVAL = "The interval must be 0 (disabled) or a whole number of seconds from 10 to 31,536,000."
ADMIN_FORM = {
    "timezone": "UTC",
    "misfire_grace_seconds": "60",
    "coalesce": "on",
    "max_instances": "1",
    "max_retries": "0",
}
TIMEOUT = "The timeout must be empty (no limit) or a whole number of seconds from 1 to 604,800."
RETRIES = "The retries must be a whole number from 0 to 20."
PAUSE_END = "The end of a pause must lie in the future, and at most a year ahead."
REASON = "A reason is a text of at most 200 characters."


def said(response: object) -> str:
    return html.unescape(response.content.decode())  # type: ignore[attr-defined]


def change_url(schedule: JobSchedule) -> str:
    return f"/admin/scheduling/jobschedule/{schedule.pk}/change/"


def unchanged(schedule: JobSchedule) -> bool:
    stored = JobSchedule.objects.get(pk=schedule.pk)
    return (stored.interval_seconds, stored.cron, stored.revision) == (
        14_400,
        "",
        schedule.revision,
    )


@pytest.mark.parametrize(
    "typed",
    [
        "-1",
        "5",
        "abc",
        str(10**12),
        "",
        "1e400",
        "5.5",
        "1\0",
        "\uff19\uff19",
        "1" * 5_000,
        " ",
        "0x10",
    ],
)
def test_a_bad_interval(as_ann: Client, tides: JobSchedule, typed: str) -> None:
    page = as_ann.post("/settings/", {"tides_refresh_interval": typed})
    admin = as_ann.post(change_url(tides), {**ADMIN_FORM, "interval_seconds": typed, "cron": ""})
    assert page.status_code == admin.status_code == 200
    assert INTERVAL in said(page)
    assert INTERVAL in said(admin)
    assert said(admin).count("errorlist") == 1
    assert unchanged(tides)


@pytest.mark.parametrize(
    "body",
    [
        *("-1", "5", '"abc"', str(10**12), '""', "1e400", "5.5", '"600"', "true", "null"),
        *("600.0", "[]", "{}", "1" * 5_000, "NaN", '"\\u0000"'),
    ],
)
def test_a_bad_interval_in_the_api(as_ann: Client, tides: JobSchedule, body: str) -> None:
    for url, field, code in (
        ("/api/v1/jobs/tides", "interval_seconds", "INVALID_SCHEDULE"),
        ("/api/v1/settings", "tides_refresh_interval", "SETTING_INVALID"),
    ):
        answer = as_ann.patch(url, f'{{"{field}": {body}}}', content_type="application/json")
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == code
        assert INTERVAL in answer.json()["error"]["message"]
    assert unchanged(tides)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("61 * * * *", "The cron text can't be understood"),
        ("0 0 30 2 *", "The cron text names a date that never comes"),
        ("* * * *", "A cron text has five fields"),
        ("@daily", "A cron text holds digits"),
        ("0 0 * * *\0", "A cron text holds digits"),
        ("* " * 60, "A cron text has at most 100 characters."),
    ],
)
def test_a_bad_cron_text(as_ann: Client, tides: JobSchedule, cron: str, words: str) -> None:
    admin = as_ann.post(
        change_url(tides), {**ADMIN_FORM, "interval_seconds": "14400", "cron": cron}
    )
    api = as_ann.patch(
        "/api/v1/jobs/tides", json.dumps({"cron": cron}), content_type="application/json"
    )
    assert words in said(admin)
    assert said(admin).count("errorlist") == 1
    assert api.status_code == 422
    assert api.json()["error"]["message"].startswith(words)
    assert api.json()["error"]["message"] in said(admin)
    assert unchanged(tides)


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "UTC\0", "", "localtime", "posixrules", "Factory"]
)
def test_a_bad_time_zone(as_ann: Client, tides: JobSchedule, zone: str) -> None:
    typed = {**ADMIN_FORM, "interval_seconds": "14400", "cron": "", "timezone": zone}
    admin = as_ann.post(change_url(tides), typed)
    api = as_ann.patch("/api/v1/jobs/tides", {"timezone": zone}, content_type="application/json")
    assert api.status_code == 422
    assert "There is no time zone called" in api.json()["error"]["message"]
    assert api.json()["error"]["message"] in said(admin)
    assert unchanged(tides)


@pytest.mark.parametrize(
    ("field", "typed", "value", "words"),
    [
        *(("timeout_seconds", str(value), value, TIMEOUT) for value in (0, -1, 604_801, 10**30)),
        ("timeout_seconds", "5.5", 5.5, TIMEOUT),
        ("timeout_seconds", "long", "long", TIMEOUT),
        *(("max_retries", str(value), value, RETRIES) for value in (-1, 21, 10**30)),
        ("max_retries", "many", "many", RETRIES),
        ("max_retries", "1\0", True, RETRIES),
        ("paused_until", "2020-01-01T10:00:00", "2020-01-01T10:00:00+00:00", PAUSE_END),
        ("paused_until", "2999-01-01T10:00:00", "2999-01-01T10:00:00+00:00", PAUSE_END),
        ("pause_reason", "x" * 201, "x" * 201, REASON),
    ],
)
def test_a_bad_timeout_retry_or_pause(
    as_ann: Client, tides: JobSchedule, field: str, typed: str, value: object, words: str
) -> None:
    sent = {**ADMIN_FORM, "interval_seconds": "14400", "cron": "", "paused": "on", field: typed}
    admin = as_ann.post(change_url(tides), sent)
    patch = json.dumps({"paused": True, field: value})
    api = as_ann.patch("/api/v1/jobs/tides", patch, content_type="application/json")
    assert words in said(admin)
    assert said(admin).count("errorlist") == 1
    assert api.status_code == 422
    assert api.json()["error"]["message"] == words
    assert unchanged(tides)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("timeout_seconds", 0, TIMEOUT), ("max_retries", 21, RETRIES), ("pause_reason", 5, REASON)],
)
def test_a_model_cleaned_by_a_script_says_the_same(
    tides: JobSchedule, field: str, value: object, words: str
) -> None:
    setattr(tides, field, value)
    with pytest.raises(ValidationError) as refused:
        tides.clean()
    assert refused.value.message_dict == {field: [words]}
