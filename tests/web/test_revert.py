"""A schedule taken back to how it was."""

import html
import json
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions
from scheduling.models import JobSchedule

from .conftest import SignIn
from .test_job_page import PAGE, said


@pytest.fixture
def edited(tides: JobSchedule, ann: User) -> JobSchedule:
    """Every 4 hours, then every hour with a timeout, then a cron text."""
    actions.change(tides, ann, interval_seconds=3_600, timeout_seconds=60, reason="quicker")
    actions.change(tides, ann, cron="30 4 * * *", timezone="Europe/Berlin")
    return tides


def entries() -> list[LogEntry]:
    """Oldest first."""
    return list(LogEntry.objects.order_by("pk"))


def go_back(
    client: Client, entry: LogEntry | int, *, follow: bool = True, job: str = "tides", **sent: Any
) -> Any:
    number = entry if isinstance(entry, int) else entry.pk
    return client.post(f"/jobs/{job}/revert/{number}/", sent, follow=follow)


def stored() -> tuple[int, str, str, int | None]:
    found = JobSchedule.objects.get(name="tides")
    return found.interval_seconds, found.cron, found.timezone, found.timeout_seconds


def test_one_click_takes_it_back_to_how_it_was_after_a_change(
    as_ann: Client, edited: JobSchedule
) -> None:
    answer = go_back(as_ann, entries()[0], revision=edited.revision)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert stored() == (3_600, "", "UTC", 60)
    assert "Taken back: at 04:30 every day (Europe/Berlin) → every hour" in said(answer)


def test_the_very_first_change_can_be_undone(as_ann: Client, edited: JobSchedule) -> None:
    go_back(as_ann, entries()[0], revision=edited.revision, side="before")
    assert stored() == (14_400, "", "UTC", None)


def test_going_back_is_a_change_like_any_other(
    as_ann: Client, ann: User, edited: JobSchedule
) -> None:
    go_back(as_ann, entries()[0], revision=edited.revision)
    *_others, last = entries()
    note = json.loads(last.change_message)[0]
    assert last.user == ann
    assert note["after"]["cron"] == ""
    assert re.fullmatch(r"back to how it was on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+", note["reason"])
    # And it can be taken back itself.
    edited.refresh_from_db()
    go_back(as_ann, entries()[1], revision=edited.revision)
    assert stored() == (3_600, "30 4 * * *", "Europe/Berlin", 60)


def test_the_page_says_what_would_change_before_it_is_pressed(
    as_ann: Client, edited: JobSchedule
) -> None:
    first, last = entries()
    page = as_ann.get(PAGE).content.decode()
    rows = dict(re.findall(r'<li id="state-(\d+-\w+)">(.*?)</li>', page, re.DOTALL))
    text = {
        key: html.unescape(" ".join(re.sub(r"<[^>]*>", " ", row).split()))
        for key, row in rows.items()
    }
    assert list(text) == [f"{last.pk}-after", f"{first.pk}-after", f"{first.pk}-before"]
    assert "as it is now" in text[f"{last.pk}-after"]
    assert "Back to this schedule" not in text[f"{last.pk}-after"]
    now = "Schedule: at 04:30 every day (Europe/Berlin) →"
    assert f"Back to this schedule would change now: {now} every hour" in text[f"{first.pk}-after"]
    assert (
        f"Back to this schedule would change now: {now} every 4 hours" in text[f"{first.pk}-before"]
    )
    assert "Timed out after: 1 minute → never" in text[f"{first.pk}-before"]


def test_pauses_are_not_gone_back_to(as_ann: Client, ann: User, edited: JobSchedule) -> None:
    actions.pause(edited, ann, reason="deploy")
    actions.change(edited, ann, cron="", interval_seconds=60)
    actions.resume(edited, ann)
    paused = entries()[2]
    go_back(as_ann, paused, revision=edited.revision)
    edited.refresh_from_db()
    assert (edited.cron, edited.paused, edited.pause_reason) == ("30 4 * * *", False, "")
    actions.pause(edited, ann, reason="again")
    go_back(as_ann, entries()[0], revision=edited.revision)
    edited.refresh_from_db()
    assert (edited.cron, edited.paused, edited.pause_reason) == ("", True, "again")


def test_what_only_paused_or_resumed_is_told_without_a_way_back(
    as_ann: Client, ann: User, edited: JobSchedule
) -> None:
    actions.pause(edited, ann, reason="deploy")
    actions.change(edited, ann, cron="", interval_seconds=60)
    actions.resume(edited, ann)
    page = as_ann.get(PAGE).content.decode()
    rows = dict(re.findall(r'<li id="state-(\d+)-after">(.*?)</li>', page, re.DOTALL))
    _first, second, paused, _changed, resumed = (str(entry.pk) for entry in entries())
    assert "deploy" in rows[paused]
    for row in (rows[paused], rows[resumed]):
        assert "Pause" in row
        assert "Back to this schedule" not in row
        assert "as it is now" not in row
    assert "Back to this schedule" in rows[second]


