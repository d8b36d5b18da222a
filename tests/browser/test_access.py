"""Each page as axe-core sees it, in both themes: no violation of the rules for accessible pages."""

from pathlib import Path

import pytest

from tests.process.databases import SERVER

from .pages import PAGES

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"

pytestmark = [
    pytest.mark.skipif(bool(SERVER), reason="pages look the same on either database"),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (script/test does)"),
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.xdist_group("browser"),
]


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(sight, name, scheme):
    page = sight.page(scheme)
    page.goto(PAGES[name])
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text())
    complaints = list(sight.complaints)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    sight.complaints[:] = complaints  # axe tries styles of its own, which the policy forbids
    told = [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: "
        + "; ".join(node["html"][:160] for node in violation["nodes"][:4])
        for violation in found["violations"]
    ]
    assert told == []
