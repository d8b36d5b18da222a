"""What the comparison counts and divides."""

import pytest

from benchmarks.compare import arithmetic
from benchmarks.compare.arithmetic import Start
from benchmarks.compare.databases import count_statements
from benchmarks.compare.processes import TICKS_PER_SECOND, parse_stat


def start(name="job", slot=10.0, at=10.25):
    return Start(name=name, slot=slot, at=at)


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1), (1, 1), (50, 50), (51, 51), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(percent, value):
    assert arithmetic.percentile([*range(100, 0, -1)], percent) == value


def test_the_percentile_of_one_value_is_that_value():
    assert [arithmetic.percentile([7.5], percent) for percent in (0, 50, 99)] == [7.5, 7.5, 7.5]


@pytest.mark.parametrize(
    ("schedules", "every", "seconds", "count"),
    [(100, 1, 20, 2_000), (10, 60, 60, 10), (10, 60, 120, 20), (3, 2, 5, 9), (1, 10, 5.4, 1)],
)
def test_a_time_that_begins_with_a_slot_has_so_many_slots(schedules, every, seconds, count):
    assert arithmetic.expected(schedules, every, seconds) == count


def test_lines_of_jobs_are_read_but_not_what_a_kill_left_of_one():
    read = arithmetic.read_starts("job1 10.000000 10.250000\njob2 10.0 10.5\njob3 10.0 1")
    assert [(each.name, each.late) for each in read] == [("job1", 0.25), ("job2", 0.5)]


def test_a_slot_that_started_twice_counts_once_at_its_first_start():
    starts = [start(at=11.5), start(at=10.25), start("other"), start(slot=9.0, at=9.99)]
    within = arithmetic.within(starts, 10, 11)
    assert sorted(each.name for each in within) == ["job", "other"]
    assert arithmetic.within(starts, 11, 12) == []


def test_the_end_of_a_time_belongs_to_the_next():
    assert arithmetic.within([start(at=10.0)], 10, 11)
    assert not arithmetic.within([start(at=11.0)], 10, 11)


def test_doubled_starts_are_told_even_of_schedulers_whose_slots_drift():
    starts = [start(slot=10.0), start(slot=10.04), start(slot=11.02), start("other", slot=10.0)]
    assert arithmetic.doubled(starts, 1) == 1
    assert arithmetic.doubled([start(slot=60), start(slot=61), start(slot=120)], 60) == 1


def test_lateness_of_nothing_is_nothing():
    assert arithmetic.lateness([]) == {}
    late = arithmetic.lateness([start(at=10.1), start(at=10.3), start(at=10.2)])
    assert late == pytest.approx({"p50": 0.2, "p99": 0.3, "max": 0.3})


def test_of_repeats_the_median_counts_and_the_first_text():
    measured = [{"cpu": 3.0, "said": "a"}, {"cpu": 1.0, "said": "b", "more": 5}, {"cpu": 2.0}]
    assert arithmetic.middle(measured) == {"cpu": 2.0, "said": "a", "more": 5}
    assert arithmetic.middle([]) == {}


@pytest.mark.parametrize(("value", "ours", "found"), [(6, 2, 3), (None, 2, None), (6, 0, None)])
def test_there_is_a_ratio_only_to_what_was_measured(value, ours, found):
    assert arithmetic.ratio(value, ours) == found


def test_the_time_of_a_process_is_read_past_any_name():
    numbers = " ".join(str(number) for number in range(4, 53))
    stat = parse_stat(f"123 (a) (b c) S 77 {numbers}")
    # The 14th to the 17th of proc(5): its own and its ended children's, in both modes.
    assert stat.parent == 77
    assert stat.cpu == pytest.approx((13 + 14 + 15 + 16) / TICKS_PER_SECOND)


def test_queries_are_counted_without_what_frames_transactions():
    log = """
        2026-11-25 01:00:00 UTC [7] LOG:  statement: BEGIN
        2026-11-25 01:00:00 UTC [7] LOG:  statement: INSERT INTO run
            SELECT 1
        2026-11-25 01:00:00 UTC [7] LOG:  execute _pg3_0: SELECT 1
        2026-11-25 01:00:00 UTC [7] LOG:  execute <unnamed>: update run SET x = 1
        2026-11-25 01:00:00 UTC [7] DETAIL:  Parameters: $1 = 'LOG'
        2026-11-25 01:00:00 UTC [7] LOG:  statement: COMMIT
        2026-11-25 01:00:00 UTC [7] LOG:  checkpoint starting: time
    """
    assert count_statements(log) == 3
