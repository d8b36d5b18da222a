"""Who gets what at which address, method by method."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_apscheduler.models import DjangoJob

from scheduling import actions
from scheduling.models import JobRun, JobSchedule

from .conftest import SignIn, ran, registered

PEOPLE = ("anonymous", "visitor", "staff", "monitor", "ann", "root")
LOGIN, NO, OK, MOVED, ANON = 302, 403, 200, 302, 401

PAGES = [
    # address, method, then what each of PEOPLE gets
    ("/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/live/jobs/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/live/failures/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/live/extra/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/wall/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/live/wall/jobs/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/live/wall/worker/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/settings/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/settings/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/settings/tides/applied/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/settings/tides/pause/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/settings/tides/resume/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/settings/pause/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/settings/pause/", "get", (405,) * 6),
    ("/settings/resume/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/settings/tides/pause/", "get", (405,) * 6),
    ("/settings/tides/run/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/settings/tides/run/", "get", (405,) * 6),
    ("/jobs/tides/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/jobs/tides/preview/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/jobs/tides/preview/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/jobs/tides/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/jobs/tides/head/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/jobs/tides/times/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/jobs/tides/history/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/jobs/tides/revert/1/", "get", (405,) * 6),
    ("/jobs/tides/revert/1/", "post", (LOGIN, NO, NO, NO, 404, 404)),
    ("/changes/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/changes/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/changes/newest/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/runs/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/day/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/day/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/day/live/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/runs/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/runs/RUN/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/runs/live/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/runs/live/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/runs/export/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/runs/export/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/runs/RUN/live/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/runs/RUN/again/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/runs/RUN/again/", "get", (405,) * 6),
    ("/runs/RUN/cancel/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/runs/RUN/cancel/", "get", (405,) * 6),
    ("/mods/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/mods/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/mods/1/", "get", (LOGIN, NO, NO, 404, 404, 404)),
    ("/mods/changes/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/versions/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/feeds/changes.atom", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/feeds/changes.atom", "post", (405,) * 6),
    ("/mods/tracked/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/mods/tracked/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/mods/tracked/paste/", "post", (LOGIN, NO, NO, NO, OK, OK)),
    ("/mods/tracked/paste/", "get", (LOGIN, NO, NO, MOVED, MOVED, MOVED)),
    ("/mods/tracked/upload/", "post", (LOGIN, NO, NO, NO, OK, OK)),
    ("/mods/tracked/upload/", "get", (LOGIN, NO, NO, MOVED, MOVED, MOVED)),
    ("/mods/tracked/clear/", "get", (LOGIN, NO, NO, NO, OK, OK)),
    ("/mods/tracked/clear/", "post", (LOGIN, NO, NO, NO, MOVED, MOVED)),
    ("/mods/tracked/1/change/", "post", (LOGIN, NO, NO, NO, 404, 404)),
    ("/mods/tracked/1/change/", "get", (405,) * 6),
    ("/mods/tracked/1/remove/", "post", (LOGIN, NO, NO, NO, 404, 404)),
    ("/mods/tracked/1/remove/", "get", (405,) * 6),
    ("/mods/1/track/", "post", (LOGIN, NO, NO, NO, 404, 404)),
    ("/mods/1/track/", "get", (405,) * 6),
    ("/mods/readiness/", "get", (LOGIN, NO, NO, OK, OK, OK)),
    ("/mods/readiness/", "post", (LOGIN, NO, NO, 405, 405, 405)),
    ("/admin/", "get", (LOGIN, LOGIN, OK, OK, OK, OK)),
    ("/admin/scheduling/jobschedule/", "get", (LOGIN, LOGIN, NO, OK, OK, OK)),
    ("/admin/scheduling/jobschedule/TIDES/change/", "get", (LOGIN, LOGIN, NO, OK, OK, OK)),
    ("/admin/scheduling/jobschedule/TIDES/change/", "post", (LOGIN, LOGIN, NO, NO, OK, OK)),
    ("/admin/scheduling/jobschedule/TIDES/delete/", "post", (LOGIN, LOGIN, NO, NO, NO, NO)),
    ("/admin/scheduling/jobschedule/add/", "get", (LOGIN, LOGIN, NO, NO, NO, NO)),
    ("/admin/scheduling/jobrun/", "get", (LOGIN, LOGIN, NO, OK, OK, OK)),
    ("/admin/scheduling/jobrun/RUN/change/", "get", (LOGIN, LOGIN, NO, OK, OK, OK)),
    ("/admin/scheduling/jobrun/RUN/change/", "post", (LOGIN, LOGIN, NO, NO, NO, NO)),
    ("/admin/scheduling/jobrun/RUN/delete/", "post", (LOGIN, LOGIN, NO, NO, NO, NO)),
    ("/admin/scheduling/jobrun/add/", "post", (LOGIN, LOGIN, NO, NO, NO, NO)),
    ("/admin/scheduling/schedulerprocess/", "get", (LOGIN, LOGIN, NO, OK, OK, OK)),
    ("/admin/scheduling/schedulerprocess/add/", "get", (LOGIN, LOGIN, NO, NO, NO, NO)),
    ("/admin/scheduling/apitoken/", "get", (LOGIN, LOGIN, NO, OK, OK, OK)),
    ("/admin/scheduling/apitoken/add/", "get", (LOGIN, LOGIN, NO, NO, NO, NO)),
    ("/api/v1/docs", "get", (LOGIN, LOGIN, OK, OK, OK, OK)),
    ("/api/v1/openapi.json", "get", (LOGIN, LOGIN, OK, OK, OK, OK)),
    ("/healthz", "get", (OK,) * 6),
    ("/readyz", "get", (OK,) * 6),
]

API = [
    ("/api/v1/jobs", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/api/v1/jobs/tides", "patch", (ANON, NO, NO, NO, OK, OK)),
    ("/api/v1/jobs/tides", "delete", (ANON, NO, NO, NO, OK, OK)),
    ("/api/v1/jobs/tides/run", "post", (ANON, NO, NO, NO, 202, 202)),
    ("/api/v1/jobs/tides/pause", "post", (ANON, NO, NO, NO, OK, OK)),
    ("/api/v1/jobs/tides/resume", "post", (ANON, NO, NO, NO, OK, OK)),
    ("/api/v1/runs", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/api/v1/runs/RUN", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/api/v1/runs/RUN/cancel", "post", (ANON, NO, NO, NO, OK, OK)),
    ("/api/v1/versions", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/api/v1/mods", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/api/v1/changes", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/api/v1/readiness", "get", (ANON, NO, NO, 422, 422, 422)),
    ("/api/v1/settings", "get", (ANON, NO, NO, OK, OK, OK)),
    ("/api/v1/settings", "patch", (ANON, NO, NO, NO, OK, OK)),
]


@pytest.mark.parametrize(("url", "method", "expected"), PAGES + API)
def test_everybody_gets_what_they_should(
    sign_in: SignIn, tides: JobSchedule, url: str, method: str, expected: tuple[int, ...]
) -> None:
    for person, status in zip(PEOPLE, expected, strict=True):
        JobSchedule.objects.update(interval_seconds=14_400)
        run = ran(status="queued", started_at=None, finished_at=None)
        address = url.replace("RUN", str(run.pk)).replace("TIDES", str(tides.pk))
        client, sent = sign_in(person), "application/json" if "/api/" in url else None
        if sent and method != "get":
            answer = getattr(client, method)(address, {}, content_type=sent)
        else:
            answer = getattr(client, method)(address)
        assert answer.status_code == status, person
        if status == LOGIN and person in ("anonymous", "visitor"):
            assert answer["Location"].startswith("/admin/login/?next=/")
        JobRun.objects.all().delete()


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
