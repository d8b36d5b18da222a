"""What would come of a form stands right below its fields, without JavaScript too."""

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions
from scheduling.models import JobSchedule

from .conftest import SignIn
from .sent import as_sent

HELD = "seen_revision"


@pytest.fixture
def url(tides: JobSchedule) -> str:
    return f"/admin/scheduling/jobschedule/{tides.pk}/change/"


def below_the_fields(page: Any) -> str:
    """What stands between the last field of the schedule and the first of the pause."""
    whole = page.content.decode()
    between = whole.split("field-timezone", 1)[1].split("field-paused", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", between)).split())


def test_the_admin_offers_the_next_runs_right_below_the_schedule(
    as_ann: Client, tides: JobSchedule, url: str
) -> None:
    page = as_ann.get(url)
    assert "The next 10 runs of tides" in below_the_fields(page)
    assert page.content.decode().count('id="preview"') == 1


def test_the_admin_shows_them_for_what_is_typed_and_saves_nothing(
    as_ann: Client, tides: JobSchedule, url: str
) -> None:
    typed = {"interval_seconds": "26", "interval_seconds_unit": "minutes", "max_retries": "3"}
    page = as_ann.post(url, {**as_sent(as_ann.get(url), HELD, **typed), "_preview": ""})
    told = below_the_fields(page)
    assert "every 26 minutes" in told
    assert "about 55 runs a day instead of 6" in told
    assert page.content.decode().count("data-mine") == 10
    assert "errornote" not in page.content.decode()
    shown = as_sent(page, HELD)
    assert {name: shown[name] for name in typed} == typed
    tides.refresh_from_db()
    assert (tides.interval_seconds, tides.max_retries) == (14_400, 0)
    as_ann.post(url, shown)
    tides.refresh_from_db()
    assert (tides.interval_seconds, tides.max_retries) == (1_560, 3)


def test_a_refused_save_in_the_admin_shows_what_would_come_of_what_is_typed(
    as_ann: Client, tides: JobSchedule, url: str
) -> None:
    sent = as_sent(as_ann.get(url), HELD, interval_seconds="26", interval_seconds_unit="minutes")
    page = as_ann.post(url, {**sent, "misfire_grace_seconds": "0"})
    assert "every 26 minutes" in below_the_fields(page)


def test_a_conflicting_save_in_the_admin_shows_what_would_come_of_the_form_as_it_is_now(
    as_ann: Client, tides: JobSchedule, url: str, people: dict[str, User]
) -> None:
    sent = as_sent(as_ann.get(url), HELD, kind="cron", cron="5 5 * * *")
    actions.change(tides, people["root"], timezone="Asia/Kolkata")
    assert "at 05:05 every day (Asia/Kolkata)" in below_the_fields(as_ann.post(url, sent))


def test_what_can_not_be_understood_is_refused_once(
    as_ann: Client, tides: JobSchedule, url: str
) -> None:
    sent = as_sent(as_ann.get(url), HELD, kind="cron", cron="61 * * * *")
    page = as_ann.post(url, {**sent, "_preview": ""})
    assert html.unescape(page.content.decode()).count("The cron text can't be understood") == 1


def test_enter_saves_in_the_admin(as_ann: Client, tides: JobSchedule, url: str) -> None:
    """The first button of a form is the one that Enter presses."""
    form = as_ann.get(url).content.decode().split('id="jobschedule_form"', 1)[1]
    buttons = re.findall(r"<(?:button|input)[^>]*type=\"submit\"[^>]*>", form)
    assert 'name="_save"' in buttons[0]


def test_who_may_only_look_is_led_to_the_next_runs(
    sign_in: SignIn, tides: JobSchedule, url: str
) -> None:
    page = sign_in("monitor").get(url).content.decode()
    assert '<a href="/jobs/tides/preview/">' in page
    assert 'name="_preview"' not in page


@pytest.mark.parametrize("page", ["/jobs/tides/", "/settings/"])
def test_a_page_shows_the_next_runs_of_what_is_typed_and_keeps_it(
    as_ann: Client, tides: JobSchedule, page: str
) -> None:
    name = "tides_refresh_interval"
    typed = {name: "26", f"{name}_unit": "minutes", f"{name}_reason": "because"}
    before = as_ann.get(page)
    [button] = re.findall(rf"<button[^>]*#preview-{name}[^>]*>", before.content.decode())
    assert f'name="_preview" formaction="{page}#preview-{name}"' in button
    answer = as_ann.post(page, {**as_sent(before, name, **typed), "_preview": ""})
    part = answer.content.decode().split(f'id="preview-{name}"', 1)[1]
    assert "every 26 minutes" in part
    assert "about 55 runs a day instead of 6" in part
    assert part.count("data-mine") == 10
    tides.refresh_from_db()
    assert tides.interval_seconds == 14_400
    shown = as_sent(answer, name)
    assert {key: shown[key] for key in typed} == typed
    as_ann.post(page, shown)
    tides.refresh_from_db()
    assert tides.interval_seconds == 1_560


def test_enter_saves_on_the_pages(as_ann: Client, tides: JobSchedule) -> None:
    form = as_ann.get("/jobs/tides/").content.decode().split('class="vs-when"', 1)[1]
    buttons = re.findall(r"<button[^>]*type=\"submit\"[^>]*>", form.split("</form>", 1)[0])
    assert ["data-save" in button for button in buttons] == [True, False]


def test_a_conflict_on_the_pages_shows_what_would_come_of_the_form_as_it_is_now(
    as_ann: Client, tides: JobSchedule, people: dict[str, User]
) -> None:
    name = "tides_refresh_interval"
    actions.change(tides, people["root"], cron="0 6 * * *")
    sent = as_sent(as_ann.get("/jobs/tides/"), name, **{f"{name}_cron": "5 5 * * *"})
    actions.change(tides, people["root"], timezone="Asia/Kolkata")
    assert "at 05:05 every day (Asia/Kolkata)" in html.unescape(
        as_ann.post("/jobs/tides/", sent).content.decode()
    )


def test_a_form_that_sends_nothing_has_nothing_to_foretell(
    as_ann: Client, tides: JobSchedule
) -> None:
    assert as_ann.post("/jobs/tides/", {"_preview": ""}).status_code == 200
