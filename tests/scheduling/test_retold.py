"""The scheduler's own reasons are stored in English and told in the reader's language."""

import re

import pytest
from django.utils import translation

from scheduling import reasons
from scheduling.retold import retold

TEXTS = {name: text for name, text in vars(reasons).items() if name.isupper()}
SENTENCES = {name: text for name, text in TEXTS.items() if text.endswith(".")}
VALUES = {
    "why": reasons.PAUSED,
    "count": "1,234",
    "seconds": "2.5",
    "status": "timed out",
    "at": "2026-05-04 12:00:00 UTC",
    "since": "2026-05-04 12:00:00 UTC",
    "by": "ann",
    "process": "vm:7",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_each_sentence_is_told_in_english_as_it_is_stored(name: str) -> None:
    stored = SENTENCES[name] % VALUES
    assert retold(stored) == stored


@pytest.mark.parametrize("name", SENTENCES)
def test_each_sentence_is_told_in_german_with_its_values(name: str) -> None:
    with translation.override("de"):
        told = retold(SENTENCES[name] % VALUES)
        expected = translation.gettext(SENTENCES[name]) % {
            **VALUES,
            "why": translation.gettext(reasons.PAUSED),
            "count": "1.234",
            "status": "Zeitüberschreitung",
        }
    assert told == expected
    assert told != SENTENCES[name] % VALUES


def test_sentences_follow_each_other() -> None:
    stored = (
        "No worker was running: 1,000 slots could not start in time. One run makes up for them."
    )
    with translation.override("de"):
        told = retold(stored)
    assert not re.search(r"worker was|run makes", told)
    assert "1.000" in told


def test_what_a_job_says_stays_as_it_is() -> None:
    for text in ("ValueError: the well is dry", "", "Cancelled by ann", "50 % of it. %(count)s"):
        with translation.override("de"):
            assert retold(text) == text


def test_of_a_text_of_both_the_words_of_the_job_stay() -> None:
    stored = f"the well is dry {reasons.NOT_STORED}"
    with translation.override("de"):
        assert retold(stored) == stored
        assert retold(f"{reasons.GOES_ON} the well is dry").endswith(" the well is dry")
