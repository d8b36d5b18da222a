"""A cron text in German says when the schedule runs, and nothing else."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import pytest
from cronsim import CronSim
from django.utils import translation
from django.utils.dates import MONTHS, WEEKDAYS

from scheduling import cron_words, triggers

CRON = [
    ("30 4 * * *", "täglich um 04:30 Uhr"),
    ("0 4,16 * * *", "täglich um 04:00 und 16:00 Uhr"),
    ("0 9 * * 1-5", "von Montag bis Freitag um 09:00 Uhr"),
    ("0 9 * * mon-fri", "von Montag bis Freitag um 09:00 Uhr"),
    ("0 9 * * 1-4", "von Montag bis Donnerstag um 09:00 Uhr"),
    ("0 9 * * 6,7", "jeden Samstag und Sonntag um 09:00 Uhr"),
    ("15 6 * * 7", "jeden Sonntag um 06:15 Uhr"),
    ("15 6 * * 0,3,6", "jeden Mittwoch, Samstag und Sonntag um 06:15 Uhr"),
    ("0 0 1 * *", "am 1. des Monats um 00:00 Uhr"),
    ("0 0 1,15 * *", "am 1. und 15. des Monats um 00:00 Uhr"),
    ("0 0 15 * *", "am 15. des Monats um 00:00 Uhr"),
    ("0 0 1-6 * *", "am 1., 2., 3., 4., 5. und 6. des Monats um 00:00 Uhr"),
    ("0 0 L * *", "am letzten Tag des Monats um 00:00 Uhr"),
    ("* * * * *", "jede Minute"),
    ("*/5 * * * *", "alle 5 Minuten"),
    ("0-59/15 * * * *", "alle 15 Minuten"),
    ("0 * * * *", "stündlich zur vollen Stunde"),
    ("20 * * * *", "stündlich zur Minute 20"),
    ("*/25 * * * *", "stündlich zu den Minuten 0, 25 und 50"),
    ("15 */2 * * *", "täglich alle 2 Stunden ab 00:15 Uhr"),
    ("0 0-16/4 * * *", "täglich um 00:00, 04:00, 08:00, 12:00 und 16:00 Uhr"),
    ("0 4-20/4 * * *", "täglich um 04:00, 08:00, 12:00, 16:00 und 20:00 Uhr"),
    ("0 8-18 * * 1-5", "von Montag bis Freitag stündlich von 08:00 bis 18:00 Uhr"),
    ("0 6-8 * * *", "täglich stündlich von 06:00 bis 08:00 Uhr"),
    ("0 22,23 * * *", "täglich um 22:00 und 23:00 Uhr"),
    ("* 8-18 * * *", "jede Minute von 08:00 bis 18:59 Uhr"),
    ("*/10 8-18 * * *", "täglich alle 10 Minuten von 08:00 bis 18:59 Uhr"),
    ("30 4 * 1,7 *", "täglich um 04:30 Uhr, nur im Januar und Juli"),
    # A day and a weekday: either is enough, and the 1st to the 31st is every day.
    ("0 0 1-31 * 1", "täglich um 00:00 Uhr"),
    ("0 0 */2 * 1-7", "Minute 0, Stunde 0, Tag des Monats */2 und Wochentag 1-7"),
    ("0 0 13 * 5", "Minute 0, Stunde 0, Tag des Monats 13 oder Wochentag 5"),
    ("0 0 13 3 5", "Minute 0, Stunde 0, Tag des Monats 13 oder Wochentag 5, Monat 3"),
    ("0 0 1,L * *", "Minute 0, Stunde 0, Tag des Monats 1,L"),
    ("0 0 * * 1#2", "Minute 0, Stunde 0, Wochentag 1#2"),
    ("15,45 8-18/2 * * MON", "Minute 15,45, Stunde 8-18/2, Wochentag MON"),
]


@pytest.mark.parametrize(("expression", "german"), CRON)
def test_a_cron_text_in_german(expression: str, german: str) -> None:
    with translation.override("de"):
        assert triggers.in_words(0, expression, "UTC") == f"{german} (UTC)"


FIELDS = ("0", "*", "*/7", "5-9", "1,2,5", "3-9/2", "1", "5/2")


@pytest.mark.parametrize("minute", FIELDS)
@pytest.mark.parametrize("hour", FIELDS)
def test_any_cron_text_can_be_said_and_what_is_unusual_is_told_as_typed(
    minute: str, hour: str
) -> None:
    for days in ("* * *", "L * 5L", "5-9 2 *", "* JAN-MAR SUN#1", "LW 3/4 *", "*/3 * 0-6/2"):
        expression = f"{minute} {hour} {days}"
        with translation.override("de"):
            told = cron_words.in_words(expression)
        assert told
        if told.startswith("Minute "):
            assert all(field in told for field in expression.split() if field != "*")


def test_english_stays_as_cronsim_says_it() -> None:
    for language in ("en", "en-gb"):
        with translation.override(language):
            assert triggers.in_words(0, "30 4 * * *", "UTC") == "at 04:30 every day (UTC)"


MINUTES = ("0", "7", "*", "*/5", "*/7", "*/20", "0-59/15", "5-50/15", "0,30", "1,2,3,4,5,6,7,8")
HOURS = ("*", "4", "0,12", "*/2", "*/5", "1-23/2", "3-23/4", "8-18", "22,23", "9-17/2", "0,8,16")
DAYS = ("*", "*", "*", "1", "1,15", "L", "1-31", "*/2", "LW", "28-31", "31", "*/1")
MONTHS_TYPED = ("*", "*", "*", "2", "1-3", "JAN,JUL", "*/3", "1-12")
WEEKDAYS_TYPED = ("*", "*", "*", "1-5", "MON", "0", "7", "0-6", "1-7", "6,7", "1#2", "5L", "*/2")


def expressions() -> Iterator[str]:
    """Common and odd ones; the same each time."""
    pick = random.Random(4)
    fields = (MINUTES, HOURS, DAYS, MONTHS_TYPED, WEEKDAYS_TYPED)
    for _number in range(3_000):
        yield " ".join(pick.choice(field) for field in fields)


def claimed(told: str) -> str:
    """The cron text that a German sentence stands for."""
    told, _comma, only = told.partition(", nur im ")
    with translation.override("de"):
        months = {str(name): str(number) for number, name in MONTHS.items()}
        weekdays = {str(name): (place + 1) % 7 for place, name in WEEKDAYS.items()}
    month = ",".join(months[name] for name in listed(only)) or "*"
    day = weekday = "*"
    if found := re.match(r"täglich ", told):
        pass
    elif found := re.match(r"jeden ((?:\w+, )*\w+(?: und \w+)?) ", told):
        weekday = ",".join(str(weekdays[name]) for name in listed(found[1]))
    elif found := re.match(r"von ([A-Z]\w+) bis ([A-Z]\w+) ", told):
        first, last = (weekdays[name] or 7 for name in found.groups())
        weekday = ",".join(str(number) for number in range(first, last + 1))
    elif found := re.match(r"am letzten Tag des Monats ", told):
        day = "L"
    elif found := re.match(r"am ([\d., und]+) des Monats ", told):
        day = ",".join(name.rstrip(".") for name in listed(found[1]))
    minutes, hours = times(told[found.end() :] if found else told)
    return f"{numbers(minutes)} {numbers(hours)} {day} {month} {weekday}"


def times(told: str) -> tuple[set[int], set[int]]:
    """Minutes and hours."""
    whole_day = set(range(24))
    if told == "stündlich zur vollen Stunde":
        return {0}, whole_day
    if found := re.fullmatch(r"stündlich (?:zur Minute|zu den Minuten) (.*)", told):
        return {int(number) for number in listed(found[1])}, whole_day
    if found := re.fullmatch(r"alle (\d+) Stunden ab (\d\d):(\d\d) Uhr", told):
        step, hour, minute = map(int, found.groups())
        return {minute}, set(range(hour, 24, step))
    if found := re.fullmatch(r"stündlich von (\d\d):(\d\d) bis (\d\d):\2 Uhr", told):
        return {int(found[2])}, set(range(int(found[1]), int(found[3]) + 1))
    if found := re.fullmatch(
        r"(?:jede Minute|alle (\d+) Minuten)(?: von (\d\d):00 bis (\d\d):59 Uhr)?", told
    ):
        hours = set(range(int(found[2]), int(found[3]) + 1)) if found[2] else whole_day
        return set(range(0, 60, int(found[1] or 1))), hours
    found = re.fullmatch(r"um (.*) Uhr", told)
    assert found, told
    clocks = [tuple(map(int, clock.split(":"))) for clock in listed(found[1])]
    minutes, hours = {minute for _hour, minute in clocks}, {hour for hour, _minute in clocks}
    assert len(clocks) == len(minutes) * len(hours)
    return minutes, hours


def listed(text: str) -> list[str]:
    return re.split(r", | und ", text) if text else []


def numbers(found: set[int]) -> str:
    return ",".join(map(str, sorted(found)))


def slots(expression: str) -> list[datetime]:
    return list(islice(CronSim(expression, datetime(2024, 2, 25, tzinfo=UTC)), 50))


def test_what_is_said_in_german_has_the_slots_of_what_was_typed() -> None:
    said = {}
    for expression in expressions():
        with translation.override("de"):
            try:
                triggers.build(0, expression, "UTC")
            except triggers.InvalidSchedule:
                continue
            said[expression] = cron_words.in_words(expression)
    sentences = {typed: told for typed, told in said.items() if not told.startswith("Minute ")}
    # Enough of both, or this proves nothing.
    assert len(sentences) > 300
    assert len(said) - len(sentences) > 300
    wrong = {
        typed: told for typed, told in sentences.items() if slots(claimed(told)) != slots(typed)
    }
    assert wrong == {}


def test_a_sentence_is_read_as_what_it_says() -> None:
    for typed, told in CRON:
        if not told.startswith("Minute "):
            assert slots(claimed(told)) == slots(typed), typed
    assert slots(claimed("täglich um 04:30 Uhr")) != slots("31 4 * * *")
