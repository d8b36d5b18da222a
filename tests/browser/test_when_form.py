"""The form of a schedule while somebody types into it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.process.databases import SERVER

from .conftest import Sight

pytestmark = [
    pytest.mark.skipif(bool(SERVER), reason="pages look the same on either database"),
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.xdist_group("browser"),
]

JOB = "/jobs/mod_cache_refresh/"
ADMIN = "/admin/scheduling/jobschedule/1/change/"


def save_of(page: Any) -> Any:
    return page.locator("form.vs-when [data-save], .submit-row [name=_save]")


def reason_of(page: Any) -> Any:
    return page.locator("[data-why]")


@pytest.mark.parametrize("url", [JOB, ADMIN])
def test_a_reason_alone_is_nothing_to_save(sight: Sight, url: str) -> None:
    page = sight.page()
    page.goto(url)
    expect(save_of(page)).to_be_disabled()
    reason_of(page).fill("because")
    expect(save_of(page)).to_be_disabled()
    page.get_by_role("spinbutton").first.fill("29")
    expect(save_of(page)).to_be_enabled()


@pytest.mark.parametrize("url", [JOB, ADMIN])
def test_what_is_hidden_again_is_nothing_to_save(sight: Sight, url: str) -> None:
    page = sight.page()
    page.goto(url)
    page.get_by_role("radio", name="by cron").check()
    page.locator("input[type=text][name$=cron]").fill("5 5 * * *")
    expect(save_of(page)).to_be_enabled()
    page.get_by_role("radio", name="every").check()
    expect(save_of(page)).to_be_disabled()
    page.get_by_role("radio", name="by cron").check()
    expect(page.locator("input[type=text][name$=cron]")).to_have_value("5 5 * * *")
    expect(save_of(page)).to_be_enabled()
