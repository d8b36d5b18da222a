"""Who may only look, or not even that, changes nothing: call by call, at every address there is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from mods.models import NewsChannel
from scheduling.api.v1 import api
from scheduling.models import JobRun, JobSchedule
from scheduling.tokens import issue
from tests.mods.zips import good

from .addresses import Samples, a_row_of_each, filled, routes
from .conftest import SignIn

# The pages that take a POST, but for those of the admin. Whoever adds one says so here.
CHANGING = {
    "scheduling-settings",
    "scheduling-pause-all",
    "scheduling-resume-all",
    "scheduling-pause",
    "scheduling-resume",
    "scheduling-run-now",
    "scheduling-job",
    "scheduling-revert",
    "scheduling-cancel",
    "scheduling-run-again",
    "scheduling-tokens",
    "scheduling-token-revoke",
    "mods-tracked-paste",
    "mods-tracked-upload",
    "mods-tracked-clear",
    "mods-tracked-change",
    "mods-tracked-remove",
    "mods-track",
}
# This one takes a POST and changes nothing but the session.
ASKING = "scheduling-confirm"
# And the calls of the API that change something.
CALLS = {
    ("delete", "/api/v1/jobs/{name}"),
    ("patch", "/api/v1/jobs/{name}"),
    ("post", "/api/v1/jobs/{name}/run"),
    ("post", "/api/v1/jobs/{name}/pause"),
    ("post", "/api/v1/jobs/{name}/resume"),
    ("post", "/api/v1/runs/{run_id}/cancel"),
    ("patch", "/api/v1/settings"),
}
POWERLESS = ("anonymous", "visitor", "staff", "monitor")
# Whatever a form of these pages holds, so that nothing is refused for want of a field.
TYPED = {
    "tides_refresh_interval": "600",
    "tides_refresh_interval_kind": "interval",
    "reason": "because",
    "side": "after",
    "mods": "unheardof@1.0.0",
    "version": "2.0.0",
    "name": "new",
    "scope": "view",
    "days": "7",
}
IN_THE_ADMIN = {"post": "yes", "select_across": "1", "name": "new", "event": "job_failed"}
ACTIONS = ("delete_selected", "pause", "run_now", "cancel")
REFUSED_PAGE, REFUSED_CALL = {302, 401, 403, 405}, {401, 403}


@pytest.fixture(autouse=True)
def tests_sent(monkeypatch: pytest.MonkeyPatch) -> list[NewsChannel]:
    """The channels to which somebody sent a test."""
    sent: list[NewsChannel] = []
    monkeypatch.setattr("mods.news.admin.send_test", lambda to: sent.append(to) or "")
    return sent


@pytest.fixture
def samples(tides: JobSchedule, ann: User) -> Samples:
    return a_row_of_each(tides, ann)


def pages(samples: Samples) -> dict[str, str]:
    """The address of every page that is neither of the admin nor of the API, by its name."""
    return {
        each.name or route: filled(route, samples)
        for route, each in routes(get_resolver().url_patterns)
        if not route.startswith(("/admin/", "/api/"))
    }


def admin_pages(samples: Samples) -> list[str]:
    """All but the one to sign out, and whatever else begins so: there is nothing."""
    return [
        filled(route, samples)
        for route, each in routes(get_resolver().url_patterns)
        if route.startswith("/admin/") and each.name != "logout" and "P<url>" not in route
    ]


def calls() -> set[tuple[str, str]]:
    """Everything that the API documents and that is more than looking."""
    paths: dict[str, Any] = api.get_openapi_schema()["paths"]
    return {(method, path) for path, methods in paths.items() for method in methods} - {
        ("get", path) for path in paths
    }


def everything() -> str:
    """All that could be changed; when somebody was last here may."""
    rows = {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label != "sessions.Session"
    }
    for row in (*rows["auth.User"], *rows["scheduling.ApiToken"]):
        row.pop("last_login", None)
        row.pop("last_used_at", None)
    return json.dumps(rows, default=str)


@contextmanager
def nothing_written() -> Iterator[None]:
    """Quicker than comparing everything after each call, and it shows which call it was."""
    written = []

    def watch(execute: Any, sql: str, *others: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and "django_session" not in sql:
            written.append(sql)
        return execute(sql, *others)

    with connection.execute_wrapper(watch):
        yield
    assert written == []


def test_every_page_that_takes_a_post_is_known_here(sign_in: SignIn, samples: Samples) -> None:
    root = sign_in("root")
    taking = {
        name
        for name, address in pages(samples).items()
        if root.post(address, {"revision": "0"}).status_code != 405
    }
    assert taking == CHANGING | {ASKING}


def test_every_call_that_changes_something_is_known_here(db: None) -> None:
    assert calls() == CALLS


@pytest.mark.parametrize("person", POWERLESS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_page_lets_them_change_anything(
    sign_in: SignIn, samples: Samples, tides: JobSchedule, person: str, method: str
) -> None:
    client = sign_in(person)
    typed = {**TYPED, "revision": str(tides.revision)} if method == "post" else {}
    before = everything()
    for name, address in pages(samples).items():
        with nothing_written():
            answer = getattr(client, method)(address, typed)
        if name == ASKING and person in ("staff", "monitor") and method == "post":
            assert answer.status_code == 200
            continue
        assert answer.status_code in REFUSED_PAGE, name
        if answer.status_code == 302:
            assert answer["Location"].startswith("/admin/login/"), name
    assert everything() == before


@pytest.mark.parametrize("person", POWERLESS)
def test_no_page_of_the_admin_lets_them_change_anything(
    sign_in: SignIn, samples: Samples, tests_sent: list[NewsChannel], person: str
) -> None:
    client, before = sign_in(person), everything()
    for address in admin_pages(samples):
        is_list = address.count("/") == 4
        for action in ACTIONS if is_list else ACTIONS[:1]:
            with nothing_written():
                answer = client.post(address, {**TYPED, **IN_THE_ADMIN, "action": action})
            assert answer.status_code < 500, address
    assert everything() == before
    assert tests_sent == []


@pytest.mark.parametrize("person", POWERLESS)
@pytest.mark.parametrize("by", ["session", "token"])
def test_no_call_lets_them_change_anything(
    sign_in: SignIn, people: dict[str, User], samples: Samples, person: str, by: str
) -> None:
    client = sign_in(person)
    if by == "token" and person in people:
        client = Client(headers={"Authorization": f"Bearer {issue(people[person])}"})
    body = {
        "patch /api/v1/jobs/{name}": {"interval_seconds": 600},
        "patch /api/v1/settings": {"tides_refresh_interval": 600},
    }
    before = everything()
    for method, path in sorted(calls()):
        sent = body.get(f"{method} {path}", {})
        address = path.format(**samples)
        answer = getattr(client, method)(address, sent, content_type="application/json")
        assert answer.status_code in REFUSED_CALL, (method, path)
    assert everything() == before


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_those_who_may_change_things_get_through(
    sign_in: SignIn, samples: Samples, tides: JobSchedule, name: str
) -> None:
    """Else the tests above would show nothing."""
    if name == "scheduling-run-again":
        JobRun.objects.update(status="failed", finished_at="2026-05-04T12:00:09Z")
    if "resume" in name:
        JobSchedule.objects.update(paused=True)
        tides.refresh_from_db()
    before = everything()
    typed: dict[str, Any] = {**TYPED, "revision": str(tides.revision)}
    if name == "mods-tracked-upload":
        typed["files"] = [SimpleUploadedFile("good.zip", good())]
    answer = sign_in("ann").post(pages(samples)[name], typed)
    assert answer.status_code in (200, 302), name
    assert everything() != before, name


@pytest.mark.parametrize("model", ["newschannel", "newsrule", "trackedmod"])
def test_those_who_may_change_things_get_through_in_the_admin(
    as_ann: Client, samples: Samples, tests_sent: list[NewsChannel], model: str
) -> None:
    address = filled(f"/admin/mods/{model}/<object_id>/delete/", samples)
    before = everything()
    assert address in admin_pages(samples)
    assert as_ann.post(filled("/admin/mods/newschannel/<pk>/test/", samples)).status_code == 302
    assert len(tests_sent) == 1
    assert as_ann.post(address, IN_THE_ADMIN).status_code == 302
    assert everything() != before
