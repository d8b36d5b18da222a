"""What is usual for a job, and what is slow."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from scheduling.durations import Figures, figures, slow, usual


@dataclass
class Ran:
    seconds: float | None
    status: str = "succeeded"

    @property
    def duration(self) -> timedelta | None:
        return None if self.seconds is None else timedelta(seconds=self.seconds)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_the_figures_of_twenty_times() -> None:
    assert figures(s(number) for number in range(20, 0, -1)) == Figures(
        count=20, shortest=s(1), median=s(10.5), p95=s(19), longest=s(20)
    )


def test_the_figures_of_a_single_time_are_all_that_time() -> None:
    assert figures([s(3)]) == Figures(count=1, shortest=s(3), median=s(3), p95=s(3), longest=s(3))


def test_no_times_have_no_figures() -> None:
    assert figures([]) is None


def test_the_95th_percentile_leaves_out_a_single_outlier_among_many() -> None:
    found = figures([s(1)] * 99 + [s(600)])
    assert found
    assert (found.p95, found.longest) == (s(1), s(600))


def test_usual_is_the_median_of_those_that_succeeded() -> None:
    runs = [Ran(1), Ran(2), Ran(3), Ran(4), Ran(500), Ran(900, "failed"), Ran(None)]
    assert usual(runs) == s(3)


def test_four_runs_do_not_make_a_usual_time() -> None:
    assert usual([Ran(1)] * 4 + [Ran(1, "failed")] * 10) is None


@pytest.mark.parametrize(("last", "expected"), [(4.0, False), (4.1, True), (40, True)])
def test_slow_is_over_twice_the_usual(last: float, expected: bool) -> None:
    assert bool(slow([Ran(2)] * 5 + [Ran(last)])) is expected


def test_it_says_how_long_it_took_and_what_is_usual() -> None:
    found = slow([Ran(2)] * 5 + [Ran(9)])
    assert found
    assert (found.took, found.usual) == (s(9), s(2))


def test_the_run_itself_is_not_part_of_what_is_usual() -> None:
    assert not slow([Ran(2)] * 4 + [Ran(50)])
    assert slow([Ran(2)] * 5 + [Ran(50)])


def test_a_run_that_failed_can_be_slow_too() -> None:
    assert slow([Ran(2)] * 5 + [Ran(9, "timed_out")])


def test_a_run_that_goes_on_or_never_started_is_not_the_last_one() -> None:
    active = [Ran(None, "running"), Ran(None, "missed")]
    assert slow([*[Ran(2)] * 5, Ran(9), *active])
    assert not slow([*[Ran(2)] * 5, Ran(9), Ran(2), *active])


def test_milliseconds_are_not_called_slow() -> None:
    assert not slow([Ran(0.004)] * 9 + [Ran(0.05)])


def test_a_job_that_never_ran_is_not_slow() -> None:
    assert not slow([])
    assert not slow([Ran(None, "queued")])
