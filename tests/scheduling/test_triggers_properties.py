"""Slots of any schedule, against a reading of the same rules that is slow and plain."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling import triggers
from tests.properties import profile

MINUTE = timedelta(minutes=1)
WINDOW = timedelta(days=2)
# Zones, and when their clocks are changed in 2026: by an hour, and by half of one.
CHANGES = {
    "UTC": [datetime(2026, 2, 28, tzinfo=UTC)],
    "Europe/Berlin": [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    "America/New_York": [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)],
    "Australia/Lord_Howe": [
        datetime(2026, 4, 4, 15, tzinfo=UTC),
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    ],
    "America/Santiago": [datetime(2026, 4, 5, 3, tzinfo=UTC), datetime(2026, 9, 6, 4, tzinfo=UTC)],
}


Field = tuple[str, frozenset[int]]


def field(low: int, high: int, often: int | None = None) -> st.SearchStrategy[Field]:
    """A field of a cron text, with the numbers that it stands for; ``often`` up to that one."""
    every = frozenset(range(low, high + 1))
    steps = st.integers(2, 30).map(
        lambda step: (f"*/{step}", frozenset(range(low, high + 1, step)))
    )
    some = st.integers(low, often or high)
    lists = st.lists(some, min_size=1, max_size=3).map(
        lambda numbers: (",".join(map(str, numbers)), frozenset(numbers))
    )
    ranges = st.tuples(some, st.integers(0, 5)).map(
        lambda told: (
            f"{told[0]}-{min(told[0] + told[1], high)}",
            frozenset(range(told[0], min(told[0] + told[1], high) + 1)),
        )
    )
    return st.one_of(st.just(("*", every)), steps, lists, ranges)


Fields = tuple[Field, ...]
FIELDS = st.tuples(
    field(0, 59),
    # The hours in which clocks are changed, more often than others.
    st.one_of(field(0, 23), field(0, 23, often=3)),
    st.one_of(st.just(("*", frozenset(range(1, 32)))), field(1, 31)),
    st.just(("*", frozenset(range(1, 13)))),
    st.one_of(st.just(("*", frozenset(range(7)))), field(0, 6)),
)
MOMENTS = st.sampled_from([(zone, at) for zone, all_ in CHANGES.items() for at in all_]).flatmap(
    lambda told: st.tuples(
        st.just(told[0]),
        st.integers(-1440, 600).map(lambda minutes: told[1] + minutes * MINUTE),
    )
)


def names(fields: Fields, local: datetime) -> bool:
    """Whether a cron text names this minute of a wall clock."""
    (_, minutes), (_, hours), (day_text, days), _months, (weekday_text, weekdays) = fields
    of_month, of_week = local.day in days, local.isoweekday() % 7 in weekdays
    either = not day_text.startswith("*") and not weekday_text.startswith("*")
    on_this_day = of_month or of_week if either else of_month and of_week
    return local.minute in minutes and local.hour in hours and on_this_day


def goes_by_the_clock(fields: Fields) -> bool:
    return fields[0][0].startswith("*") or fields[1][0].startswith("*")


def slots(fields: Fields, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Minute by minute, as Debian's cron says: what the clock skips comes right after it, what
    it repeats comes once, unless minute or hour begin with ``*``."""
    by_the_clock = goes_by_the_clock(fields)
    moment = after.replace(second=0, microsecond=0)
    while moment <= after + WINDOW:
        before = moment.astimezone(zone).replace(tzinfo=None)
        moment += MINUTE
        aware = moment.astimezone(zone)
        local = aware.replace(tzinfo=None)
        if by_the_clock:
            due = names(fields, local)
        else:
            skipped = range(1, (local - before) // MINUTE)
            due = (names(fields, local) and not aware.fold) or any(
                names(fields, before + number * MINUTE) for number in skipped
            )
        if due:
            yield moment


@settings(profile)
@given(fields=FIELDS, told=MOMENTS)
def test_a_cron_text_has_the_slots_that_the_rules_name(
    fields: Fields, told: tuple[str, datetime]
) -> None:
    zone, after = told
    # Told in docs/architecture.md: cronsim leaves out half an hour on one day of the year there.
    assume(zone != "Australia/Lord_Howe" or not goes_by_the_clock(fields))
    text = " ".join(text for text, _numbers in fields)
    trigger = triggers.Cron(text, zone)
    moment = after
    for expected in slots(fields, ZoneInfo(zone), after):
        following = trigger.get_next_fire_time(None, moment)
        assert following == expected, (text, zone, moment)
        moment = expected
    last = trigger.get_next_fire_time(None, moment)
    assert last is None or last > after + WINDOW


@settings(profile)
@given(
    seconds=st.integers(1, 1_000),
    passed=st.integers(0, 100_000),
    part=st.integers(0, 999_999),
)
def test_an_interval_has_a_slot_every_so_many_seconds(seconds: int, passed: int, part: int) -> None:
    first = datetime(2026, 3, 29, tzinfo=UTC)
    now = first + timedelta(seconds=passed, microseconds=part)
    expected = [first]
    while expected[-1] + timedelta(seconds=seconds) <= now:
        expected.append(expected[-1] + timedelta(seconds=seconds))
    due = triggers.Interval(seconds).due(first, now)
    assert (due.first, due.count) == (first, len(expected))
    assert due.recent == expected[-triggers.MAX_RECENT :]
    assert due.next == expected[-1] + timedelta(seconds=seconds)
    assert now < due.next