def test_a_change_that_came_meanwhile_is_told_and_stays(
    as_ann: Client, people: dict[str, User], edited: JobSchedule
) -> None:
    seen = edited.revision
    actions.change(edited, people["root"], cron="0 5 * * *")
    answer = go_back(as_ann, entries()[0], revision=seen)
    assert "was changed meanwhile (root at" in said(answer)
    assert stored() == (3_600, "0 5 * * *", "Europe/Berlin", 60)


@pytest.mark.parametrize("revision", ["", "abc", "-1", "0", "9" * 40, "1.5", "\x00"])
def test_a_revision_that_nobody_has_seen_overwrites_nothing(
    as_ann: Client, edited: JobSchedule, revision: str
) -> None:
    answer = go_back(as_ann, entries()[0], revision=revision)
    assert answer.status_code == 200
    assert stored() == (3_600, "30 4 * * *", "Europe/Berlin", 60)


def test_nothing_to_do_is_said(as_ann: Client, edited: JobSchedule) -> None:
    answer = go_back(as_ann, entries()[-1], revision=edited.revision)
    assert "Nothing to do: it is like that already." in said(answer)
    assert len(entries()) == 2


def test_what_is_not_valid_any_more_is_refused_in_words(
    as_ann: Client, ann: User, tides: JobSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.change(tides, ann, interval_seconds=10)
    actions.change(tides, ann, interval_seconds=600)
    monkeypatch.setattr(JobSchedule, "min_interval", 60)
    answer = go_back(as_ann, entries()[0], revision=tides.revision)
    assert "It can't go back to that: The interval must be 0 (disabled) or a whole" in said(answer)
    assert stored()[0] == 600


def test_an_entry_of_another_schedule_is_a_404(
    as_ann: Client, ann: User, edited: JobSchedule, schedules: dict[str, JobSchedule]
) -> None:
    stars = schedules["stars"]
    actions.change(stars, ann, interval_seconds=60)
    answer = go_back(as_ann, entries()[-1], revision=edited.revision, follow=False)
    assert answer.status_code == 404
    assert stored() == (3_600, "30 4 * * *", "Europe/Berlin", 60)


@pytest.mark.parametrize("number", [0, 1, 2**31, 2**63, 10**30])
def test_an_entry_that_there_is_not_is_a_404(
    as_ann: Client, tides: JobSchedule, number: int
) -> None:
    assert go_back(as_ann, number, revision=1, follow=False).status_code == 404


def test_a_job_that_there_is_not_is_a_404(as_ann: Client, edited: JobSchedule) -> None:
    assert go_back(as_ann, entries()[0], job="gone", follow=False).status_code == 404


def test_a_side_that_there_is_not_is_a_404(as_ann: Client, edited: JobSchedule) -> None:
    answer = go_back(as_ann, entries()[0], revision=edited.revision, side="up", follow=False)
    assert answer.status_code == 404


def test_running_a_job_is_nothing_to_go_back_to(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    actions.run_now(tides, ann)
    [entry] = entries()
    assert go_back(as_ann, entry, revision=tides.revision, follow=False).status_code == 404
    assert f"state-{entry.pk}" not in as_ann.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "state",
    [
        *({}, [], "x", None, 5, {"interval_seconds": "60"}, {"interval_seconds": True}),
        *({"name": "stars"}, {"revision": 7}, {"paused": False}, {"interval_seconds": 2**70}),
    ],
)
def test_a_state_that_can_not_be_read_is_nothing_to_go_back_to(
    as_ann: Client, edited: JobSchedule, state: object
) -> None:
    entry = entries()[0]
    entry.change_message = json.dumps([{"revision": 1, "state": state}])
    entry.save()
    assert as_ann.get(PAGE).status_code == 200
    answer = go_back(as_ann, entry, revision=edited.revision, follow=False)
    assert answer.status_code == 404
    assert stored() == (3_600, "30 4 * * *", "Europe/Berlin", 60)


def test_only_buttons_change_something(as_ann: Client, edited: JobSchedule) -> None:
    assert as_ann.get(f"/jobs/tides/revert/{entries()[0].pk}/").status_code == 405


@pytest.mark.parametrize("person", ["anonymous", "visitor", "staff", "monitor"])
def test_who_may_not_change_schedules_can_not_take_them_back(
    sign_in: SignIn, edited: JobSchedule, person: str
) -> None:
    go_back(sign_in(person), entries()[0], revision=edited.revision, follow=False)
    assert stored() == (3_600, "30 4 * * *", "Europe/Berlin", 60)


def test_after_many_changes_the_first_can_still_be_undone(
    as_ann: Client, ann: User, tides: JobSchedule
) -> None:
    for seconds in range(600, 640):
        actions.change(tides, ann, interval_seconds=seconds)
    first = entries()[0]
    page = as_ann.get(PAGE).content.decode()
    assert f'id="state-{first.pk}-before"' in page
    assert page.count("Back to this schedule") == 19 + 1
    go_back(as_ann, first, revision=tides.revision, side="before")
    assert stored()[0] == 14_400
