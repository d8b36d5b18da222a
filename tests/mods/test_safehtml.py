"""Nothing of an author's HTML does anything."""

import nh3
import pytest
from django.utils.safestring import SafeString

from mods.kepthtml import KeptHtml
from mods.safehtml import safe_html


@pytest.mark.parametrize(
    "text",
    [
        "<script>evil()</script>",
        "<style>evil{}</style>",
        "<svg onload=evil()><a href='javascript:evil()'>evil</a></svg>",
        "<p onclick=evil() style='evil'></p>",
        "<a href='javascript:evil()'></a>",
        "<a href='JaVa\tscript:evil()'></a>",
        "<a href='data:text/html,evil'></a>",
        "<a href='//evil.example'></a>",
        "<img src='https://evil.example/a.png' alt='evil'>",
        "<img src='https://evil.example\\@mods.vintagestory.at/a.png'>",
        "<img src='https://mods.vintagestory.at.evil.example/a.png'>",
        "<img src='data:image/png;base64,evil'>",
        "<img src=x onerror=evil() alt='\"> evil'>",
        "<iframe src='https://evil.example'></iframe>",
        "<form action='https://evil.example'></form>",
        "<!-- evil -->",
    ],
)
def test_what_is_dangerous_is_gone(text: str) -> None:
    assert "evil" not in safe_html(text)


def test_what_is_harmless_stays() -> None:
    link = safe_html('<a href="https://example.com/x">x</a>')
    assert 'href="https://example.com/x"' in link
    assert 'rel="noopener nofollow"' in link
    image = safe_html('<img src="https://moddbcdn.vintagestory.at/a.png" alt="b" width="9">')
    assert 'src="https://moddbcdn.vintagestory.at/a.png"' in image
    assert 'loading="lazy"' in image
    assert safe_html("<h2>Fine</h2><p>a &lt; b</p>") == "<h2>Fine</h2><p>a &lt; b</p>"


def test_the_same_text_is_cleaned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = safe_html("<b>once</b>")
    monkeypatch.setattr(nh3, "clean", None)
    assert safe_html("<b>once</b>") is first


def test_what_was_asked_for_longest_ago_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mods.kepthtml.MOST", 10)
    kept, made = KeptHtml(), []

    def make(text: str) -> SafeString:
        made.append(text)
        return SafeString(text * 4)

    for text in ("a", "b", "a", "c", "a", "b"):
        assert kept.get(text, make) == text * 4
    assert made == ["a", "b", "c", "b"]
