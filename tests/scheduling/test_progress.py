"""What a job says of how far it is: kept as it can be stored, whatever it says."""

import json
from decimal import Decimal

import pytest

from scheduling.registry import RunContext, current_run


def reached(*said, **named):
    context = RunContext(job="noop", run_id=1)
    context.progress(*said, **named)
    return context.reached and context.reached._asdict()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ((40, 100, "rows"), (40, 100, "rows")),
        ((40,), (40, None, "")),
        ((0.5, 1), (0.5, 1, "")),
        ((Decimal("2.5"), "5"), (2.5, 5.0, "")),
        ((3, 0), (3, None, "")),
        ((3, -1), (3, None, "")),
        ((3, float("nan")), (3, None, "")),
        ((3, float("inf")), (3, None, "")),
        ((3, 10**4_000), (3, None, "")),
        ((200, 100), (200, 100, "")),
        ((True, 2, None), (1, 2, "None")),
        ((1, 2, " two\n lines\x00\ud800 "), (1, 2, "two lines\ufffd\ufffd")),
        ((1, 2, "<script>"), (1, 2, "<script>")),
    ],
)
def test_what_was_said_is_made_fit(said, kept):
    assert reached(*said) == dict(zip(("done", "total", "text"), kept, strict=True))


def test_a_long_text_is_cut():
    assert len(reached(1, text="x" * 10_000_000)["text"]) == 200


class Hostile:
    def __str__(self):
        raise RuntimeError("no")

    __float__ = __int__ = __index__ = __str__


@pytest.mark.parametrize(
    "odd", [None, "many", -1, float("nan"), float("-inf"), 10**4_000, [], Hostile()]
)
def test_what_is_no_number_counts_for_nothing_and_raises_nothing(odd):
    context = RunContext(job="noop", run_id=1)
    context.progress(odd)
    assert context.reached is None
    context.progress(1, 2, "before")
    context.progress(odd, odd, odd)
    assert context.reached == (1, 2, "before")
    context.progress(2, odd, Hostile())
    assert context.reached == (2, None, "")


def test_it_can_be_said_outside_a_run():
    current_run().progress(1, 2, "to nobody")


def test_a_subclass_of_int_is_stored_as_the_number_it_is():
    class Number(int):
        def __repr__(self):
            return "odd"

    assert json.dumps(reached(Number(3))) == '{"done": 3, "total": null, "text": ""}'
