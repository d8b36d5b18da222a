"""What is answered when the database says no in the middle of a request."""

import pytest
from django.db import InterfaceError, OperationalError

AWAY = [OperationalError("database is locked: /srv/db.sqlite3"), InterfaceError("closed: pg-7")]


@pytest.fixture
def asked_when(as_ann, monkeypatch):
    as_ann.raise_request_exception = False

    def ask(error, url):
        def fail(*_args, **_kwargs):
            raise error

        monkeypatch.setattr("scheduling.views.runs.page", fail)
        monkeypatch.setattr("scheduling.api.runs.page", fail)
        return as_ann.get(url)

    return ask


@pytest.mark.parametrize("error", AWAY, ids=type)
def test_a_page_says_that_it_is_the_database_and_when_to_try_again(asked_when, error):
    page = asked_when(error, "/runs/")
    assert (page.status_code, page["Retry-After"]) == (503, "10")
    assert b"The database does not answer" in page.content
    assert str(error).encode() not in page.content


@pytest.mark.parametrize("error", AWAY, ids=type)
def test_the_api_says_so_in_its_own_form(asked_when, error):
    answer = asked_when(error, "/api/v1/runs")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["error"]["code"] == "UNAVAILABLE"
    assert str(error) not in answer.content.decode()


@pytest.mark.parametrize("url", ["/runs/", "/api/v1/runs"])
def test_another_error_is_still_one_of_the_server(asked_when, url):
    answer = asked_when(ZeroDivisionError("a secret"), url)
    assert answer.status_code == 500
    assert b"secret" not in answer.content


def test_a_session_that_can_not_be_read_is_told_the_same_way(as_ann, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OperationalError("the connection was closed")

    as_ann.raise_request_exception = False
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
    assert as_ann.get("/").status_code == 503
