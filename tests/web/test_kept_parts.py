"""Parts of pages that are rendered once: they still tell what is so now."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from scheduling.changes import Change, Deed
from scheduling.pause_form import PauseForm
from scheduling.revert import AFTER, Earlier

NOW = datetime.now(UTC)
PART = Template('{% load scheduling %}{% kept "scheduling/_earlier_deed.html" state.shown %}')
PAUSE = Template('{% load scheduling %}{% kept "scheduling/_pause.html" form.shown %}')


def deed(who: str) -> str:
    change = Change(id=1, at=NOW - timedelta(minutes=5), who=who, deed=Deed.CHANGED, texts=["<b>"])
    state = Earlier(change=change, side=AFTER, in_words="", differences=[])
    return str(PART.render(Context({"state": state, "change": change})))


def test_it_tells_how_long_ago_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    first = deed("ann")
    assert "5 min ago" in first
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(seconds=60))
    assert deed("ann") == first.replace("5 min ago", "6 min ago")


def test_it_is_another_for_whatever_else_it_shows() -> None:
    assert "<strong>ann</strong>" in deed("ann")
    assert "<strong>&lt;i&gt;</strong>" in deed("<i>")
    assert "&lt;b&gt;" in deed("ann")


def test_it_speaks_the_language_of_the_reader() -> None:
    form = PauseForm("pause-languages")
    english = PAUSE.render(Context({"form": form}))
    with translation.override("de"):
        german = PAUSE.render(Context({"form": form}))
    assert "Until" in english
    assert "Until" not in german


def test_what_somebody_typed_is_not_kept() -> None:
    typed = PauseForm("pause-typed", {"reason": "<deploy>"})
    assert "&lt;deploy&gt;" in PAUSE.render(Context({"form": typed}))
    assert "deploy" not in PAUSE.render(Context({"form": PauseForm("pause-typed")}))
