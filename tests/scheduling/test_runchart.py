"""The last runs of a job as bars: where each stands, how high it is, and what the scale says."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from scheduling.runchart import Ended, chart

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def ran(number: int, took: float, late: float = 0) -> Ended:
    slot = NOON + timedelta(minutes=number)
    begun = slot + timedelta(seconds=late)
    return Ended(number, "succeeded", slot, None, begun, begun + timedelta(seconds=took))


def labels(*took: float) -> list[str]:
    drawn = chart([ran(number, each) for number, each in enumerate(took)])
    assert drawn
    return [tick.label for tick in drawn.run.ticks]


def test_bars_stand_at_the_right_end_and_are_as_high_as_their_runs_were_long() -> None:
    drawn = chart([ran(1, took=10, late=1), ran(2, took=20, late=2)])
    assert drawn
    one, other = drawn.bars
    assert (one.x, one.center, other.x, other.center) == ("93.33", "94.53", "96.67", "97.87")
    assert (drawn.place, drawn.width) == ("3.33", "2.4")
    assert (one.y, one.height, one.sign_y) == ("87", "63", "84")
    assert (other.y, other.height, other.sign_y) == ("24", "126", "21")
    assert (one.lag_y, one.lag_height, other.lag_y, other.lag_height) == ("194", "22", "172", "44")
    assert [(tick.y, tick.label) for tick in drawn.run.ticks] == [
        *(("150", "0"), ("87", "10 s"), ("24", "20 s")),
    ]
    assert (drawn.run.median_y, drawn.run.p95_y, drawn.lag.median_y) == ("55.5", "24", "183")
    assert not one.cut
    assert not other.cut


@pytest.mark.parametrize(
    ("count", "x", "place", "is_full"),
    [(1, "96.67", "3.33", False), (29, "3.33", "3.33", False), (30, "0", "3.33", True),
     (100, "0", "1", True)],
)  # fmt: skip
def test_thirty_bars_fill_the_chart_and_more_are_narrower(
    count: int, x: str, place: str, is_full: bool
) -> None:
    drawn = chart([ran(number, took=1) for number in range(count)])
    assert drawn
    assert (drawn.bars[0].x, drawn.place, drawn.is_full) == (x, place, is_full)
    assert (drawn.first.pk, drawn.last.pk) == (0, count - 1)


def test_a_bar_of_hours_is_cut_so_that_the_others_are_not_flat() -> None:
    drawn = chart([*(ran(number, took=100) for number in range(98)), ran(98, 150), ran(99, 9_000)])
    assert drawn
    assert drawn.run.ceiling == 240
    assert [bar.height for bar in drawn.bars[-3:]] == ["52.5", "78.75", "126"]
    assert [bar.cut for bar in drawn.bars[-3:]] == [False, False, True]


def test_where_nearly_all_took_no_time_the_scale_is_that_of_the_longest() -> None:
    drawn = chart([*(ran(number, took=0) for number in range(99)), ran(99, took=5)])
    assert drawn
    assert (drawn.run.ceiling, drawn.bars[-1].cut) == (10, False)


def test_what_took_no_time_and_what_began_before_its_slot_is_seen() -> None:
    drawn = chart([ran(1, took=0, late=-5), ran(2, took=4, late=4)])
    assert drawn
    assert (drawn.bars[0].height, drawn.bars[0].lag_height) == ("1", "1")
    none_took_time = chart([ran(1, took=0)])
    assert none_took_time
    assert none_took_time.bars[0].height == "1"


def test_slots_that_passed_without_a_run_make_no_chart() -> None:
    missed = Ended(1, "missed", NOON, None, None, NOON)
    assert chart([]) is None
    assert chart([missed]) is None
    drawn = chart([missed, ran(2, took=1)])
    assert drawn
    assert [bar.run.pk for bar in drawn.bars] == [2]


@pytest.mark.parametrize(
    ("longest", "half", "full"),
    [
        *((0.003, "2 ms", "4 ms"), (0.01, "5 ms", "10 ms"), (0.7, "500 ms", "1 s")),
        *((15, "10 s", "20 s"), (25, "15 s", "30 s"), (60, "30 s", "1 min")),
        *((61, "1 min", "2 min"), (1_000, "10 min", "20 min"), (5_000, "1 h", "2 h")),
        *((50_000, "12 h", "1 d"), (86_400, "12 h", "1 d"), (86_401, "1 d", "2 d")),
        (200_000, "1.5 d", "3 d"),
    ],
)
def test_the_scale_ends_at_a_number_whose_half_can_be_read(
    longest: float, half: str, full: str
) -> None:
    assert labels(longest) == ["0", half, full]


def test_a_half_is_written_as_the_reader_writes_it() -> None:
    with translation.override("de"):
        assert labels(200_000) == ["0", "1,5 d", "3 d"]
