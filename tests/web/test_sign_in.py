"""Signing in: slow for whoever guesses, and a session ends when it should."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from scheduling import peer

PASSWORD = "correct horse battery"


@pytest.fixture
def ann(people: dict[str, User]) -> User:
    people["ann"].set_password(PASSWORD)
    people["ann"].save()
    return people["ann"]


def attempt(
    name: str = "ann", password: str = "wrong", client: Client | None = None, **extra: Any
) -> Any:
    """A try to sign in; ``extra`` goes into the request (``REMOTE_ADDR``)."""
    sent = {"username": name, "password": password}
    return (client or Client()).post("/admin/login/", sent, **extra)


def guessed(times: int, **extra: Any) -> list[int]:
    return [attempt(**extra).status_code for _ in range(times)]


def test_the_tenth_wrong_password_has_to_wait(ann: User) -> None:
    assert guessed(12) == [200] * 9 + [429] * 3
    answer = attempt(password=PASSWORD)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert b"Wait 15 minutes" in answer.content


def test_the_wait_ends(ann: User) -> None:
    guessed(10)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert attempt(password=PASSWORD).status_code == 302


def test_tries_while_waiting_do_not_make_it_longer(ann: User) -> None:
    guessed(10)
    before = AccessAttempt.objects.get().attempt_time
    guessed(3)
    assert AccessAttempt.objects.get().attempt_time == before


def test_a_stranger_elsewhere_locks_nobody_out(ann: User) -> None:
    guessed(15, REMOTE_ADDR="198.51.100.7")
    assert attempt(password=PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_whoever_tries_many_accounts_has_to_wait_too(ann: User) -> None:
    said = [attempt(f"nobody{number}").status_code for number in range(102)]
    assert said == [200] * 99 + [429] * 3
    assert attempt(password=PASSWORD).status_code == 429


def test_signing_in_forgets_the_failures_of_that_account_only(ann: User) -> None:
    guessed(9)
    guessed(5, name="root")
    assert attempt(password=PASSWORD).status_code == 302
    assert guessed(9) == [200] * 9
    assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == 14


def test_another_browser_is_no_way_round(ann: User) -> None:
    said = [attempt(HTTP_USER_AGENT=f"browser {number}").status_code for number in range(11)]
    assert said == [200] * 9 + [429] * 2


def test_a_made_up_address_is_no_way_round(ann: User) -> None:
    said = [attempt(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}").status_code for number in range(11)]
    assert said == [200] * 9 + [429] * 2


def test_the_refusal_tells_nothing_of_the_account(ann: User) -> None:
    def told(name: str) -> list[str]:
        return [attempt(name, REMOTE_ADDR="198.51.100.1").content.decode() for _ in range(11)]

    def bare(pages: list[str], name: str) -> list[str]:
        # A token against forged forms is another one each time.
        return [
            "\n".join(line for line in page.replace(name, "").splitlines() if "csrf" not in line)
            for page in pages
        ]

    assert bare(told("ann"), "ann") == bare(told("odd"), "odd")


def test_the_refusal_comes_in_german(ann: User) -> None:
    guessed(10)
    answer = attempt(HTTP_ACCEPT_LANGUAGE="de", HTTP_X_REQUESTED_WITH="XMLHttpRequest")
    assert "Warten Sie 15 Minuten" in answer.content.decode()
    assert "Access-Control-Allow-Origin" not in answer


def test_neither_rows_nor_logs_hold_what_was_typed(
    ann: User, capsys: pytest.CaptureFixture[str]
) -> None:
    attempt("hunter2 in the wrong field", "hunter2")
    assert "hunter2" not in str(list(AccessAttempt.objects.values()))
    told = capsys.readouterr().err
    assert "sign_in_failed" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("name", ["a" * 20_000, "ann\0", "ä" * 200, ""])
def test_odd_names_are_refused_like_others(ann: User, name: str) -> None:
    assert attempt(name).status_code == 200


@pytest.mark.parametrize("url", ["/", "/healthz", "/admin/login/", "/api/v1/jobs", "/runs/"])
def test_other_requests_ask_nothing_of_failures(as_ann: Client, url: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        as_ann.get(url)
    assert not [each["sql"] for each in asked if "axes" in each["sql"]]


@pytest.mark.parametrize(
    ("trusted", "peer_address", "forwarded", "expected"),
    [
        ([], "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (["10.0.0.0/8"], "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.2", "made up, 1.2.3.4, 198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.2", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.1, nonsense", "10.0.0.2"),
        (["10.0.0.0/8"], "10.0.0.2", "", "10.0.0.2"),
        (["unix"], "", "198.51.100.1", "198.51.100.1"),
        ([], "", "198.51.100.1", ""),
        ([], "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        (["10.0.0.0/8"], "::ffff:10.0.0.2", "::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_an_address_is_believed_only_from_a_proxy_that_is_named(
    settings: Settings, trusted: list[str], peer_address: str, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR=peer_address, HTTP_X_FORWARDED_FOR=forwarded)
    assert peer.address(request) == expected


@pytest.mark.parametrize("password", ["elevenchars", "password1234", "123456789012345"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


def test_a_session_gets_another_key_at_sign_in(ann: User) -> None:
    planted = Client()
    planted.force_login(User.objects.get(username="visitor"))
    before = planted.cookies["sessionid"].value
    assert attempt(password=PASSWORD, client=planted).status_code == 302
    assert planted.cookies["sessionid"].value != before
    assert not Session.objects.filter(pk=before).exists()


def test_signing_out_ends_the_session(ann: User) -> None:
    client = Client()
    attempt(password=PASSWORD, client=client)
    kept = client.cookies["sessionid"].value
    client.post("/admin/logout/")
    client.cookies["sessionid"] = kept
    assert client.get("/runs/").status_code == 302


def test_a_new_password_ends_all_other_sessions(ann: User) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        attempt(password=PASSWORD, client=client)
        assert client.get("/runs/").status_code == 200
    fresh = "another horse, no battery"
    sent = {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    assert here.post("/admin/password_change/", sent).status_code == 302
    assert here.get("/runs/").status_code == 200
    assert elsewhere.get("/runs/").status_code == 302


def test_a_session_ends_after_twelve_hours(ann: User) -> None:
    client = Client()
    attempt(password=PASSWORD, client=client)
    assert client.cookies["sessionid"]["max-age"] == 12 * 60 * 60
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get("/runs/").status_code == 302
