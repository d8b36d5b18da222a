"""Parts of pages that are fetched anew, and what they cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scheduling.live import tag
from scheduling.models import JobRun, JobSchedule, SchedulerProcess

from .conftest import SignIn, registered

PART = "/settings/tides/applied/"


def test_a_part_that_has_not_changed_is_a_304(as_ann: Client, tides: JobSchedule) -> None:
    registered(tides, datetime.now(UTC) + timedelta(hours=1))
    first = as_ann.get(PART)
    again = as_ann.get(PART, headers={"HX-PTag": first["HX-PTag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_part_that_has_changed_comes_with_its_new_tag(as_ann: Client, tides: JobSchedule) -> None:
    first = as_ann.get(PART)
    registered(tides, datetime.now(UTC) + timedelta(hours=1))
    again = as_ann.get(PART, headers={"HX-PTag": first["HX-PTag"]})
    assert again.status_code == 200
    assert again["HX-PTag"] != first["HX-PTag"]


def test_the_page_carries_the_tag_of_what_it_shows(as_ann: Client, tides: JobSchedule) -> None:
    part = as_ann.get(PART)
    assert f'hx-ptag="{part["HX-PTag"]}"' in as_ann.get("/settings/").content.decode()


@pytest.mark.parametrize("status", ["running", "queued"])
def test_a_card_of_the_settings_is_fetched_often_while_its_job_runs_or_waits(
    as_ann: Client, tides: JobSchedule, status: str
) -> None:
    run = JobRun.objects.create(job_name="tides", scheduled_for=datetime.now(UTC), status=status)
    # What was passed over meanwhile is newer, but not what goes on.
    later = run.scheduled_for + timedelta(seconds=1)
    JobRun.objects.create(job_name="tides", scheduled_for=later, status="skipped")
    for address in (PART, "/settings/"):
        assert as_ann.get(address).content.count(b"data-running") == 1
    JobRun.objects.filter(pk=run.pk).update(status="succeeded")
    for address in (PART, "/settings/"):
        assert b"data-running" not in as_ann.get(address).content


def test_the_words_of_a_time_and_the_tokens_of_forms_are_no_change() -> None:
    one = '<time datetime="T">in 4 s</time><input name="csrfmiddlewaretoken" value="a">'
    other = '<time datetime="T">in 3 s</time><input name="csrfmiddlewaretoken" value="b">'
    assert tag(one) == tag(other) != tag(one.replace('"T"', '"U"'))


def test_a_part_never_shows_the_page_to_sign_in_on(db: None) -> None:
    answer = Client().get("/live/worker/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize(("person", "status"), [("visitor", 403), ("staff", 200), ("ann", 200)])
def test_all_staff_see_who_leads(
    sign_in: SignIn, leader: SchedulerProcess, person: str, status: int
) -> None:
    answer = sign_in(person).get("/live/worker/?on=line")
    assert answer.status_code == status
    assert (b"lighthouse:7" in answer.content) == (status == 200)


def test_the_newer_of_two_leaders_is_shown(as_ann: Client, leader: SchedulerProcess) -> None:
    now = datetime.now(UTC)
    SchedulerProcess.objects.create(
        host="harbour", pid=8, heartbeat_at=now - timedelta(seconds=2), leading_since=now
    )
    assert b"harbour:8" in as_ann.get("/live/worker/?on=line").content


def test_who_somebody_is_and_may_costs_one_query_beside_the_session(
    sign_in: SignIn, leader: SchedulerProcess, django_assert_num_queries: Any
) -> None:
    client = sign_in("monitor")
    with django_assert_num_queries(3):
        assert client.get("/live/worker/").status_code == 200


def test_rights_from_a_group_and_of_ones_own_both_count(sign_in: SignIn, ann: User) -> None:
    from vsmanager.auth import OneQueryBackend

    [own] = User.user_permissions.rel.model.objects.filter(codename="add_user")
    ann.user_permissions.add(own)
    user = OneQueryBackend().get_user(ann.pk)
    assert user.has_perms(["auth.add_user", "scheduling.change_jobschedule"])
    assert not user.has_perm("auth.delete_user")
    assert user.get_all_permissions() == User.objects.get(pk=ann.pk).get_all_permissions()


def test_who_was_switched_off_is_nobody(sign_in: SignIn, ann: User) -> None:
    client = sign_in("ann")
    User.objects.update(is_active=False)
    assert client.get("/settings/").status_code == 302
