"""API tokens: what each opens, for how long, and the page where people make their own."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from scheduling import guesses, reauth, tokens
from scheduling.models import ApiToken, JobSchedule, Scope
from tests.confirmed import confirmed
from tests.news.conftest import channel

from .conftest import SignIn, ran

NEW = {"name": "backup", "scope": "view", "days": "30"}


@pytest.fixture(autouse=True)
def _no_guesses_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "guesses", guesses.Guesses())


def bearer(token: str, **extra: Any) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"}, **extra)


def shown(answer: Any) -> str:
    found = re.search(r"vsm_[\w-]{43}", answer.content.decode())
    return found[0] if found else ""


def test_a_token_to_look_changes_nothing(ann: User, tides: JobSchedule) -> None:
    client = bearer(tokens.issue(ann, scope=Scope.VIEW))
    assert client.get("/api/v1/jobs").status_code == 200
    assert client.get("/feeds/changes.atom").status_code == 200
    for path in ("jobs/tides/run", "jobs/tides/pause", f"runs/{ran().pk}/cancel"):
        answer = client.post(f"/api/v1/{path}", {}, content_type="application/json")
        assert answer.status_code == 403, path
        assert answer.json()["error"]["message"] == "This token may only look."


def test_a_token_never_may_more_than_its_owner(people: dict[str, User], tides: JobSchedule) -> None:
    client = bearer(tokens.issue(people["monitor"], scope=Scope.OPERATE))
    assert client.get("/api/v1/jobs").status_code == 200
    assert client.post("/api/v1/jobs/tides/run").status_code == 403


def test_a_token_ends(ann: User) -> None:
    client = bearer(tokens.issue(ann, days=30))
    assert client.get("/api/v1/jobs").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    for url in ("/api/v1/jobs", "/feeds/changes.atom"):
        answer = client.get(url)
        assert answer.status_code == 401
        assert b"expired" in answer.content


def test_tokens_from_before_scopes_go_on_working(ann: User, tides: JobSchedule) -> None:
    token = tokens.PREFIX + "from before"
    with connection.cursor() as cursor:
        # As the version before wrote it.
        cursor.execute(
            "INSERT INTO scheduling_apitoken (user_id, digest, created_at) VALUES (%s, %s, %s)",
            [ann.pk, tokens.digest(token), timezone.now()],
        )
    assert bearer(token).post("/api/v1/jobs/tides/run").status_code == 202
    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize("url", ["/admin/", "/settings/", "/tokens/", "/runs/", "/api/v1/docs"])
def test_a_token_opens_no_page(ann: User, url: str) -> None:
    assert bearer(tokens.issue(ann)).get(url).status_code == 302


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "authorization"])
def test_a_token_in_an_address_or_a_cookie_is_none(ann: User, name: str) -> None:
    token, client = tokens.issue(ann), Client()
    client.cookies[name] = token
    assert client.get(f"/api/v1/versions?{name}={token}").status_code == 401
    assert client.get(f"/feeds/changes.atom?{name}={token}").status_code == 401


def test_whoever_guesses_tokens_has_to_wait(ann: User) -> None:
    said = [bearer(f"vsm_{number}").get("/api/v1/jobs").status_code for number in range(25)]
    assert said == [401] * 20 + [429] * 5
    answer = bearer("vsm_x").get("/feeds/changes.atom")
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    elsewhere = bearer(tokens.issue(ann), REMOTE_ADDR="198.51.100.7")
    assert elsewhere.get("/api/v1/jobs").status_code == 200


def test_good_tokens_go_on_working_where_others_guess(ann: User) -> None:
    # Of which this process has not seen one before.
    good = [bearer(tokens.issue(ann)) for _ in range(2)]
    for number in range(25):
        bearer(f"vsm_{number}").get("/api/v1/jobs")
    assert [each.get("/api/v1/jobs").status_code for each in good] == [200, 200]
    ApiToken.objects.all().delete()
    assert [good[0].get("/api/v1/jobs").status_code for _ in range(2)] == [401, 429]


def test_whoever_has_to_wait_asks_nothing_of_the_database(
    ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(25):
        bearer(f"vsm_{number}").get("/api/v1/jobs")
    with django_assert_num_queries(0):
        assert bearer("vsm_x").get("/api/v1/jobs").status_code == 429


def test_guesses_are_forgotten_after_a_minute() -> None:
    seen = guesses.Guesses()
    for _ in range(guesses.LIMIT):
        seen.was_wrong("here", "x", now=100.0)
    assert seen.must_wait("here", "x", now=159.0)
    assert not seen.must_wait("here", "x", now=160.0)
    assert not seen.must_wait("there", "x", now=159.0)


def test_guesses_from_everywhere_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "_REMEMBERED", 10)
    seen = guesses.Guesses()
    for number in range(100):
        seen.was_wrong(f"{number}", "x", now=1.0)
        seen.was_good(f"{number}")
    assert (len(seen._wrong), len(seen._good)) == (10, 10)


def test_a_busy_database_keeps_nobody_from_looking(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    client = bearer(tokens.issue(ann))
    monkeypatch.setattr("django.db.models.query.QuerySet.update", busy)
    assert client.get("/api/v1/versions").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "scope", "days"),
    [
        ([], "operate", 90),
        (["--scope", "view"], "view", 90),
        (["--days", "7"], "operate", 7),
        (["--days", "never", "--name", "backup"], "operate", None),
    ],
)
def test_createtoken_takes_a_scope_and_an_end(
    ann: User, arguments: list[str], scope: str, days: int | None
) -> None:
    call_command("createtoken", "ann", *arguments)
    token = ApiToken.objects.get()
    assert token.scope == scope
    ends = None if token.expires_at is None else (token.expires_at - timezone.now()).days + 1
    assert ends == days


@pytest.mark.parametrize("days", ["0", "-1", "x", "9" * 30, "1.5", "3651", "²"])
def test_createtoken_refuses_odd_ends(ann: User, days: str) -> None:
    with pytest.raises(CommandError, match="from 1 to 3650, or never"):
        call_command("createtoken", "ann", f"--days={days}")
    assert not ApiToken.objects.exists()


def test_a_person_makes_a_token_and_sees_it_once(as_ann: Client, tides: JobSchedule) -> None:
    answer = as_ann.post("/tokens/", NEW)
    token = shown(answer)
    assert "no-store" in answer["Cache-Control"]
    assert bearer(token).get("/api/v1/jobs").status_code == 200
    assert bearer(token).post("/api/v1/jobs/tides/run").status_code == 403
    again = as_ann.get("/tokens/").content.decode()
    assert token not in again
    assert "backup" in again
    assert "look only" in again
    assert token not in str(list(LogEntry.objects.values()))
    assert LogEntry.objects.get().user.username == "ann"


def test_a_person_sees_and_revokes_only_their_own(
    as_ann: Client, sign_in: SignIn, people: dict[str, User]
) -> None:
    tokens.issue(people["root"], name="that of root")
    tokens.issue(people["ann"], name="that of ann")
    ApiToken.objects.filter(user=people["ann"]).update(id=2**40)
    page = as_ann.get("/tokens/").content.decode()
    assert "that of ann" in page
    assert "that of root" not in page
    of_root, of_ann = (ApiToken.objects.get(user=people[name]) for name in ("root", "ann"))
    assert as_ann.post(f"/tokens/{of_root.pk}/revoke/").status_code == 404
    assert as_ann.post(f"/tokens/{2**80}/revoke/").status_code == 404
    assert as_ann.post(f"/tokens/{of_ann.pk}/revoke/").status_code == 302
    assert [*ApiToken.objects.all()] == [of_root]


def test_making_a_token_asks_for_the_password(ann: User) -> None:
    ann.set_password("correct horse battery")
    ann.save()
    client = Client()
    client.force_login(ann)
    answer = client.post("/tokens/", NEW)
    assert not ApiToken.objects.exists()
    assert answer["Location"].startswith("/confirm/?next=%2Ftokens%2F%3Fname%3Dbackup")
    back = client.get(answer["Location"]).context["next"]
    wrong = client.post("/confirm/", {"password": "x", "next": back})
    assert "This is not your password." in wrong.content.decode()
    assert client.post("/tokens/", NEW).status_code == 302
    right = client.post("/confirm/", {"password": "correct horse battery", "next": back})
    assert right["Location"] == back
    assert 'value="backup"' in client.get(back).content.decode()
    assert shown(client.post("/tokens/", NEW))


def test_signing_in_is_giving_the_password(ann: User) -> None:
    ann.set_password("correct horse battery")
    ann.save()
    client = Client()
    client.post("/admin/login/", {"username": "ann", "password": "correct horse battery"})
    assert shown(client.post("/tokens/", NEW))


def test_the_password_of_somebody_else_does_not_do(as_ann: Client, people: dict[str, User]) -> None:
    people["visitor"].set_password("correct horse battery")
    people["visitor"].save()
    confirmed(as_ann, ago=reauth.TO_SEND)
    # Who is no staff is not signed in by this, so the session stays that of ann.
    as_ann.post("/admin/login/", {"username": "visitor", "password": "correct horse battery"})
    assert as_ann.post("/tokens/", NEW).status_code == 302
    assert not ApiToken.objects.exists()


def test_guessing_the_password_of_an_open_browser_has_to_wait(as_ann: Client) -> None:
    said = [as_ann.post("/confirm/", {"password": "x"}).status_code for _ in range(11)]
    assert said == [200] * 9 + [429] * 2


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil", "https:///evil", "/\\evil", "\t//evil", "/\t/evil", "javascript:alert(1)", "evil"],
)
def test_the_password_leads_to_no_other_site(ann: User, elsewhere: str) -> None:
    ann.set_password("correct horse battery")
    ann.save()
    client = Client()
    client.force_login(ann)
    sent = {"password": "correct horse battery", "next": elsewhere}
    assert client.post("/confirm/", sent)["Location"] == "/"
    assert client.get("/confirm/", {"next": elsewhere}).context["next"] == "/"


@pytest.mark.parametrize(
    ("ago", "opens", "sends"), [(0, True, True), (700, False, True), (1_900, False, False)]
)
def test_channels_of_news_ask_for_the_password_once_in_a_while(
    as_ann: Client, ago: float, *, opens: bool, sends: bool
) -> None:
    confirmed(as_ann, ago=ago)
    made = channel()
    for page in ("add/", f"{made.pk}/change/"):
        url = f"/admin/mods/newschannel/{page}"
        assert (as_ann.get(url).status_code == 200) == opens
        asked = as_ann.post(url, {"name": "x"}).headers.get("Location", "")
        assert asked.startswith("/confirm/") != sends


def test_who_may_only_look_at_channels_is_not_asked(sign_in: SignIn) -> None:
    monitor = confirmed(sign_in("monitor"), ago=9_999)
    assert monitor.get(f"/admin/mods/newschannel/{channel().pk}/change/").status_code == 200


def test_a_password_noted_in_the_future_is_none(as_ann: Client) -> None:
    confirmed(as_ann, ago=-3_600)
    assert as_ann.post("/tokens/", NEW).status_code == 302


def test_the_traceback_is_shown_to_those_who_may_change_runs(
    sign_in: SignIn, people: dict[str, User]
) -> None:
    run = ran(status="failed", error="ValueError: x", traceback="Traceback: the_secret_line")
    page, in_admin, call = f"/runs/{run.pk}/", "/admin/scheduling/jobrun", f"/api/v1/runs/{run.pk}"
    for url in (page, f"{page}live/", f"{in_admin}/{run.pk}/change/", call):
        assert b"the_secret_line" in sign_in("ann").get(url).content, url
        assert b"the_secret_line" not in sign_in("monitor").get(url).content, url
    to_look = bearer(tokens.issue(people["ann"], scope=Scope.VIEW))
    assert b"the_secret_line" not in to_look.get(call).content
    assert b"the_secret_line" in bearer(tokens.issue(people["ann"])).get(call).content
