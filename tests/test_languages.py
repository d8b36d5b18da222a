"""What people read comes in their language, and German is complete."""

import ast
import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polib
import pytest
from django.test import Client
from django.utils import translation

from scheduling import triggers
from scheduling.summary import Progress, in_words
from scheduling.templatetags.runs import in_full
from scheduling.templatetags.scheduling import span

PROJECT = Path(__file__).resolve().parent.parent
CATALOGUE = PROJECT / "locale/de/LC_MESSAGES/django.po"
GERMAN = polib.pofile(str(CATALOGUE))

# Names, units and what people type, the same in all languages.
UNTRANSLATED = {"vsmanager", "CSV", "MD5", "cron", "UTC", "Europe/Berlin", "h", "min", "s", "d"}
UNTRANSLATED |= {"carryon@1.12.0", "xskills", "primitivesurvival_3.7.7.zip"}

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd%]|\{\w+\}")


def placeholders(text: str) -> list[str]:
    return sorted(_PLACEHOLDER.findall(text))


def translations(entry: polib.POEntry) -> list[str]:
    return [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]


def test_every_text_has_its_german() -> None:
    assert [entry.msgid for entry in GERMAN if not all(translations(entry))] == []
    assert [entry.msgid for entry in GERMAN if entry.fuzzy or entry.obsolete] == []


def test_translations_hold_the_same_placeholders() -> None:
    for entry in GERMAN:
        told = placeholders(entry.msgid_plural or entry.msgid)
        assert told == placeholders(translations(entry)[-1]), entry.msgid
        for text in translations(entry):
            # The singular may leave out its number.
            assert set(placeholders(text)) <= set(told), entry.msgid


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert {(each.msgctxt, each.msgid): translations(each) for each in compiled} == {
        (each.msgctxt, each.msgid): translations(each) for each in GERMAN
    }


# What stands in a template outside of its tags, and in attributes that are read out.
_MARKED = re.compile(
    r"\{% (?:blocktranslate|comment|block bodyclass)\b.*?%\}.*?\{% end\w+ %\}"
    r"|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<code>.*?</code>|<script.*?</script>|<!--.*?-->",
    re.S,
)
_READ_OUT = re.compile(r'(?:title|alt|aria-label|placeholder)="([^"]*)"')


def bare_texts(source: str) -> list[str]:
    """The texts of a template that no translation can reach."""
    plain = _MARKED.sub("\x00", source)
    texts = [*re.split(r"<[^>]*>", plain), *_READ_OUT.findall(plain)]
    words = (re.sub(r"&#?\w+;|\x00", " ", text).strip() for text in texts)
    return [text for text in words if any(map(_is_word, set(text.split()) - UNTRANSLATED))]


def _is_word(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]", text))


TEMPLATES = sorted(
    path
    for folder in ("templates", "scheduling/templates")
    for path in (PROJECT / folder).rglob("*.html")
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_text_that_cannot_be_translated(path: Path) -> None:
    assert bare_texts(path.read_text()) == []


def test_bare_texts_are_found() -> None:
    assert bare_texts('<p title="Hi">{% translate "a" %} b <code>c</code></p>') == ["b", "Hi"]


# Called with a text for people, by the place of that text.
_SAY = {"success": 1, "error": 1, "info": 1, "warning": 1, "message_user": 1}


def spoken(tree: ast.AST, errors: set[str]) -> Iterator[ast.expr]:
    """The texts given to messages and to the errors that people are told."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        owner = getattr(getattr(node.func, "value", None), "id", "")
        place = _SAY.get(name) if owner in ("messages", "self") else 0 if name in errors else None
        if place is not None and len(node.args) > place:
            yield node.args[place]


def bare(said: ast.expr) -> bool:
    """Whether this is a text as it stands in the code, or holds one in a dictionary."""
    if isinstance(said, ast.Dict):
        return any(map(bare, said.values))
    if isinstance(said, ast.BinOp):
        return bare(said.left)
    return isinstance(said, ast.JoinedStr) or (
        isinstance(said, ast.Constant) and isinstance(said.value, str) and bool(said.value)
    )


# They speak to programmers and to the log, and the registry knows no Django.
ENGLISH = {"registry", "service"}
ERRORS = {"ValidationError", "InvalidSchedule", "StaleEdit", "AlreadyQueued", "NotActive"}
ERRORS |= {"UnknownJob", "BadCursor", "BadPlace", "SchedulingError"}


@pytest.mark.parametrize("folder", ["scheduling", "mods"])
def test_no_message_is_said_in_english_alone(folder: str) -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{said.lineno}"
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if path.stem not in ENGLISH
        for said in spoken(ast.parse(path.read_text()), ERRORS)
        if bare(said)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("seconds", "german"),
    [
        (14_400, "alle 4 Stunden"),
        (3_600, "stündlich"),
        (86_400, "täglich"),
        (172_800, "alle 2 Tage"),
        (90, "im Abstand von 1 Minute 30 Sekunden"),
        (180_000, "im Abstand von 2 Tagen 2 Stunden"),
        (1, "jede Sekunde"),
        (0, "abgeschaltet"),
    ],
)
def test_an_interval_in_german(seconds: int, german: str) -> None:
    with translation.override("de"):
        assert triggers.in_words(seconds, "", "UTC") == german


def test_numbers_are_written_as_the_language_does() -> None:
    for language, number in (("en", "31,536,000"), ("de", "31.536.000")):
        with translation.override(language), pytest.raises(triggers.InvalidSchedule, match=number):
            triggers.check_interval(-1)


LENGTHS = [
    (0.0084, "8 ms", "8 ms"),
    (0.9996, "1.0 s", "1,0 s"),
    (1.27, "1.3 s", "1,3 s"),
    (-2.5, "-2.5 s", "-2,5 s"),
    (59.96, "1 min 0 s", "1 min 0 s"),
    (7_325, "2 h 2 min", "2 h 2 min"),
]


@pytest.mark.parametrize(("seconds", "english", "german"), LENGTHS)
def test_a_short_time_is_rounded_and_written_as_the_language_does(
    seconds: float, english: str, german: str
) -> None:
    for language, told in (("en", english), ("de", german)):
        with translation.override(language):
            assert span(timedelta(seconds=seconds)) == told


def test_progress_and_results_are_written_as_the_language_does() -> None:
    with translation.override("de"):
        assert in_full(Progress(done=1234.56, total=4000, text="")) == "1.234,6 von 4.000 (30 %)"
        assert in_words({"seconds": 0.25, "mods": 4321}) == "seconds 0,25, mods 4.321"


def test_pages_without_a_session_follow_the_browser(client: Client, db: None) -> None:
    page = client.get("/nowhere/", headers={"Accept-Language": "de"})
    assert '<html lang="de">' in page.content.decode()
    assert "Unter dieser Adresse gibt es nichts." in html.unescape(page.content.decode())
