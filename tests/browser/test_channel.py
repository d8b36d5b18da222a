"""A channel of news in the admin, by keyboard alone and without JavaScript."""

import pytest

from tests.process.databases import SERVER

pytestmark = [
    pytest.mark.skipif(bool(SERVER), reason="pages look the same on either database"),
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.xdist_group("browser"),
]

MAKE = """
from mods.models import NewsChannel
made, _ = NewsChannel.objects.get_or_create(name="keys")
made.seal("json://127.0.0.1/secret-of-the-keys")
made.save()
print(made.pk)
"""


def tab_to(page, label: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and focused.inner_text().strip() == label:
            return
    raise AssertionError(f"{label} is not reached by Tab")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_test_is_sent_by_keyboard_and_its_result_told(sight, demo, javascript):
    done = demo.installation.manage("shell", "-v0", "-c", MAKE)
    assert done.returncode == 0, done.stderr
    page = sight.page(javascript=javascript)
    page.goto(f"/admin/mods/newschannel/{done.stdout.strip()}/change/")
    assert page.get_by_label("Address").input_value() == ""
    tab_to(page, "Send a test")
    page.keyboard.press("Enter")
    told = page.locator(".messagelist .error")
    told.wait_for()
    # The demo allows no addresses inside, so this one was refused.
    assert "points to this machine" in told.inner_text()
    assert "secret-of-the-keys" not in page.content()
    assert "json://•••" in page.content()


def test_a_bad_address_is_told_beside_its_field_and_not_repeated(sight):
    page = sight.page(javascript=False)
    page.goto("/admin/mods/newschannel/add/")
    page.get_by_label("Name").fill("inside")
    page.get_by_label("Address").fill("json://[::ffff:7f00:1]/secret-of-the-keys")
    page.get_by_label("Address").press("Enter")
    told = page.locator(".errorlist", has_text="points to this machine")
    told.wait_for()
    assert "secret-of-the-keys" not in page.content()
