"""The catalogue of a language holds what the source says, no more and no less.

Needs Debian's gettext; without it a single line says so.
"""

import shutil
from pathlib import Path

import polib
import pytest
from django.core.management import call_command
from django.test import override_settings

PROJECT = Path(__file__).resolve().parent.parent
CATALOGUE = PROJECT / "locale/de/LC_MESSAGES/django.po"
SOURCES = ("mods", "scheduling", "templates", "vsmanager")
Message = tuple[str, str, str]

pytestmark = pytest.mark.skipif(
    not shutil.which("xgettext"),
    reason="No xgettext here (Debian: apt-get install gettext), so the catalogue of German texts "
    "is not compared with the source.",
)


def messages(catalogue: Path) -> set[Message]:
    """Context, text and plural of each."""
    return {
        (entry.msgctxt or "", entry.msgid, entry.msgid_plural)
        for entry in polib.pofile(str(catalogue))
        if not entry.obsolete
    }


def collected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[Message]:
    """What makemessages finds below ``folder``: it also writes there, so it gets a copy."""
    locale = folder / "locale"
    locale.mkdir()
    monkeypatch.chdir(folder)
    with override_settings(LOCALE_PATHS=[locale]):
        call_command("makemessages", locale=["de"], verbosity=0)
    return messages(locale / "de/LC_MESSAGES/django.po")


def test_the_catalogue_holds_the_texts_of_the_source_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SOURCES:
        without = shutil.ignore_patterns("__pycache__", "static", "migrations")
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=without)
    found, known = collected(tmp_path, monkeypatch), messages(CATALOGUE)
    assert {"missing": found - known, "unused": known - found} == {
        "missing": set(),
        "unused": set(),
    }, "Run script/messages, and write the German of what is new."


def test_texts_are_collected_from_code_and_templates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.html").write_text('{% load i18n %}{% translate "One text" %}')
    (tmp_path / "code.py").write_text('told = ngettext("a run", "runs", 2)')
    assert collected(tmp_path, monkeypatch) == {("", "One text", ""), ("", "a run", "runs")}
