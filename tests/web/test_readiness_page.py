"""The page and the call that tell whether the mods are ready for a version of the game."""

import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.mods.cast import fetched, game, mod, release, tracked

from .conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE, CALL = "/mods/readiness/", "/api/v1/readiness"


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def server() -> None:
    for version in ("1.22.7", "1.22.6", "1.21.6", "1.23.0-rc.1"):
        game(version, is_latest=version == "1.22.7")
    game("1.20.0", withdrawn_at="2026-05-04T12:00:00Z")
    for number, version in enumerate(("1.22.7", "1.22.6", "1.21.6"), 1):
        one = mod(number, f"for{version.replace('.', '')}")
        fetched(one)
        release(one, "1.1.0", version)
        tracked(one.identifiers[0], "1.0.0", of=one)


def test_the_whole_is_told_and_each_mod_with_what_to_do(as_ann: Client, server: None) -> None:
    page = text(as_ann.get(PAGE))
    assert "1.22.7: 1 of 3 ready, 1 likely, 1 not" in page
    assert page.index("<code>for1216<") < page.index("<code>for1226<") < page.index("for1227<")
    assert 'md-verified"><span aria-hidden="true">✓</span> ready' in page
    assert "update to 1.1.0" in page
    assert 'href="https://mods.vintagestory.at/show/mod/1001#tab-files"' in page
    assert "its newest release 1.1.0 is for 1.21.6" in page
    assert '<option value="1.22.7" selected>' in page
    assert '<option value="1.20.0"' not in page


def test_what_a_mod_needs_is_told_one_after_another(as_ann: Client, server: None) -> None:
    needs = {"for1226": "2.0.0", "xlib": ""}
    tracked("needy", "1.0.0", of=mod(9, "needy"), dependencies=needs)
    page = text(as_ann.get(PAGE))
    assert 'for1226 2.0.0 (too old: 1.0.0)</bdi>, <bdi class="rd-unmet">xlib (missing)' in page


def test_another_version_and_one_tier_can_be_chosen(as_ann: Client, server: None) -> None:
    page = text(as_ann.get(PAGE, {"version": "1.21.6", "tier": "verified"}))
    assert "1.21.6: 1 of 3 ready, 2 not" in page
    assert "<code>for1216<" in page
    assert "<code>for1227<" not in page
    assert "withdrawn" in text(as_ann.get(PAGE, {"version": "1.20.0"}))
    assert "None of them." in text(as_ann.get(PAGE, {"version": "1.21.6", "tier": "unknown"}))


@pytest.mark.parametrize("asked", ["1.99.0", "<script>alert(1)</script>", "9" * 3_000, "1.22"])
def test_a_version_that_is_none_is_told_and_the_newest_shown(
    as_ann: Client, server: None, asked: str
) -> None:
    answer = as_ann.get(PAGE, {"version": asked, "tier": "<b>"})
    assert answer.status_code == 200
    assert 'class="errornote"' in text(answer)
    assert "1.22.7: 1 of 3 ready" in text(answer)
    assert "<script>alert" not in answer.content.decode()


def test_before_anything_is_known_it_says_what_to_do(as_ann: Client) -> None:
    assert "server_versions_check fetches them" in text(as_ann.get(PAGE))
    game("1.22.7")
    assert "No mods are tracked yet." in text(as_ann.get(PAGE))


def test_it_takes_the_same_few_queries_however_many_mods(as_ann: Client, server: None) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as taken:
            as_ann.get(PAGE)
        return len(taken)

    queries()
    few = queries()
    for number in range(10, 70):
        one = mod(number, f"mod{number}")
        release(one, "1.0.0", "1.22.7")
        tracked(f"mod{number}", "1.0.0", of=one, dependencies={"for1227": "3.0.0"})
    assert queries() == few == 7


# The call


def test_the_call_tells_the_same(as_ann: Client, server: None) -> None:
    data = as_ann.get(CALL).json()["data"]
    assert (data["version"], data["ready"], data["total"]) == ("1.22.7", False, 3)
    assert data["counts"] == {"verified": 1, "likely": 1, "not": 1, "unknown": 0}
    assert [each["fit"] for each in data["mods"]] == ["not", "likely", "verified"]
    assert data["mods"][2]["action"] == "update"
    assert data["mods"][2]["release"]["version"] == "1.1.0"
    assert as_ann.get(f"{CALL}?version=1.21.6").json()["data"]["version"] == "1.21.6"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("version=1.99.0", "VERSION_UNKNOWN"),
        ("version=nonsense", "VERSION_UNKNOWN"),
        ("version=" + "9" * 3_000, "VERSION_UNKNOWN"),
        ("versions=1.22.7", "INVALID_REQUEST"),
    ],
)
def test_the_call_refuses_what_it_cannot_tell(
    as_ann: Client, server: None, query: str, code: str
) -> None:
    answer = as_ann.get(f"{CALL}?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code


def test_the_call_is_for_those_who_may_see_tracked_mods(sign_in: SignIn, server: None) -> None:
    told = {name: sign_in(name).get(CALL).status_code for name in ("anonymous", "staff", "monitor")}
    assert told == {"anonymous": 401, "staff": 403, "monitor": 200}
