"""What the table of permissions (``test_permission_table``) does not say."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_apscheduler.models import DjangoJob

from scheduling import actions
from scheduling.models import JobRun, JobSchedule

from .conftest import SignIn, ran, registered


@pytest.mark.parametrize("url", ["/settings/", "/settings/tides/applied/", "/runs/", "/runs/RUN/"])
def test_no_page_is_kept_by_a_cache(as_ann: Client, tides: JobSchedule, url: str) -> None:
    kept = as_ann.get(url.replace("RUN", str(ran().pk)))["Cache-Control"]
    assert "no-store" in kept
    assert "private" in kept


def test_the_groups_hold_what_they_are_for(db: None) -> None:
    def rights(group: str) -> set[str]:
        return {
            f"{label}.{name}"
            for label, name in Group.objects.get(name=group).permissions.values_list(
                "content_type__app_label", "codename"
            )
        }

    admin, monitor = rights("Admin"), rights("Monitor")
    assert {"scheduling.change_jobschedule", "scheduling.delete_apitoken", "mods.view_mod"} < admin
    assert {"scheduling.view_jobrun", "mods.view_gameversion"} < monitor
    assert monitor < admin
    assert all(right.split(".")[1].startswith("view_") for right in monitor)
    assert {right.split(".")[0] for right in admin} == {"scheduling", "mods"}


def test_who_may_only_look_can_not_run_admin_actions(sign_in: SignIn, tides: JobSchedule) -> None:
    for action in ("pause", "resume", "run_now", "delete_selected"):
        sign_in("monitor").post(
            "/admin/scheduling/jobschedule/", {"action": action, "_selected_action": [tides.pk]}
        )
    tides.refresh_from_db()
    assert not tides.paused
    assert not JobRun.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        *("/settings/", "/settings/tides/run/", "/settings/tides/pause/", "/settings/pause/"),
        *("/settings/resume/", "/runs/1/cancel/", "/runs/1/again/"),
        *("/mods/tracked/paste/", "/mods/tracked/upload/", "/mods/tracked/clear/"),
        *("/mods/tracked/1/change/", "/mods/tracked/1/remove/", "/mods/1/track/"),
    ],
)
def test_forms_need_their_csrf_token(ann: User, tides: JobSchedule, url: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    answer = client.post(url, {"tides_refresh_interval": "60"})
    assert answer.status_code == 403
    assert b"Please try again" in answer.content


def test_signing_in_never_leads_to_another_site(client: Client, ann: User) -> None:
    ann.set_password("a long password")
    ann.save()
    for elsewhere in ("//evil.example", "https:///evil.example", "/\\evil.example"):
        answer = client.post(
            f"/admin/login/?next={elsewhere}",
            {"username": "ann", "password": "a long password", "next": elsewhere},
        )
        assert "evil" not in answer["Location"]


def test_signing_in_without_a_page_in_mind_leads_home(client: Client, ann: User) -> None:
    ann.set_password("a long password")
    ann.save()
    sent = {"username": "ann", "password": "a long password", "next": ""}
    assert client.post("/admin/login/", sent)["Location"] == "/"


def test_a_schedule_of_a_job_that_is_gone_can_be_deleted(
    as_ann: Client, tides: JobSchedule
) -> None:
    gone = JobSchedule.objects.create(name="gone", interval_seconds=60)
    url = f"/admin/scheduling/jobschedule/{gone.pk}/delete/"
    assert as_ann.post(url, {"post": "yes"}).status_code == 302
    assert not JobSchedule.objects.filter(name="gone").exists()


def test_unscheduled_jobs_leave_the_list_but_not_the_database(
    tides: JobSchedule, ann: User
) -> None:
    registered(tides)
    actions.unschedule(tides, ann)
    assert DjangoJob.objects.filter(id="tides").exists()  # until the worker acts on it
    assert JobSchedule.objects.filter(name="tides").exists()
