"""What a person sees and does, in a real browser, with a real worker behind."""

import re

import pytest

from tests.process.databases import SERVER
from tests.waiting import wait_until

from .pages import PAGES

pytestmark = [
    pytest.mark.skipif(bool(SERVER), reason="pages look the same on either database"),
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.xdist_group("browser"),
]


def test_the_demo_is_up_with_a_leader_and_all_jobs(demo):
    wait_until(lambda: '"job_count": 4' in demo.healthz(), 10)
    assert '"running"' in demo.healthz()


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_fits_a_wide_and_a_narrow_screen(sight, pictures, name, scheme):
    page = sight.page(scheme)
    answer = page.goto(PAGES[name])
    assert answer.status == (404 if name == "refused" else 200)
    page.wait_for_load_state("networkidle")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        suffix = "" if width == 1280 else "-narrow"
        page.screenshot(path=pictures / f"{name}-{scheme}{suffix}.png", full_page=width == 1280)
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width} px"


@pytest.mark.parametrize("language", ["en", "de"])
def test_names_of_jobs_stay_whole_on_the_first_page_at_any_width(sight, language):
    page = sight.page(locale=language)
    page.goto("/")
    for width in (360, 768, 900, 1024, 1100, 1199, 1200, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        lines = page.eval_on_selector_all(
            ".ov-job a", "names => names.map(name => name.getClientRects().length)"
        )
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (set(lines), overflow) == ({1}, 0), f"at {width} px"


def test_only_one_sheet_is_open_at_a_time_and_without_javascript_too(sight):
    for javascript in (True, False):
        page = sight.page(javascript=javascript)
        page.goto("/")
        sheets = page.locator(".ov-pause")
        for number in (0, 1):
            sheets.nth(number).locator("summary").press("Enter")
        assert page.locator(".ov-pause[open]").count() == 1
        assert sheets.nth(1).locator("input[name=reason]").is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_sheet_is_closed_by_escape_by_a_click_elsewhere_and_by_going_on(sight, width):
    page = sight.page(width=width)
    page.goto("/")
    sheet = page.locator(".ov-pause").first
    opener, reason = sheet.locator("summary"), sheet.locator("input[name=reason]")
    opener.click()
    reason.fill("deploy")
    reason.press("Escape")
    assert not reason.is_visible()
    assert opener.evaluate("summary => summary === document.activeElement")
    opener.click()
    reason.click()
    assert reason.is_visible()
    page.locator("h1").click()
    assert not reason.is_visible()
    opener.click()
    sheet.locator("button").last.focus()
    page.keyboard.press("Tab")
    assert not reason.is_visible()


@pytest.mark.parametrize("address", ["/runs/?since=1969-01-01T00:00", "/runs/"])
def test_the_fields_of_a_filter_stand_in_line_whatever_is_said_below_them(sight, address):
    page = sight.page()
    page.goto(address)
    assert page.locator(".vs-filter .errorlist").count() == address.count("1969")
    tops = page.eval_on_selector_all(
        ".vs-filter .vs-field > :is(input, select)",
        "fields => fields.map(field => [field.getBoundingClientRect()]"
        ".map(place => Math.round((place.top + place.bottom) / 2))[0])",
    )
    assert max(tops) - min(tops) <= 1


def test_time_and_level_leave_the_room_of_a_log_to_what_was_logged(sight):
    page = sight.page()
    page.goto("/runs/1/")
    page.eval_on_selector_all(
        ".vs-log td:last-child", "cells => cells.forEach(cell => { cell.textContent = 'short'; })"
    )
    time, level, told = page.eval_on_selector_all(
        ".vs-log tbody tr:first-child td", "cells => cells.map(cell => cell.offsetWidth)"
    )
    assert max(time, level) < 150 < told


def test_a_card_that_grows_leaves_its_neighbour_as_it_is(sight):
    page = sight.page()
    page.goto("/settings/")
    cards = page.locator(".vs-cards .vs-card")
    height = cards.nth(1).bounding_box()["height"]
    cards.first.get_by_role("button", name="The next 10 runs").click()
    cards.first.locator(".vs-preview-slots").wait_for()
    assert cards.nth(1).bounding_box()["height"] == height


@pytest.mark.parametrize("width", [360, 1024, 1280])
@pytest.mark.parametrize(
    ("address", "times"),
    [
        ("/", ".ov-last a time, .ov-next time"),
        ("/jobs/mod_cache_refresh/", ".vs-facts time, .vs-runs a time"),
        ("/runs/1/", ".vs-path time"),
    ],
)
def test_the_exact_time_is_shown_on_focus_too(sight, address, times, width):
    page = sight.page(width=width)
    page.goto(address)
    page.keyboard.press("Tab")  # so that the focus is one of the keyboard
    for time in page.locator(times).all():
        bubble = "time => getComputedStyle(time, '::after').content"
        assert time.evaluate(bubble) == "none"
        time.evaluate("time => (time.closest('a') ?? time).focus()")
        assert time.evaluate(bubble) == f'"{time.get_attribute("title")}"'
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0


def test_an_interval_edited_on_the_page_is_applied_by_the_running_worker(sight):
    page = sight.page()
    page.goto("/settings/")
    card = page.locator("section", has_text="mod_cache_refresh")
    save = card.get_by_role("button", name="Save")
    number, unit = card.get_by_label("mod_list_refresh_interval"), card.get_by_label("Unit")
    assert save.is_disabled()
    number.fill("10")
    unit.select_option("minutes")
    card.get_by_text("144 runs a day instead of 6; ").wait_for()
    assert card.locator("time[data-mine]").count() == 10
    number.fill("4")
    unit.select_option("hours")
    assert save.is_disabled()
    number.fill("10")
    unit.select_option("minutes")
    save.click()
    card.get_by_text("every 10 minutes").first.wait_for()
    card.locator(".vs-applied", has_text=" by ").wait_for()
    # What the line above said before is gone, without a reload.
    card.get_by_text(re.compile(r"^in \d min")).wait_for()


@pytest.mark.parametrize("address", ["/jobs/pruneruns/", "/settings/"])
def test_the_coming_runs_are_shown_with_all_their_times_at_any_width(sight, address):
    page = sight.page(timezone_id="America/Argentina/Buenos_Aires")
    page.goto(address)
    form = page.locator("form.vs-when", has=page.locator("#id_pruneruns"))
    form.get_by_label("by cron").check()
    form.get_by_label("Cron text").fill("30 4 * * *")
    form.get_by_label("Time zone").fill("Australia/Broken_Hill")
    form.locator("td[data-label=UTC]").first.wait_for()
    for width in (360, 767, 1024, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        cut = form.locator(".vs-scroll").evaluate("part => part.scrollWidth - part.clientWidth")
        assert cut <= 0, f"{cut} px are cut at {width} px"
        for time in form.locator("tbody tr").first.locator("td").all():
            assert time.is_visible()


def test_without_javascript_the_page_saves_too(sight):
    page = sight.page(javascript=False)
    page.goto("/settings/")
    page.get_by_label("server_versions_refresh_interval").fill("2")
    page.locator("#id_server_versions_refresh_interval_unit").select_option("hours")
    page.get_by_label("server_versions_refresh_interval").press("Enter")
    page.get_by_text("every day → every 2 hours").wait_for()


def test_a_refused_value_is_marked_and_kept(sight):
    page = sight.page()
    page.goto("/settings/")
    field = page.get_by_label("mod_list_refresh_interval")
    field.fill("5")
    page.locator("#id_mod_list_refresh_interval_unit").select_option("seconds")
    page.get_by_role("button", name="Save mod_list_refresh_interval").click()
    page.get_by_text("must be 0 (disabled) or a whole number of seconds from 10").wait_for()
    assert field.input_value() == "5"


def test_what_was_typed_is_not_lost_to_a_button_beside_it(sight):
    page = sight.page()
    page.goto("/settings/")
    field = page.get_by_label("mod_list_refresh_interval")
    field.fill("55")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("button", name="Run now server_versions_check").click()
    wait_until(lambda: page.wait_for_timeout(50) or asked, 5)
    assert asked == ["beforeunload"]
    assert field.input_value() == "55"


def test_run_now_lands_on_the_new_run(sight):
    page = sight.page()
    page.goto("/settings/")
    page.get_by_role("button", name="Run now server_versions_check").click()
    page.wait_for_url("**/runs/*/")
    wait_until(
        lambda: page.reload() and page.locator(".vs-badge", has_text="succeeded").count(), 15
    )


def test_a_job_can_be_run_by_keyboard_alone(sight):
    page = sight.page()
    page.goto("/settings/")
    page.get_by_label("mod_list_refresh_interval").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if "Run now" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*/")


def test_a_job_is_paused_and_resumed_by_keyboard_without_javascript(sight):
    page = sight.page(javascript=False)
    page.goto("/settings/")
    card = page.locator("section", has_text="pruneruns")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    assert not card.get_by_label("Until").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("for 4")
    page.keyboard.press("Tab")
    page.keyboard.type("deploy")
    page.keyboard.press("Enter")
    page.get_by_text("Paused pruneruns until").wait_for()
    card.get_by_text("by admin: deploy").wait_for()
    card.get_by_role("button", name="Resume").click()
    page.get_by_text("Resumed pruneruns.").wait_for()


def test_all_jobs_are_paused_on_a_narrow_screen_and_a_refusal_keeps_the_form_open(sight):
    page = sight.page(width=360)
    page.goto("/settings/")
    page.locator(".vs-all summary").click()
    top = page.locator(".vs-all")
    top.get_by_label("For how long").select_option("at")
    top.get_by_role("button", name="Pause all").click()
    top.get_by_text("Say until when.").wait_for()
    overflow = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0
    top.get_by_label("Until").fill("2999-01-01T10:00")
    top.get_by_role("button", name="Pause all").click()
    top.get_by_text("at most a year ahead").wait_for()
    top.get_by_label("For how long").select_option("1h")
    top.get_by_role("button", name="Pause all").click()
    page.get_by_text("Paused mod_cache_refresh").wait_for()
    page.get_by_role("button", name="Resume all").click()
    page.get_by_text("Resumed mod_cache_refresh").wait_for()
