"""Who may only look, or not even that, changes nothing: call by call, at every address there is."""

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions, urls
from scheduling.api.v1 import api
from scheduling.models import ApiToken, JobRun, JobSchedule
from scheduling.tokens import issue

from .conftest import SignIn, ran

# The pages that take a POST. Whoever adds one says so here.
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
}
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
}
REFUSED_PAGE, REFUSED_CALL = {302, 401, 403, 405}, {401, 403}


@pytest.fixture
def samples(tides: JobSchedule, ann: User) -> dict[str, str]:
    """What stands in an address for each of its parameters."""
    actions.change(tides, ann, interval_seconds=3_600)
    entry = LogEntry.objects.get()
    actions.change(tides, ann, interval_seconds=7_200)
    run = ran(status="running", finished_at=None)
    return {"name": "tides", "run_id": str(run.pk), "entry_id": str(entry.pk)}


def pages(samples: dict[str, str]) -> dict[str, str]:
    """The address of every page of scheduling, by its name. A parameter without a sample
    fails here."""
    found = {}
    for route in urls.urlpatterns:
        address = "/" + str(route.pattern)
        for parameter, converter in route.pattern.converters.items():
            kind = {"JobName": "job", "IntConverter": "int"}[type(converter).__name__]
            address = address.replace(f"<{kind}:{parameter}>", samples[parameter])
        assert "<" not in address
        found[str(route.name)] = address
    return found


def calls() -> set[tuple[str, str]]:
    """Everything that the API documents and that is more than looking."""
    paths: dict[str, Any] = api.get_openapi_schema()["paths"]
    return {(method, path) for path, methods in paths.items() for method in methods} - {
        ("get", path) for path in paths
    }


def everything() -> str:
    """All that could be changed."""
    tables = (JobSchedule, JobRun, LogEntry, ApiToken, User)
    rows = [list(table.objects.order_by("pk").values()) for table in tables]  # type: ignore[attr-defined]
    for user in rows[-1]:
        del user["last_login"]
    return json.dumps(rows, default=str)


def test_every_page_that_takes_a_post_is_known_here(
    sign_in: SignIn, samples: dict[str, str]
) -> None:
    root = sign_in("root")
    taking = {
        name
        for name, address in pages(samples).items()
        if root.post(address, {"revision": "0"}).status_code != 405
    }
    assert taking == CHANGING


def test_every_call_that_changes_something_is_known_here(db: None) -> None:
    assert calls() == CALLS


@pytest.mark.parametrize("person", POWERLESS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_page_lets_them_change_anything(
    sign_in: SignIn, samples: dict[str, str], tides: JobSchedule, person: str, method: str
) -> None:
    client = sign_in(person)
    typed = {**TYPED, "revision": str(tides.revision)}
    before = everything()
    for name, address in pages(samples).items():
        answer = (
            client.post(address, typed) if method == "post" else getattr(client, method)(address)
        )
        assert answer.status_code in REFUSED_PAGE, name
        if answer.status_code == 302:
            assert answer["Location"].startswith("/admin/login/"), name
        assert everything() == before, name


@pytest.mark.parametrize("person", POWERLESS)
@pytest.mark.parametrize("by", ["session", "token"])
def test_no_call_lets_them_change_anything(
    sign_in: SignIn, people: dict[str, User], samples: dict[str, str], person: str, by: str
) -> None:
    client = sign_in(person)
    if by == "token" and person in people:
        client = Client(headers={"Authorization": f"Bearer {issue(people[person])}"})
    body = {
        "patch /api/v1/jobs/{name}": {"interval_seconds": 600},
        "patch /api/v1/settings": {"tides_refresh_interval": 600},
    }
    before = everything_but_tokens()
    for method, path in sorted(calls()):
        sent = body.get(f"{method} {path}", {})
        address = path.format(**samples)
        answer = getattr(client, method)(address, sent, content_type="application/json")
        assert answer.status_code in REFUSED_CALL, (method, path)
        assert everything_but_tokens() == before, (method, path)


def everything_but_tokens() -> str:
    """A token notes when it was used."""
    tables: list[Any] = json.loads(everything())
    return json.dumps([tables[0], tables[1], tables[2], tables[4]])


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_those_who_may_change_things_get_through(
    sign_in: SignIn, samples: dict[str, str], tides: JobSchedule, name: str
) -> None:
    """Else the tests above would show nothing."""
    if name == "scheduling-run-again":
        JobRun.objects.update(status="failed", finished_at="2026-05-04T12:00:09Z")
    if "resume" in name:
        JobSchedule.objects.update(paused=True)
        tides.refresh_from_db()
    before = everything()
    answer = sign_in("ann").post(pages(samples)[name], {**TYPED, "revision": str(tides.revision)})
    assert answer.status_code == 302, name
    assert everything() != before, name
