"""What failed last: which errors count as one, in what windows, and what it costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from scheduling import failures
from scheduling.failures import fingerprint, recent_failures
from scheduling.models import JobRun

from .conftest import NOON, SignIn, ran

PART = "/live/failures/"


def failed(ago: timedelta, error: str = "the sea was away", **fields: Any) -> JobRun:
    return ran(at=NOON - ago, **{"status": "failed", "error": error, **fields})


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gave up after 12 s", "gave up after 3 s"),
        ("object at 0x7f3a99 is gone", "object at 0x1b is gone"),
        ("no mod 'carry-on-2'", "no mod 'tables-17'"),
        ("run 9f8e7d6c5b4a was lost", "run 1234abcd5678 was lost"),
        ("id 0b9c1f6e-5a3d-4c1e-9a77-0d3f2e1c4b5a", "id 11111111-2222-4333-8444-555555555555"),
    ],
)
def test_errors_that_differ_in_numbers_and_ids_are_one(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("connection refused", "connection reset"),
        ("no mod 'tables'", "no mod 'chairs'"),
        ("facade", "decade"),
    ],
)
def test_errors_that_differ_in_words_are_two(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.django_db
def test_failures_are_counted_for_an_hour_a_day_and_a_week() -> None:
    for ago in (minutes(30), minutes(300), timedelta(days=3), timedelta(days=8)):
        failed(ago, "gave up after 12 s")
    [group] = recent_failures(NOON).groups
    assert group.counts == {"1 h": 1, "24 h": 2, "7 d": 3}


@pytest.mark.django_db
def test_a_group_is_of_one_job_and_one_kind_and_the_newest_comes_first() -> None:
    failed(minutes(3))
    newest = failed(minutes(1), "another error")
    failed(minutes(2), job="stars")
    failed(minutes(4), status="timed_out")
    ran(at=NOON - minutes(5), status="cancelled", error="by hand")
    groups = recent_failures(NOON).groups
    assert [group.newest.job_name for group in groups] == ["tides", "stars", "tides", "tides"]
    assert groups[0].newest.id == newest.pk


@pytest.mark.django_db
def test_the_text_is_the_first_line_of_the_latest_error() -> None:
    failed(minutes(9), "row 1 is bad\nthere")
    failed(minutes(1), "row 2 is bad\nhere")
    [group] = recent_failures(NOON).groups
    assert group.newest.text == "row 2 is bad"


@pytest.mark.django_db
def test_an_empty_error_is_a_failure_too() -> None:
    failed(minutes(1), "", status="lost")
    [group] = recent_failures(NOON).groups
    assert group.newest.text == ""


@pytest.mark.django_db
def test_more_than_are_read_are_told_as_at_least(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(failures, "MOST", 3)
    for number in range(3):
        failed(minutes(number + 1))
        failed(minutes(100 + number), status="lost")
    with django_assert_num_queries(1):
        found = recent_failures(NOON)
    assert sum(group.counts["7 d"] for group in found.groups) == 3
    assert not found.is_complete("7 d")
    assert not found.is_complete("1 h")


@pytest.mark.django_db
def test_windows_that_are_read_to_their_end_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "MOST", 3)
    for ago in (minutes(10), minutes(20), minutes(100), minutes(200)):
        failed(ago)
    found = recent_failures(NOON)
    assert found.is_complete("1 h")
    assert not found.is_complete("24 h")


def page(client: Client) -> str:
    return client.get(PART).content.decode()


def test_each_count_leads_to_the_runs_that_it_counts(as_ann: Client) -> None:
    now = datetime.now(UTC)
    for ago in (minutes(10), minutes(20), timedelta(hours=5)):
        ran(at=now - ago, status="failed", error=f"the sea was away for {ago.seconds} s")
    ran(at=now - minutes(15), status="failed", error="the moon was away for 3 s")
    text = page(as_ann)
    since = failures.starts(now)["1 h"]
    link = f"/runs/?job=tides&amp;status=failed&amp;since={since:%Y-%m-%dT%H}%3A{since:%M}"
    link += "&amp;error=the+sea+was+away+for"
    assert f'<a href="{link}">2</a>' in text
    listed = as_ann.get(link.replace("&amp;", "&")).content.decode()
    assert listed.count('data-label="Job"') == 2
    assert "the moon" not in listed


def test_an_error_with_markup_stays_text(as_ann: Client) -> None:
    ran(at=datetime.now(UTC), status="failed", error="<script>alert(1)</script>", job="<b>x</b>")
    text = page(as_ann)
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>" not in text
    assert "<b>" not in text


def test_a_part_asks_at_most_four_queries_and_is_a_304_when_nothing_changed(
    as_ann: Client, django_assert_max_num_queries: Any
) -> None:
    ran(at=datetime.now(UTC), status="failed", error="the sea was away")
    with django_assert_max_num_queries(4):
        first = as_ann.get(PART)
    again = as_ann.get(PART, headers={"HX-PTag": first["HX-PTag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_without_the_right_to_see_runs_there_are_no_failures(sign_in: SignIn) -> None:
    assert sign_in("staff").get(PART).status_code == 403
    assert sign_in("monitor").get(PART).status_code == 200


def test_nothing_failed_is_said(as_ann: Client) -> None:
    assert "Nothing has failed in the last 7 days." in page(as_ann)


def test_windows_begin_at_full_steps_so_that_counts_can_be_kept_for_that_long() -> None:
    step = failures.STEP
    now = NOON + 7 * step + timedelta(seconds=59, microseconds=1)
    for moment in (now, NOON + 7 * step, NOON + 8 * step - timedelta(microseconds=1)):
        begin = failures.starts(moment)
        assert begin == {
            name: NOON + 7 * step - length for name, length in failures.WINDOWS.items()
        }


def test_groups_that_are_not_shown_are_counted(db: None) -> None:
    for number in range(failures.GROUPS + 3):
        failed(minutes(number + 1), error=f"the sea was {'far ' * number}away")
    found = recent_failures(NOON)
    assert (len(found.shown), found.hidden) == (failures.GROUPS, 3)
