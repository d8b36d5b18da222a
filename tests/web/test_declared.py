"""Schedules kept in a file: the page tells what differs, and only a person takes it over."""

import html
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.timezone import now

from scheduling import actions, changes, declared, tomlfile
from scheduling.models import JobSchedule
from tests.web.test_same_words import INTERVAL, REASON, RETRIES, TIMEOUT


@pytest.fixture
def file(tmp_path: Path, settings) -> Path:
    path = tmp_path / "vsmanager.toml"
    settings.SCHEDULES_FILE = str(path)
    return path


def said(client: Client) -> str:
    answer = client.get("/settings/")
    assert answer.status_code == 200
    return " ".join(html.unescape(answer.content.decode()).split())


def take_over(file: Path, *arguments: str, by: str = "ann") -> list[str]:
    out = StringIO()
    call_command("importschedules", str(file), "--by", by, *arguments, stdout=out)
    return out.getvalue().splitlines()


def refused(file: Path, *arguments: str) -> list[str]:
    with pytest.raises(CommandError) as error:
        take_over(file, *arguments)
    first, *rest = str(error.value).splitlines()
    assert first == "vsmanager.toml can't be followed:"
    return rest


def test_without_a_file_the_page_says_nothing_of_it(as_ann: Client, tides: JobSchedule, file: Path):
    assert "Differs from" not in said(as_ann)


def test_a_file_that_is_followed_is_not_mentioned(as_ann: Client, tides: JobSchedule, file: Path):
    file.write_text("[jobs.tides]\ninterval_seconds = 14400\n")
    assert "Differs from" not in said(as_ann)


def test_the_page_tells_what_differs_and_who_changed_it(as_ann, ann, tides, file):
    file.write_text("[jobs.tides]\ninterval_seconds = 14400\nmax_retries = 0\n")
    actions.change(tides, ann, interval_seconds=600)
    page = said(as_ann)
    assert "Differs from vsmanager.toml" in page
    assert "Schedule: every 10 minutes, in the file every 4 hours" in page
    assert "other job" not in page
    assert "changed last by ann, " in page
    assert JobSchedule.objects.get(name="tides").interval_seconds == 600


def test_the_page_tells_in_german_too(as_ann, ann, tides, file):
    file.write_text("[jobs.tides]\ninterval_seconds = 600\n")
    answer = as_ann.get("/settings/", headers={"accept-language": "de"}).content.decode()
    assert "Weicht von vsmanager.toml ab" in answer


def test_a_file_that_cannot_be_followed_is_told_with_its_line(as_ann, tides, file):
    file.write_text("# ours\n[jobs.tides]\ninterval_seconds = 5\n")
    assert f"line 3, jobs.tides.interval_seconds: {INTERVAL}" in said(as_ann)
    file.write_text("[jobs.tides\n")
    assert "vsmanager.toml is no TOML: " in said(as_ann)


def test_who_may_only_look_sees_it_too(sign_in, tides, file):
    file.write_text("[jobs.tides]\ninterval_seconds = 600\n")
    assert "Differs from vsmanager.toml" in said(sign_in("monitor"))


def test_of_many_that_differ_the_page_tells_some(as_ann, tides, file):
    JobSchedule.objects.bulk_create(
        JobSchedule(name=f"job{number:02}", interval_seconds=60) for number in range(25)
    )
    file.write_text("".join(f"[jobs.job{n:02}]\ninterval_seconds = 61\n" for n in range(25)))
    assert "and 5 other jobs" in said(as_ann)


def test_what_a_file_has_is_taken_over_by_somebody(schedules, people, file):
    file.write_text(
        '[jobs.tides]\ncron = "0 4 * * *"\ntimezone = "Europe/Berlin"\n'
        "[jobs.stars]\nmax_retries = 3\n"
    )
    told = take_over(file)
    assert told == [
        "jobs.tides: Schedule: every 4 hours → at 04:00 every day (Europe/Berlin)",
        "jobs.stars: Tried again: never → 3 times",
    ]
    assert JobSchedule.objects.get(name="tides").cron == "0 4 * * *"
    assert take_over(file) == ["Nothing differs."]
    # In the log like whatever people do, with the file as the reason.
    newest = changes.page().changes[0]
    assert (newest.who, newest.reason) == ("ann", "from vsmanager.toml")


def test_a_dry_run_changes_nothing_and_a_check_fails(tides, people, file):
    file.write_text("[jobs.tides]\ninterval_seconds = 600\n")
    assert take_over(file, "--dry-run")[-1] == "Nothing was changed."
    with pytest.raises(SystemExit) as ended:
        take_over(file, "--check")
    assert ended.value.code == 1
    assert JobSchedule.objects.get(name="tides").revision == tides.revision


def test_what_the_file_does_not_name_stays(tides, people, file):
    actions.change(tides, people["ann"], max_retries=5, timeout_seconds=60)
    actions.pause(tides, people["ann"], reason="deploy")
    file.write_text("[jobs.tides]\ninterval_seconds = 600\n")
    take_over(file)
    stored = JobSchedule.objects.get(name="tides")
    assert (stored.interval_seconds, stored.max_retries, stored.timeout_seconds) == (600, 5, 60)
    assert stored.pause_reason == "deploy"


