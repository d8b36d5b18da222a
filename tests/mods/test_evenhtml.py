"""An author's HTML costs no more time and makes no more of it than it is long."""

import pytest

from mods.evenhtml import MAX_DEPTH, MAX_FORMATS, MAX_TAGS, even
from mods.safehtml import safe_html

TAGS = frozenset(("a", "b", "br", "div", "i", "li", "p", "ul"))


def evened(text: str) -> str:
    return even(text, TAGS, {"a": {"href"}})


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("<p>a<br>b</p>", "<p>a<br>b</p>"),
        ("<ul><li>a<li>b</ul>c", "<ul><li>a</li><li>b</li></ul>c"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
        ("</div>a<DIV>b", "a<div>b</div>"),
        ("<font>a</font><!-- <b> -->b<!-- c", "ab"),
        ("1 < 2 <3", "1 &lt; 2 &lt;3"),
        ("<a HREF='/?a=1&amp;copy=<b>' class=c>a</a>", '<a href="/?a=1&amp;copy=&lt;b&gt;">a</a>'),
        ("<a href=/x title='>'>a", '<a href="/x">a</a>'),
        ("a<b class='", "a<b></b>"),
    ],
)
def test_what_is_opened_is_closed_in_its_order(text: str, made: str) -> None:
    assert evened(text) == made


def test_what_nests_too_deep_is_its_words() -> None:
    made = evened("<div>" * 40_000 + "deep" + "</div>" * 40_000 + "<p>flat</p>")
    assert made == "<div>" * MAX_DEPTH + "deep" + "</div>" * MAX_DEPTH + "<p>flat</p>"


def test_what_would_be_opened_again_in_each_paragraph_is_little() -> None:
    assert evened("<b>" * 3_000 + "x").count("<b>") == MAX_FORMATS
    assert evened(f"<a href='{'x' * 9_000}'>y</a>") == "<a>y</a>"


def test_after_very_many_tags_the_words_alone_are_left() -> None:
    made = evened("<p>x</p>" * 9_000)
    assert made.count("<p>") == made.count("</p>") == MAX_TAGS
    assert made.count("x") == 9_000


@pytest.mark.parametrize(
    "text",
    [
        "<ul><li>" * 25_000,
        "<p><a href='https://example.com/" + "x" * 100_000 + "'>" + "<p>x" * 10_000,
        "<p>" + "".join(f"<b id={number}>" for number in range(5_000)) + "<p>x" * 10_000,
    ],
)
def test_no_text_becomes_many_times_as_long(text: str) -> None:
    assert len(safe_html(text)) < 1_000_000
