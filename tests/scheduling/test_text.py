"""Text from outside is made fit for both databases, a log and a feed."""

import pytest

from scheduling.text import clean


@pytest.mark.parametrize("unfit", ["\0", "\x1b", "\x7f", "\ud800", "\ufffe", "\uffff"])
def test_what_is_unfit_is_replaced(unfit: str) -> None:
    assert clean(f"a{unfit}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_all_else_stays() -> None:
    text = "tab\tline\nä 文 😀 \N{REPLACEMENT CHARACTER}"
    assert clean(text) == text


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    assert clean("abcdef", 4) == "abc…"
