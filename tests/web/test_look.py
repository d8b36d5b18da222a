"""What holds for all pages: the policy against foreign scripts, and the templates' manners."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from scheduling.models import JobSchedule
from scheduling.templatetags.scheduling import in_relation

from .conftest import NOON, SignIn, ran, registered

TEMPLATES = sorted(
    path
    for folder in ("templates", "scheduling/templates")
    for path in (Path(__file__).parents[2] / folder).rglob("*.html")
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_inline_script_or_style(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert "|safe" not in source
    assert "autoescape off" not in source


def test_every_page_carries_a_strict_policy(as_ann: Client, tides: JobSchedule) -> None:
    run = ran()
    for url in ("/", "/wall/", "/settings/", "/runs/", f"/runs/{run.pk}/", "/admin/", "/nothing/"):
        policy = as_ann.get(url)["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_only_the_documentation_of_the_api_may_style_itself(as_ann: Client) -> None:
    answer = as_ann.get("/api/v1/docs")
    assert "style-src 'self' 'unsafe-inline'" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    assert b"cdn." not in answer.content


@pytest.mark.parametrize("url", ["/", "/settings/", "/runs/", "/admin/"])
def test_every_page_leads_to_the_others(as_ann: Client, tides: JobSchedule, url: str) -> None:
    page = as_ann.get(url).content.decode()
    for other in ("/", "/settings/", "/runs/", "/admin/"):
        assert f'<a href="{other}"' in page


def test_times_are_exact_for_machines_and_on_hover(as_ann: Client) -> None:
    ran(at=NOON)
    assert (
        '<time datetime="2026-05-04T12:00:00.000+00:00" title="2026-05-04 12:00:00 UTC">'
        "2026-05-04 12:00:00</time>"
    ) in as_ann.get("/runs/").content.decode()


def test_the_next_run_can_be_reached_by_tab_but_not_each_time_of_a_list(
    as_ann: Client, tides: JobSchedule
) -> None:
    registered(tides, NOON)
    ran(at=NOON)
    for address in ("/", "/settings/", "/jobs/tides/"):
        page = as_ann.get(address).content.decode()
        assert re.findall(
            r'<time [^>]*tabindex="0" title="2026-05-04 12:00:00 UTC"[^>]*"due">', page
        )
    assert not re.search("<time [^>]*tabindex", as_ann.get("/runs/").content.decode())


@pytest.mark.parametrize("url", ["/settings/", "/runs/", "/admin/scheduling/jobrun/"])
def test_the_zone_of_the_times_stands_on_every_page_once(as_ann: Client, url: str) -> None:
    assert as_ann.get(url).content.decode().count("Times are in UTC.") == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (14_399, "in 3 h 59 min"),
        (14_400, "in 4 h"),
        (-90, "1 min 30 s ago"),
        (6 * 86_400 + 59, "in 6 d"),
        (45, "in 45 s"),
        (29 * 86_400 + 7_200, "in 29 d 2 h"),
        (-1_746 * 86_400 - 61_200, "1,746 d ago"),
    ],
)
def test_times_are_told_in_two_units(seconds: int, words: str) -> None:
    assert in_relation(NOON + timedelta(seconds=seconds), NOON) == words


def test_errors_have_pages_of_the_same_look(sign_in: SignIn, as_ann: Client) -> None:
    missing, refused = as_ann.get("/nothing/"), sign_in("visitor").get("/runs/")
    for page in (missing, refused):
        assert b"scheduling/scheduling.css" in page.content
        assert b"scheduling/favicon.svg" in page.content
    assert b"You are signed in as visitor." in refused.content
    assert b'<form method="post" action="/admin/logout/">' in refused.content
    assert b"There is nothing at this address." in missing.content
    assert b"Your account may not see or do this." in refused.content


def test_an_error_of_the_server_tells_nothing(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("scheduling.views.settings.outlooks", broken)
    as_ann.raise_request_exception = False
    page = as_ann.get("/settings/")
    assert page.status_code == 500
    assert b"Something went wrong" in page.content
    assert b"secret" not in page.content
