"""Finding mods, telling which ones a server runs, and whether they are ready for a version."""

import json

import pytest

from tests.mods.zips import zipped
from tests.process.databases import SERVER
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.skipif(bool(SERVER), reason="pages look the same on either database"),
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.xdist_group("browser"),
]


def listed(page, count: int):
    """Mods of the catalogue that go by one identifier, as the API tells them."""
    rows: list[dict] = []

    def found() -> bool:
        answer = page.request.get("/api/v1/mods?limit=200").json()
        rows[:] = [row for row in answer["data"]["mods"] if len(row["identifiers"]) == 1]
        return len(rows) >= count

    wait_until(found, 20)
    return rows[:count]


def test_mods_are_found_while_somebody_types_and_the_address_says_what_was_asked(sight):
    page = sight.page()
    wanted, *_others = listed(page, 1)
    page.goto("/mods/")
    field = page.locator("#id_q")
    field.press_sequentially(wanted["name"].split()[-1], delay=20)
    page.locator("#mods").get_by_role("link", name=wanted["name"], exact=True).first.wait_for()
    page.wait_for_function("() => location.search.includes('q=')")
    assert page.evaluate("document.activeElement.name") == "q"


def test_a_search_far_down_the_list_looks_at_the_whole_of_it(sight):
    page = sight.page()
    page.goto("/mods/?sort=name")
    first = page.locator("#mods tbody .br-name a").first.inner_text()
    page.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Top").wait_for()
    assert "before=" in page.url
    page.locator("#id_q").press_sequentially(first, delay=5)
    page.locator("#mods").get_by_role("link", name=first, exact=True).first.wait_for()
    page.wait_for_function("() => !location.search.includes('before=')")


def test_a_search_that_gets_no_answer_says_so(sight):
    page = sight.page()
    page.goto("/mods/")
    notice = page.get_by_text("This page could not be brought up to date.")
    assert not notice.is_visible()
    page.route("**/mods/?*q=*", lambda route: route.fulfill(status=404))
    page.locator("#id_q").fill("elk")
    notice.wait_for()
    assert page.locator("#mods tbody tr").count() > 10


def test_nothing_of_it_needs_javascript(sight):
    page = sight.page(javascript=False)
    wanted, *_others = listed(page, 1)
    page.goto("/mods/?sort=name")
    page.get_by_role("link", name="More").click()
    page.locator("#id_q").fill(wanted["name"])
    page.locator("#id_side").select_option("")
    page.get_by_role("button", name="Search").click()
    page.locator("#mods").get_by_role("link", name=wanted["name"], exact=True).first.wait_for()
    page.goto("/mods/readiness/")
    page.locator("#rd-version").select_option("1.21.6")
    page.get_by_role("button", name="Show").click()
    assert "version=1.21.6" in page.url


def test_a_pasted_list_is_tracked_and_its_bad_lines_are_told(sight):
    page = sight.page()
    first, second = (row["identifiers"][0] for row in listed(page, 2))
    page.goto("/mods/tracked/")
    page.locator("#tk-paste summary").click()
    page.locator("#tk-mods").fill(f"{first}@1.0.0\n@@nonsense@@\n{second}")
    page.get_by_role("button", name="Track these").click()
    page.get_by_text("line 2").first.wait_for()
    for identifier in (first, second):
        page.get_by_text(identifier).first.wait_for()
    page.locator(".tk-shown").get_by_role("link", name="with problems").click()
    page.wait_for_url("**/mods/tracked/?show=problems")
    page.go_back()
    page.locator("#tk-search summary").click()
    page.locator("#tk-q").fill(first)
    page.locator("#tk-search").get_by_role("button", name="Search").click()
    page.locator(".tk-found").get_by_text("tracked", exact=False).first.wait_for()


def test_releases_of_new_mods_are_read_at_the_push_of_a_button(sight):
    page = sight.page()
    *_before, fourth = listed(page, 4)
    page.goto("/mods/tracked/")
    page.locator("#tk-paste summary").click()
    page.locator("#tk-mods").fill(fourth["identifiers"][0])
    page.get_by_role("button", name="Track these").click()
    page.get_by_role("button", name="Refresh now").click()
    page.wait_for_url("**/runs/*/")

    def is_read() -> bool:
        page.goto("/mods/tracked/")
        return page.get_by_text("have not been read yet").count() == 0

    wait_until(is_read, 30)
    row = page.locator("tr", has_text=fourth["identifiers"][0])
    assert row.locator("td").nth(2).inner_text()[:1].isdigit()


def test_uploaded_zips_are_read_and_the_readiness_counts_them(sight):
    page = sight.page()
    *_before, third = listed(page, 3)
    info = {"type": "code", "name": "x", "modid": third["identifiers"][0], "version": "0.0.1"}
    page.goto("/mods/tracked/")
    page.locator("#tk-upload summary").click()
    page.locator("#tk-files").set_input_files(
        [
            {
                "name": "good.zip",
                "mimeType": "application/zip",
                "buffer": zipped(("modinfo.json", json.dumps(info))),
            },
            {"name": "bad.zip", "mimeType": "application/zip", "buffer": b"no zip at all"},
        ]
    )
    page.get_by_role("button", name="Read these").click()
    page.get_by_text("bad.zip").first.wait_for()
    page.get_by_text(third["identifiers"][0]).first.wait_for()
    page.get_by_role("link", name="Upgrade readiness").first.click()
    page.locator("h2", has_text="ready").wait_for()
    assert page.locator("#rd-version option").count() > 10
