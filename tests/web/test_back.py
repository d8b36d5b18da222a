"""After an action people are where they were, and never on another site."""

import pytest
from django.test import Client

from scheduling.models import JobRun, JobSchedule

from .conftest import SignIn

ACTIONS = ("pause", "resume", "run")


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_form_leads_back_to_the_page_it_stands_on(
    as_ann: Client, tides: JobSchedule, action: str
) -> None:
    answer = as_ann.post(f"/settings/tides/{action}/", {"next": "/jobs/tides/?a=b"})
    assert answer["Location"] == "/jobs/tides/?a=b"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "elsewhere",
    [
        *("//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example"),
        *("javascript:alert(1)", "evil.example", "/\t/evil.example", "", "///evil.example"),
    ],
)
def test_it_never_leads_to_another_site(
    as_ann: Client, tides: JobSchedule, action: str, elsewhere: str
) -> None:
    answer = as_ann.post(
        f"/settings/tides/{action}/", {"next": elsewhere}, headers={"Referer": "https://evil.x/"}
    )
    assert answer["Location"].startswith(("/settings/", "/runs/"))


def test_a_run_that_is_refused_leads_back_too(as_ann: Client, tides: JobSchedule) -> None:
    for _twice in range(2):
        answer = as_ann.post("/settings/tides/run/", {"next": "/jobs/tides/"}, follow=True)
    assert answer.redirect_chain == [("/jobs/tides/", 302)]
    assert "A run of tides already waits for a worker." in answer.content.decode()


def test_a_run_keeps_its_reason(as_ann: Client, tides: JobSchedule) -> None:
    as_ann.post("/settings/tides/run/", {"reason": "  after   the fix "})
    assert JobRun.objects.get().reason == "after the fix"


@pytest.mark.parametrize("person", ["ann", "root"])
def test_too_long_a_reason_is_refused_in_words(
    sign_in: SignIn, tides: JobSchedule, person: str
) -> None:
    sent = {"reason": "x" * 201, "next": "/jobs/tides/"}
    answer = sign_in(person).post("/settings/tides/run/", sent, follow=True)
    assert "A reason is a text of at most 200 characters." in answer.content.decode()
    assert not JobRun.objects.exists()
