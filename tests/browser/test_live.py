"""What goes on by itself while somebody looks: with a real worker, and without a reload."""

import pytest

from tests.process.databases import SERVER

pytestmark = [
    pytest.mark.skipif(bool(SERVER), reason="pages look the same on either database"),
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.xdist_group("browser"),
]


class Traffic:
    """The requests for live parts that a page makes, with the status of each answer."""

    def __init__(self, page) -> None:
        self.answers: list[tuple[str, int]] = []
        page.on("response", self._note)

    def _note(self, response) -> None:
        if "hx-ptag" in response.request.headers:
            self.answers.append((response.url, response.status))

    def of(self, part: str) -> list[int]:
        return [status for url, status in self.answers if part in url]


def start(page, job: str) -> None:
    """Run a job now, from its page; the page of the new run is shown then."""
    page.goto(f"/jobs/{job}/")
    sheet = page.locator("#job-run-now")
    sheet.locator("summary").click()
    sheet.get_by_label("Reason").fill("to see it run")
    sheet.get_by_role("button").click()
    page.wait_for_url("**/runs/*/")


def test_a_running_job_is_watched_and_cancelled_without_a_reload(stage):
    page = stage.page()
    start(page, "voyage")
    page.evaluate("window.notReloaded = true")
    page.get_by_text("to see it run").first.wait_for()
    page.locator(".vs-event", has_text="leg_sailed").nth(3).wait_for()
    bar = page.locator("progress")
    before = float(bar.get_attribute("value"))
    page.wait_for_function("value => document.querySelector('progress').value > value", arg=before)
    page.locator("#sheet-cancel summary").click()
    page.locator("#reason-cancel").fill("seen enough")
    page.locator("#sheet-cancel button").click()
    page.locator(".vs-badge", has_text="cancelled").first.wait_for()
    assert page.locator("[data-running]").count() == 0


def test_a_page_just_opened_looks_at_once_whether_its_run_is_over(stage):
    page = stage.page()
    start(page, "voyage")
    page.add_init_script(
        "document.addEventListener('htmx:before:request',"
        " () => { window.asked ??= performance.now(); })"
    )
    page.reload()
    page.wait_for_function("() => window.asked")
    # Else it looks every 3 seconds.
    assert page.evaluate("window.asked") < 2_900
    page.locator("#sheet-cancel summary").click()
    page.locator("#reason-cancel").fill("seen enough")
    page.locator("#sheet-cancel button").click()


def test_a_run_settles_by_itself_when_it_ends(stage):
    page = stage.page()
    start(page, "wreck")
    page.evaluate("window.notReloaded = true")
    page.locator(".vs-badge", has_text="failed").first.wait_for()
    # Markup in an error stays text.
    page.get_by_text("ran <b>aground</b> on rock 17").first.wait_for()
    assert page.evaluate("window.notReloaded")


def test_a_card_of_the_settings_tells_when_the_run_has_ended(stage):
    page, other = stage.page(), stage.page()
    start(other, "voyage")
    page.goto("/settings/")
    page.evaluate("window.notReloaded = true")
    card = page.locator("section", has=page.get_by_role("heading", name="voyage"))
    card.locator("[data-running]").wait_for()
    other.locator("#sheet-cancel summary").click()
    other.locator("#sheet-cancel button").click()
    card.locator(".vs-badge", has_text="cancelled").wait_for()
    card.locator("[data-running]").wait_for(state="detached")
    assert page.evaluate("window.notReloaded")


def test_a_long_word_stays_whole_on_a_tile_of_the_wall(stage):
    start(stage.page(), "wreck")
    page = stage.page(locale="de")
    page.goto("/wall/")
    state = page.locator("section", has=page.get_by_role("heading", name="wreck")).locator(
        ".wall-state", has_text="fehlgeschlagen"
    )
    state.wait_for()
    for width in (360, 1024, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        lines = state.evaluate("""state => {
            const word = document.createRange();
            word.selectNodeContents(state.lastChild);
            return word.getClientRects().length;
        }""")
        assert lines == 1, f"at {width} px"


def test_folds_and_focus_survive_a_refresh(stage):
    page = stage.page()
    start(page, "voyage")
    page.goto("/")
    fold = page.locator("[data-live] details").first
    fold.locator("summary").click()
    fold.locator("summary").focus()
    with page.expect_response(lambda answer: "hx-ptag" in answer.request.headers):
        pass
    assert fold.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_nothing_is_fetched_while_nobody_sees_the_page(stage):
    page = stage.page()
    page.clock.install()
    page.goto("/wall/")
    traffic = Traffic(page)
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.clock.run_for(300_000)
    assert traffic.answers == []


def test_what_has_not_changed_is_a_304_once_a_minute(stage):
    page = stage.page()
    page.clock.install()
    page.goto("/changes/")
    traffic = Traffic(page)
    page.clock.run_for(30_000)
    assert traffic.of("/changes/") == []

    def asked(milliseconds: int) -> int:
        with page.expect_response(lambda answer: "/changes/newest/" in answer.url) as caught:
            page.clock.run_for(milliseconds)
        return caught.value.status

    # Now and then something has changed: how long ago something was, in words.
    assert any(asked(milliseconds) == 304 for milliseconds in (31_000, 61_000, 61_000))


def test_a_page_says_when_it_can_not_be_brought_up_to_date(stage):
    page = stage.page()
    page.clock.install()
    page.goto("/changes/")
    page.context.clear_cookies()
    page.clock.run_for(61_000)
    page.get_by_text("could not be brought up to date").wait_for()
    stage.complaints.clear()  # the browser tells of the refusals too


def test_who_may_only_look_is_offered_nothing_to_press(stage):
    page = stage.page(person="monitor")
    for address in ("/", "/settings/", "/jobs/voyage/", "/changes/", "/runs/", "/day/", "/wall/"):
        page.goto(address)
        page.locator("h1").first.wait_for()
        offered = page.locator("main form[method=post] button:enabled")
        assert offered.count() == 0, address
