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
    "page", ["README.md", *(f"docs/{name}.md" for name in ("architecture", "benchmarks", "pages"))]
)
def test_links_of_the_docs_lead_somewhere(page):
    path = PROJECT / page
    for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_every_module_of_the_house_is_in_the_plan():
    plan = (PROJECT / "docs/architecture.md").read_text()
    modules = {path.stem for path in (PROJECT / "scheduling").glob("*.py")}
    known = {"__init__", "apps", "errors", "text", "querysets", "checks", "urls"}
    assert [
        name for name in modules - known if not re.search(rf"^  .*\b{name}\b", plan, re.M)
    ] == []
