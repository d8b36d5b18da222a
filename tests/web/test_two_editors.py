"""Two people change the same schedule: the second takes back nothing that the first set."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions
from scheduling.models import JobSchedule

from .sent import as_sent

HELD = "seen_revision"
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
ALONE = "What you left alone stands here as it is now; saving again changes only what you changed."


@pytest.fixture
def root(people: dict[str, User]) -> User:
    """The first editor; the second is Ann."""
    return people["root"]


@pytest.fixture
def url(tides: JobSchedule) -> str:
    return f"/admin/scheduling/jobschedule/{tides.pk}/change/"


def text(page: Any) -> str:
    return html.unescape(page.content.decode())


def test_a_pause_survives_the_second_editor_of_the_interval(
    as_ann: Client, root: User, tides: JobSchedule, url: str
) -> None:
    typed = as_sent(as_ann.get(url), HELD, interval_seconds="26", interval_seconds_unit="minutes")
    actions.pause(tides, root, until=TOMORROW, reason="deploy")
    refused = as_ann.post(url, typed)
    assert "paused until" in text(refused)
    assert ALONE in text(refused)
    shown = as_sent(refused, HELD)
    assert shown["interval_seconds"] == "26"
    assert (shown["paused"], shown["pause_reason"]) == ("on", "deploy")
    told = text(as_ann.post(url, shown, follow=True))
    assert "Saved. tides: every 4 hours → every 26 minutes" in told
    assert "resumed" not in told
    tides.refresh_from_db()
    assert (tides.paused, tides.paused_until, tides.pause_reason) == (True, TOMORROW, "deploy")


@pytest.mark.parametrize(
    ("first", "second", "stored"),
    [
        (
            {"misfire_grace_seconds": 88},
            {"max_retries": "3"},
            {"misfire_grace_seconds": 88, "max_retries": 3},
        ),
        ({"coalesce": False}, {"max_instances": "2"}, {"coalesce": False, "max_instances": 2}),
        ({"timeout_seconds": 5}, {"coalesce": None}, {"timeout_seconds": 5, "coalesce": False}),
        (
            {"cron": "0 6 * * *", "timezone": "Europe/Berlin"},
            {"max_retries": "1"},
            {"cron": "0 6 * * *", "timezone": "Europe/Berlin", "max_retries": 1},
        ),
        (
            {"interval_seconds": 600},
            {"timeout_seconds": "60"},
            {"interval_seconds": 600, "timeout_seconds": 60},
        ),
        (
            {"timezone": "Asia/Kolkata"},
            {"kind": "cron", "cron": "5 5 * * *"},
            {"cron": "5 5 * * *", "timezone": "Asia/Kolkata"},
        ),
        # What was typed is meant, though another kind was chosen meanwhile.
        (
            {"cron": "0 6 * * *"},
            {"interval_seconds": "26", "interval_seconds_unit": "minutes"},
            {"interval_seconds": 1_560, "cron": ""},
        ),
    ],
)
def test_saving_again_changes_only_what_was_typed(
    as_ann: Client,
    root: User,
    tides: JobSchedule,
    url: str,
    first: dict[str, Any],
    second: dict[str, str | None],
    stored: dict[str, Any],
) -> None:
    typed = as_sent(as_ann.get(url), HELD, **second)
    actions.change(tides, root, **first)
    refused = as_ann.post(url, typed)
    assert refused.status_code == 200
    tides.refresh_from_db()
    assert {name: getattr(tides, name) for name in first} == first
    assert as_ann.post(url, as_sent(refused, HELD)).status_code == 302
    tides.refresh_from_db()
    assert {name: getattr(tides, name) for name in stored} == stored


def test_who_comes_third_is_told_again(
    as_ann: Client, root: User, tides: JobSchedule, url: str
) -> None:
    typed = as_sent(as_ann.get(url), HELD, max_retries="3")
    actions.change(tides, root, misfire_grace_seconds=88)
    typed = as_sent(as_ann.post(url, typed), HELD)
    actions.change(tides, root, misfire_grace_seconds=99)
    refused = as_ann.post(url, typed)
    assert "88 → 99" in text(refused)
    as_ann.post(url, as_sent(refused, HELD))
    tides.refresh_from_db()
    assert (tides.misfire_grace_seconds, tides.max_retries) == (99, 3)


def test_a_pause_that_was_ended_meanwhile_is_not_refused_for_its_end(
    as_ann: Client, root: User, tides: JobSchedule, url: str
) -> None:
    actions.pause(tides, root, until=TOMORROW, reason="deploy")
    typed = as_sent(as_ann.get(url), HELD, max_retries="3")
    actions.resume(tides, root)
    refused = as_ann.post(url, typed)
    assert "Set paused as well" not in text(refused)
    shown = as_sent(refused, HELD)
    assert ("paused" in shown, shown["paused_until"], shown["pause_reason"]) == (False, "", "")
    as_ann.post(url, shown)
    tides.refresh_from_db()
    assert (tides.paused, tides.max_retries) == (False, 3)


def test_an_edit_in_the_very_same_moment_is_told_too(
    as_ann: Client,
    root: User,
    tides: JobSchedule,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other's comes between reading the schedule for this request and locking it."""
    locked = actions.locked
    typed = as_sent(as_ann.get(url), HELD, max_retries="3")

    def too_late(schedule: JobSchedule, revision: int | None = None) -> JobSchedule:
        monkeypatch.setattr(actions, "locked", locked)
        actions.pause(tides, root)
        return locked(schedule, revision)

    monkeypatch.setattr(actions, "locked", too_late)
    refused = as_ann.post(url, typed)
    assert "was changed meanwhile (root at" in text(refused)
    assert "paused" in as_sent(refused, HELD)
    as_ann.post(url, as_sent(refused, HELD))
    tides.refresh_from_db()
    assert (tides.paused, tides.max_retries) == (True, 3)


def test_the_page_of_a_job_takes_over_what_was_left_alone(
    as_ann: Client, root: User, tides: JobSchedule
) -> None:
    name = "tides_refresh_interval"
    actions.change(tides, root, cron="0 6 * * *")
    typed = as_sent(as_ann.get("/jobs/tides/"), name, **{f"{name}_cron": "5 5 * * *"})
    actions.change(tides, root, timezone="Asia/Kolkata", paused=True)
    refused = as_ann.post("/jobs/tides/", typed)
    assert ALONE in text(refused)
    shown = as_sent(refused, name)
    assert (shown[f"{name}_cron"], shown[f"{name}_timezone"]) == ("5 5 * * *", "Asia/Kolkata")
    as_ann.post("/jobs/tides/", shown)
    tides.refresh_from_db()
    assert (tides.cron, tides.timezone, tides.paused) == ("5 5 * * *", "Asia/Kolkata", True)
