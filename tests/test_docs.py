"""What an operator can set, start or be told stands in the docs."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests import reference
from tests.browser.pages import PAGES
from tests.samples import samples

PROJECT = Path(__file__).resolve().parent.parent
SETTINGS = (PROJECT / "docs/settings.md").read_text()


def read_variables():
    for path in (PROJECT / "vsmanager").glob("*.py"):
        text = path.read_text()
        yield from re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text)
        yield from re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', text)


@pytest.mark.parametrize("name", sorted({*read_variables()} - {"DJANGO_SETTINGS_MODULE"}))
def test_every_variable_is_in_the_settings_page(name):
    assert f"`{name}`" in SETTINGS


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_the_reference_is_what_the_code_says(name):
    told = (PROJECT / f"docs/{name}.md").read_text()
    assert told == reference.page(name), "Run ./script/reference."


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_pictured_in_both_themes(name):
    pictured = (PROJECT / "docs/pages.md").read_text()
    for scheme in ("light", "dark"):
        assert f"pictures/{name}-{scheme}.png" in pictured


MARKDOWN = sorted(path for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
# Without what stands in code.
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(path):
    """The headings of a page, as those who show it name them."""
    for heading in re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S), re.M
    ):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.name)
def test_links_of_the_docs_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", _CODE.sub("", path.read_text())):
        file, _, anchor = target.partition("#")
        page = (path.parent / file).resolve() if file else path
        assert page.exists(), target
        assert not anchor or anchor in anchors(page), target


def test_every_page_is_in_the_index():
    index = (PROJECT / "docs/README.md").read_text()
    for path in (PROJECT / "docs").glob("*.md"):
        assert path.name == "README.md" or f"]({path.name})" in index, path.name


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.name)
def test_samples_of_python_can_be_read(path):
    """Those of the tutorial and of the pages about jobs are run, elsewhere."""
    for sample in samples(str(path.relative_to(PROJECT)), "python"):
        compile(sample.text, str(path), "exec")


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.name)
def test_the_scripts_and_commands_that_the_docs_name_are_there(path):
    text = path.read_text()
    for script in re.findall(r"\./script/(\w+)", text):
        assert (PROJECT / "script" / script).exists(), script
    for command in re.findall(r"manage\.py ([a-z]\w+)", text):
        assert command in get_commands(), command


HOUSE = (PROJECT / "docs/architecture.md").read_text().split("```")[1]
# What Django and a web server ask for by these names.
KNOWN_NAMES = {"__init__", "apps", "wsgi", "urls", "errors"}


def rooms():
    """Each module with the part of the house that should name it."""
    parts = re.split(r"^(?=\w+/)", HOUSE, flags=re.MULTILINE)
    for part in filter(str.strip, parts):
        folder = PROJECT / part.split("/")[0]
        for path in sorted([*folder.glob("*.py"), *folder.glob("news/*.py")]):
            if path.stem not in KNOWN_NAMES:
                yield pytest.param(path.stem, part, id=str(path.relative_to(PROJECT)))


@pytest.mark.parametrize(("module", "part"), [*rooms()])
def test_every_module_has_its_place_in_the_house(module, part):
    named = set(re.findall(r"\w+", part))
    assert module in named or ("sync*" in part and module.startswith("sync_"))