def test_an_interval_alone_is_meant_although_a_cron_text_was_there(schedules, people, file):
    file.write_text("[jobs.plain]\ninterval_seconds = 600\n")
    take_over(file)
    assert JobSchedule.objects.get(name="plain").in_words == "every 10 minutes"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        *((f"interval_seconds = {value}", INTERVAL) for value in ('"abc"', "5", "5.5", "true")),
        *((f"timeout_seconds = {value}", TIMEOUT) for value in ("0", "604_801", '"long"')),
        *((f"max_retries = {value}", RETRIES) for value in ("-1", "21", '"many"', "true")),
        (f'pause_reason = "{"x" * 201}"', REASON),
        ('cron = "61 * * * *"', "The cron text can't be understood"),
        ('timezone = "Mars/Olympus"', "There is no time zone called"),
        ("paused_until = 2026-01-31T14:00:00", "The end of a pause is a date and time with its"),
        ("intervall = 3", "There is no such setting. There are: interval_seconds, cron, "),
    ],
)
def test_what_cannot_be_has_the_words_of_the_forms_and_its_line(tides, people, file, line, words):
    file.write_text(f"[jobs.tides]\npaused = true\n{line}\n")
    name = line.partition(" ")[0]
    assert [
        told for told in refused(file) if told.startswith(f"line 3, jobs.tides.{name}: {words}")
    ]
    assert JobSchedule.objects.get(name="tides").revision == tides.revision


def test_all_that_cannot_be_is_told_at_once_and_nothing_is_saved(schedules, people, file):
    file.write_text(
        "[jobs.stars]\ninterval_seconds = 600\n"
        "[jobs.tides]\ninterval_seconds = 5\nmax_retries = 99\n"
        "[jobs.nope]\n[jobb]\n[channels.x]\naddress = 'json://secret'\n"
    )
    told = refused(file)
    assert [line.partition(":")[0] for line in told] == [
        "line 7, jobb",
        "line 4, jobs.tides.interval_seconds",
        "line 5, jobs.tides.max_retries",
        "line 6, jobs.nope",
        "line 9, channels.x.address",
    ]
    assert told[3].endswith("There is no job of this name. There are: plain, stars, tides")
    assert "secret" not in "".join(told)
    assert JobSchedule.objects.get(name="stars").interval_seconds == 86_400


def test_somebody_has_to_say_who_changes_it_where_there_are_several(tides, people, file):
    file.write_text("[jobs.tides]\ninterval_seconds = 600\n")
    assert take_over(file, by="")[0].startswith("jobs.tides: ")  # root is the only administrator
    people["ann"].is_superuser = True
    people["ann"].save()
    file.write_text("[jobs.tides]\ninterval_seconds = 700\n")
    with pytest.raises(CommandError, match="Name a user: --by USERNAME"):
        take_over(file, by="")
    with pytest.raises(CommandError, match="There is no user called 'nobody'"):
        take_over(file, by="nobody")


def test_an_export_says_all_and_is_taken_over_without_a_difference(schedules, people, file):
    ann = people["ann"]
    actions.change(schedules["tides"], ann, timeout_seconds=60, queue="slow")
    actions.pause(schedules["stars"], ann, reason='a "deploy"\\ of 🎉')
    call_command("exportschedules", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert take_over(file) == ["Nothing differs."]
    actions.resume(schedules["stars"], ann)
    actions.change(schedules["tides"], ann, interval_seconds=0, cron="5 5 * * *", max_retries=4)
    assert len(take_over(file)) == 3
    stars, tides = (JobSchedule.objects.get(name=name) for name in ("stars", "tides"))
    assert stars.pause_in_words(now()) == 'paused: a "deploy"\\ of 🎉'
    assert (tides.in_words, tides.max_retries) == ("every 4 hours", 0)
    with pytest.raises(CommandError, match="is there already"):
        call_command("exportschedules", str(file))


def test_an_export_has_the_end_of_a_pause_where_there_is_one():
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    waits = JobSchedule(name="tides", interval_seconds=600, paused=True)
    assert "paused = true" in declared.export([waits], noon)
    assert "paused_until" not in declared.export([waits], noon)
    waits.paused_until = noon.replace(hour=14)
    assert "paused_until = 2026-05-04T14:00:00+00:00\n" in declared.export([waits], noon)


def test_a_file_that_cannot_be_read_or_is_too_large_is_told(as_ann, tides, file):
    file.mkdir()
    assert "vsmanager.toml can't be read: Is a directory." in said(as_ann)
    file.rmdir()
    file.write_text("#" * 1_000_001)
    assert "vsmanager.toml is too large." in said(as_ann)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("jobs.tides.cron", 5),
        ("jobs.tides.nope", 4),
        ("rules.daily.0", 6),
        ("rules.daily.0.job", 8),
        ("rules.daily.1", 9),
        ("rules.daily.1.job", 11),
        ("rules.daily.2.nope", 12),
    ],
)
def test_a_place_in_a_file_has_its_line_or_that_of_its_table(file, place, line):
    rule = "[[rules.daily]]\nevent = 1\njob = 2\n"
    file.write_text(f"grid = [\n  [1, 2],\n]\n[jobs.tides]\ncron = 3\n{rule * 3}")
    document = tomlfile.read(file)
    assert document.at(tuple(place.split("."))) == f"line {line}, {place}"
    assert document.at(("nope",)) == "nope"
