"""What an operator can set, start or be told stands in the docs."""

import re
from pathlib import Path

import pytest

from scheduling import registry
from tests.browser.pages import PAGES

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text()
SETTINGS = (PROJECT / "docs/settings.md").read_text()


def read_variables():
    for path in (PROJECT / "vsmanager").glob("*.py"):
        text = path.read_text()
        yield from re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text)
        yield from re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', text)


@pytest.mark.parametrize("name", sorted({*read_variables()} - {"DJANGO_SETTINGS_MODULE"}))
def test_every_variable_is_in_the_settings_page(name):
    assert f"`{name}`" in SETTINGS


def commands():
    for path in sorted(PROJECT.glob("*/management/commands/*.py")):
        if path.stem != "__init__":
            yield path.stem


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_in_the_readme(name):
    assert f"manage.py {name}" in README


def test_every_job_is_in_the_readme():
    for name in registry.jobs():
        assert name in README


def test_every_check_is_in_the_docs():
    checks = (PROJECT / "scheduling/checks.py").read_text()
    for identity in re.findall(r'id="([\w.]+)"', checks):
        assert identity in SETTINGS


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_pictured_in_both_themes(name):
    pictured = (PROJECT / "docs/pages.md").read_text()
    for scheme in ("light", "dark"):
        assert f"pictures/{name}-{scheme}.png" in pictured


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        *(
            f"docs/{name}.md"
            for name in (
                "architecture",
                "backups",
                "benchmarks",
                "pages",
                "past-one-machine",
                "upgrading",
            )
        ),
    ],
)
def test_links_of_the_docs_lead_somewhere(page):
    path = PROJECT / page
    for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


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
