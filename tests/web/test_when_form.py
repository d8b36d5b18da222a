"""The form of a schedule: interval and unit, cron text or off, and what it would do."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from scheduling import actions
from scheduling.models import JobSchedule
from scheduling.when_form import WhenForm

from .conftest import SignIn, ran, registered

NAME = "tides_refresh_interval"
LIST = "/admin/scheduling/jobschedule/"
HTMX = {"HX-Request": "true"}


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def typed(schedule: JobSchedule, name: str = NAME, **others: object) -> dict[str, object]:
    """What the form sends, unless somebody typed something else."""
    seen = f"{schedule.interval_seconds} {schedule.timezone} {schedule.cron}".strip()
    usual = {
        "kind": "interval",
        "unit": "seconds",
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "reason": "",
        "seen": seen,
        "revision": schedule.revision,
    }
    fields = {f"{name}_{key}": value for key, value in {**usual, **others}.items()}
    return {name: others.get("number", schedule.interval_seconds), **fields}


def stored(schedule: JobSchedule) -> tuple[int, str, str]:
    schedule.refresh_from_db()
    return schedule.interval_seconds, schedule.cron, schedule.timezone


def save(client: Client, sent: dict[str, object]) -> str:
    return text(client.post("/settings/", sent, follow=True))


def test_an_interval_is_shown_in_the_largest_unit_that_divides_it(
    as_ann: Client, tides: JobSchedule
) -> None:
    page = text(as_ann.get("/settings/"))
    assert 'value="4" aria-label="tides_refresh_interval"' in page
    assert '<option value="hours" selected>' in page


@pytest.mark.parametrize(
    ("number", "unit", "seconds"),
    [
        ("90", "minutes", 5_400),
        ("2", "days", 172_800),
        ("30", "seconds", 30),
        ("30", "", 30),
        ("1.5", "hours", 5_400),
        ("0,25", "days", 21_600),
        (" 0.5 ", "minutes", 30),
    ],
)
def test_a_number_counts_in_its_unit(
    as_ann: Client, tides: JobSchedule, number: str, unit: str, seconds: int
) -> None:
    save(as_ann, typed(tides, number=number, unit=unit))
    assert stored(tides)[0] == seconds


@pytest.mark.parametrize(
    ("number", "unit"),
    [
        ("5", "fortnights"),
        ("soon", "hours"),
        ("400", "days"),
        ("-1", "hours"),
        ("1.5", "seconds"),
        ("1.3333", "hours"),
        ("1.5.5", "hours"),
        ("1e3", "hours"),
        ("0.1", "minutes"),
    ],
)
def test_what_is_no_interval_is_refused_and_kept_as_typed(
    as_ann: Client, tides: JobSchedule, number: str, unit: str
) -> None:
    page = save(as_ann, typed(tides, number=number, unit=unit))
    assert "whole number of seconds from 10 to 31,536,000." in page
    assert f'value="{number}"' in page
    assert stored(tides)[0] == 14_400


def test_a_cron_text_with_its_zone_and_back_to_an_interval(
    as_ann: Client, tides: JobSchedule
) -> None:
    sent = typed(tides, kind="cron", cron="30 4 * * *", timezone="Europe/Berlin", reason="tide")
    assert "every 4 hours → at 04:30 every day (Europe/Berlin)" in save(as_ann, sent)
    assert stored(tides) == (14_400, "30 4 * * *", "Europe/Berlin")
    assert '"reason": "tide"' in LogEntry.objects.get().change_message
    save(as_ann, typed(tides, kind="interval", number="1", unit="hours"))
    assert stored(tides) == (3_600, "", "Europe/Berlin")


def test_off_is_neither_interval_nor_cron(as_ann: Client, schedules: dict[str, Any]) -> None:
    save(as_ann, typed(schedules["plain"], "plain", kind="off"))
    assert stored(schedules["plain"]) == (0, "", "UTC")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "cron", "cron": ""}, "A cron text has five fields"),
        ({"kind": "cron", "cron": "61 * * * *"}, "The cron text can't be understood"),
        ({"kind": "cron", "cron": "<script>"}, "A cron text holds digits"),
        ({"kind": "cron", "cron": "1 1 * * *", "timezone": "Mars"}, "no time zone called 'Mars'"),
        ({"kind": "often"}, "often"),
        ({"number": "60", "reason": "x" * 201}, "at most 200 characters"),
    ],
)
def test_refusals_stand_with_the_form_and_nothing_is_saved(
    as_ann: Client, tides: JobSchedule, fields: dict[str, object], words: str
) -> None:
    page = as_ann.post("/settings/", typed(tides, **fields))
    assert page.status_code == 200
    assert words in text(page)
    assert "<script>" not in page.content.decode().split("<main", 1)[-1]
    assert stored(tides) == (14_400, "", "UTC")


def test_what_saving_refuses_stands_with_its_field_if_the_form_has_that(tides: JobSchedule) -> None:
    form = WhenForm(tides, typed(tides))
    assert form.is_valid()
    form.refuse({"interval_seconds": ["Too often."], "queue": ["No such queue."]}, None)
    assert form.errors == {"interval": ["Too often."], "__all__": ["No such queue."]}


def test_what_does_not_belong_to_the_kind_is_not_refused(
    as_ann: Client, tides: JobSchedule
) -> None:
    save(as_ann, typed(tides, kind="interval", number="60", cron="nonsense", timezone="Mars"))
    assert stored(tides) == (60, "", "UTC")


def test_a_form_that_was_left_alone_changes_nothing(
    as_ann: Client, tides: JobSchedule, people: dict[str, User]
) -> None:
    sent = typed(tides)
    actions.change(tides, people["root"], cron="0 6 * * *")
    assert "Nothing was changed." in save(as_ann, sent)
    assert stored(tides)[1] == "0 6 * * *"


def test_the_second_editor_of_a_cron_text_is_told_and_may_save_again(
    as_ann: Client, tides: JobSchedule, people: dict[str, User]
) -> None:
    sent = typed(tides, kind="cron", cron="5 5 * * *", reason="mine")
    actions.change(tides, people["root"], interval_seconds=600)
    page = save(as_ann, sent)
    assert "tides was changed meanwhile (root at" in page
    assert 'value="5 5 * * *"' in page
    assert 'value="mine"' in page
    assert 'value="10" aria-label="tides_refresh_interval"' in page
    assert '<option value="minutes" selected>' in page
    assert stored(tides) == (600, "", "UTC")
    again = dict(re.findall(rf'name="({NAME}_(?:seen|revision))" value="([^"]*)"', page))
    save(as_ann, {**sent, **again})
    assert stored(tides)[1] == "5 5 * * *"


def test_who_may_only_look_sees_the_fields_switched_off(
    sign_in: SignIn, tides: JobSchedule
) -> None:
    page = text(sign_in("monitor").get("/settings/"))
    assert page.count("<fieldset") == page.count(" disabled>") == 3
    assert "data-save" not in page


def preview(client: Client, **fields: object) -> str:
    return text(client.get("/jobs/tides/preview/", fields, headers=HTMX))


def test_the_preview_tells_words_runs_and_the_change(as_ann: Client, tides: JobSchedule) -> None:
    ran("tides", at=datetime.now(UTC) - timedelta(hours=3))
    registered(tides, datetime.now(UTC) + timedelta(hours=1))
    part = preview(as_ann, **{NAME: 1, f"{NAME}_unit": "hours", f"{NAME}_kind": "interval"})
    assert "every hour" in part
    assert "24 runs a day instead of 6; runs at once, since its last slot was 3 hours ago" in part
    assert part.count("data-mine") == 10
    assert "<html" not in part


def test_the_preview_of_a_paused_job_begins_when_the_pause_ends(
    as_ann: Client, tides: JobSchedule, ann: User
) -> None:
    ends = datetime.now(UTC) + timedelta(minutes=50)
    actions.pause(tides, ann, until=ends)
    part = preview(as_ann, **{NAME: 5, f"{NAME}_unit": "minutes", f"{NAME}_kind": "interval"})
    assert f"paused until {ends:%Y-%m-%d %H:%M}" in part
    times = re.findall(r'<time datetime="([^"]+)" data-mine', part)
    assert len(times) == 10
    assert min(map(datetime.fromisoformat, times)) > ends
    assert "If it were resumed now" not in part
    actions.pause(tides, ann)
    part = preview(as_ann, **{NAME: 5, f"{NAME}_unit": "minutes", f"{NAME}_kind": "interval"})
    assert "runs only when it is resumed" in part
    assert "If it were resumed now:" in part


def test_the_preview_marks_what_a_clock_change_touches_in_words(
    as_ann: Client, tides: JobSchedule
) -> None:
    sundays = {"kind": "cron", "cron": "30 2 * 3 0", "timezone": "Europe/Berlin"}
    part = preview(as_ann, **{f"{NAME}_{key}": value for key, value in sundays.items()})
    assert "made up for: the clock skips its time" in part


def test_the_preview_understands_the_admins_names(as_ann: Client, tides: JobSchedule) -> None:
    part = preview(as_ann, interval_seconds=2, interval_seconds_unit="days", kind="interval")
    assert "every 2 days" in part
    assert "3 runs a week instead of 6 runs a day" in part or "about" in part


@pytest.mark.parametrize(
    "fields",
    [
        {f"{NAME}_kind": "cron", f"{NAME}_cron": "<script>alert(1)</script>"},
        {NAME: "<script>", f"{NAME}_kind": "interval"},
        {f"{NAME}_kind": "<script>"},
        {f"{NAME}_kind": "cron", f"{NAME}_cron": "1 1 1 1 1", f"{NAME}_timezone": "<script>"},
        {"interval_seconds": "1" * 5_000},
    ],
)
def test_the_preview_refuses_nonsense_in_words(
    as_ann: Client, tides: JobSchedule, fields: dict[str, object]
) -> None:
    answer = as_ann.get("/jobs/tides/preview/", fields, headers=HTMX)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert "<script" not in answer.content.decode()


def test_without_javascript_the_next_runs_are_a_page(as_ann: Client, tides: JobSchedule) -> None:
    page = text(as_ann.get("/jobs/tides/preview/"))
    assert "<html" in page
    # Nothing was typed of which that could be said.
    assert "nothing changes" not in page
    assert page.count("data-mine") == 10
    assert '<a href="/jobs/tides/">Back to tides</a>' in page


def test_the_preview_costs_two_queries_of_its_own(
    as_ann: Client, tides: JobSchedule, django_assert_max_num_queries: Any
) -> None:
    ran()
    registered(tides, datetime.now(UTC))
    with django_assert_max_num_queries(4):
        preview(as_ann, **{f"{NAME}_kind": "cron", f"{NAME}_cron": "* * * * *"})


def test_no_such_job_has_no_preview(as_ann: Client, tides: JobSchedule) -> None:
    assert as_ann.get("/jobs/nothing/preview/").status_code == 404


def admin_form(schedule: JobSchedule, **others: object) -> dict[str, object]:
    return {
        "kind": "interval",
        "interval_seconds": schedule.interval_seconds,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "misfire_grace_seconds": 60,
        "coalesce": "on",
        "max_instances": 1,
        "seen_revision": schedule.revision,
        **others,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"interval_seconds": 2, "interval_seconds_unit": "hours"}, (7_200, "", "UTC")),
        ({"interval_seconds": 60, "cron": "nonsense"}, (60, "", "UTC")),
        (
            {"kind": "cron", "cron": "5 5 * * *", "interval_seconds": "x"},
            (14_400, "5 5 * * *", "UTC"),
        ),
        ({"kind": "off", "cron": "5 5 * * *"}, (0, "", "UTC")),
    ],
)
def test_the_admin_knows_kinds_and_units_too(
    as_ann: Client, tides: JobSchedule, fields: dict[str, object], expected: tuple[int, str, str]
) -> None:
    url = f"{LIST}{tides.pk}/change/"
    assert as_ann.post(url, admin_form(tides, reason="tide", **fields)).status_code == 302
    assert stored(tides) == expected
    assert '"reason": "tide"' in LogEntry.objects.get().change_message


def test_the_admin_keeps_what_is_no_interval_as_it_was_typed(
    as_ann: Client, tides: JobSchedule
) -> None:
    sent = admin_form(tides, interval_seconds="1.3333", interval_seconds_unit="hours")
    page = text(as_ann.post(f"{LIST}{tides.pk}/change/", sent))
    assert "whole number of seconds from 10 to 31,536,000." in page
    assert 'name="interval_seconds" value="1.3333"' in page
    assert '<option value="hours" selected>' in page


def test_the_admin_does_not_say_that_an_empty_cron_text_means_the_interval(
    as_ann: Client, tides: JobSchedule
) -> None:
    page = text(as_ann.get(f"{LIST}{tides.pk}/change/"))
    assert "Five fields: minute, hour" in page
    assert "the interval counts" not in page


def test_the_admin_refuses_an_empty_cron_text(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.post(f"{LIST}{tides.pk}/change/", admin_form(tides, kind="cron"))
    assert "A cron text has five fields" in text(page)
    assert stored(tides)[0] == 14_400


def test_the_admin_tells_live_what_became_of_the_edit(as_ann: Client, tides: JobSchedule) -> None:
    page = text(as_ann.get(f"{LIST}{tides.pk}/change/"))
    assert "data-pending" in page
    assert 'hx-get="/jobs/tides/preview/"' in page
    registered(tides, datetime.now(UTC) + timedelta(hours=1))
    line = text(as_ann.get("/settings/tides/applied/?part=line"))
    assert "by lighthouse:7" in line
    assert "next run <time" in line
    assert "<dl" not in line
