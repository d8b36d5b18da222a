"""Whoever reads in German finds no English on the pages of scheduling, whatever they show."""

import re
from datetime import UTC, datetime, timedelta

import polib
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from scheduling import actions, registry
from scheduling.models import JobRun, JobSchedule, SchedulerProcess, Status

from .conftest import ran, registered
from .german import CATALOGUE, GERMAN, english_on

# Neither its frames nor the keys of what a job gave have a language.
_TRACEBACK = """Traceback (most recent call last):
  File "/srv/tides.py", line 7, in tides
    read()
ValueError: Ebbe
"""


@pytest.fixture
def plenty(
    schedules: dict[str, JobSchedule], ann: User, leader: SchedulerProcess
) -> dict[str, JobRun]:
    """A job of each kind, a run of each status, and something of all that people can do."""
    now = datetime.now(UTC)
    tides, stars, plain = schedules["tides"], schedules["stars"], schedules["plain"]
    with translation.override("en"):
        runs = {str(status): _run(status, now) for status in Status}
        actions.change(tides, ann, interval_seconds=600, max_retries=3, reason="Ebbe")
        actions.change(tides, ann, interval_seconds=7_200, timeout_seconds=90, coalesce=False)
        actions.pause(stars, ann, until=now + timedelta(hours=5), reason="Wartung")
        actions.cancel(runs["running"], ann, reason="genug")
        actions.run_now(plain, ann, reason="Test")
    for schedule in (tides, stars):
        registered(schedule, now + timedelta(minutes=5))
    tides.state.problem = "Störung"
    tides.state.save()
    ran("plain", now - timedelta(minutes=9), status="failed", attempt=1, error="Ebbe")
    plain.max_retries = 2
    plain.save()
    runs["second"] = ran("plain", now - timedelta(minutes=9), attempt=2, trigger="retry")
    return runs


def _run(status: Status, now: datetime) -> JobRun:
    began = status not in (Status.QUEUED, Status.MISSED, Status.SKIPPED)
    active = status in (Status.QUEUED, Status.RUNNING)
    at = now - timedelta(minutes=40 + 3 * list(Status).index(status))
    failed = status in (Status.FAILED, Status.TIMED_OUT, Status.LOST)
    return ran(
        "tides",
        at,
        status=status,
        started_at=at + timedelta(milliseconds=1300) if began else None,
        claimed_at=at + timedelta(seconds=1) if began else None,
        finished_at=None if active else at + timedelta(seconds=9),
        not_before=now + timedelta(hours=1) if status == Status.QUEUED else None,
        slots=3 if status == Status.MISSED else 1,
        until=now if status == Status.MISSED else None,
        progress={"done": 45, "total": 100, "text": "Pegel"} if began else None,
        result={"pegel": 3, "tot": None, "gut": True} if status == Status.SUCCEEDED else None,
        error="Ebbe" if failed else "",
        traceback=_TRACEBACK if failed else "",
        log=[{"at": at.isoformat(), "level": "warning", "event": "pegel", "m": 1}] if began else [],
    )


PAGES = [
    *("/", "/?q=zzz", "/live/jobs/", "/live/failures/", "/live/extra/"),
    *("/wall/", "/live/wall/jobs/", "/live/wall/worker/"),
    *("/settings/", "/settings/tides/applied/", "/settings/stars/applied/"),
    *("/jobs/tides/", "/jobs/stars/", "/jobs/plain/", "/jobs/tides/preview/"),
    "/jobs/tides/preview/?tides_refresh_interval_kind=cron&tides_refresh_interval_cron=61+*+*+*+*",
    "/jobs/tides/preview/?tides_refresh_interval=5&tides_refresh_interval_kind=interval",
    "/jobs/tides/preview/?tides_refresh_interval_kind=cron&tides_refresh_interval_cron=0+2+*+*+1"
    "&tides_refresh_interval_timezone=Europe/Berlin",
    "/jobs/tides/preview/?tides_refresh_interval_kind=off",
    *("/changes/", "/changes/?job=tides", "/changes/?before=nonsense", "/changes/?by=nobody"),
    *("/day/", "/day/?span=7d", "/day/?since=nonsense", "/day/live/"),
    *("/runs/", "/runs/?status=odd&since=nonsense", "/runs/?before=nonsense", "/runs/?job=nope"),
    *("/admin/", "/admin/scheduling/jobschedule/", "/admin/scheduling/jobrun/"),
    *("/admin/scheduling/schedulerprocess/", "/admin/scheduling/apitoken/"),
    *("/admin/scheduling/apitoken/add/", "/nowhere/", "/jobs/nope/"),
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_in_german_holds_no_english(
    as_ann: Client, plenty: dict[str, JobRun], address: str
) -> None:
    page = as_ann.get(address, headers=GERMAN).content.decode()
    assert '<html lang="de"' in page or "<html" not in page
    assert english_on(page) == []


@pytest.mark.parametrize("which", [*map(str, Status), "second"])
def test_a_run_in_german_holds_no_english(
    as_ann: Client, plenty: dict[str, JobRun], which: str
) -> None:
    for address in ("/runs/{}/", "/admin/scheduling/jobrun/{}/change/"):
        page = as_ann.get(address.format(plenty[which].pk), headers=GERMAN).content.decode()
        assert english_on(page) == []


def test_the_admins_form_in_german_holds_no_english(
    as_ann: Client, plenty: dict[str, JobRun]
) -> None:
    for schedule in JobSchedule.objects.all():
        address = f"/admin/scheduling/jobschedule/{schedule.pk}/change/"
        page = as_ann.get(address, headers=GERMAN).content.decode()
        assert english_on(page) == []
        page = as_ann.post(address, {"interval": "abc"}, headers=GERMAN).content.decode()
        assert "errorlist" in page
        assert english_on(page) == []


def test_refused_forms_in_german_hold_no_english(as_ann: Client, plenty: dict[str, JobRun]) -> None:
    setting = "tides_refresh_interval"
    typed = {f"{setting}_kind": "cron", f"{setting}_cron": "x y", f"{setting}_timezone": "Mars"}
    long = {"reason": "x" * 300, "length": "until", "until": "gestern"}
    for address, data in (
        ("/settings/", typed),
        ("/jobs/tides/", {**typed, f"{setting}_revision": "1"}),
        ("/jobs/tides/", {setting: "5", f"{setting}_kind": "interval"}),
        ("/settings/plain/pause/", long),
        ("/settings/pause/", long),
        ("/settings/plain/run/", {}),
        (f"/runs/{plenty['succeeded'].pk}/cancel/", {}),
        (f"/runs/{plenty['succeeded'].pk}/again/", {"reason": "x" * 300}),
    ):
        page = as_ann.post(address, data, headers=GERMAN, follow=True).content.decode()
        assert english_on(page) == [], address


@pytest.mark.parametrize("done", ["pause", "resume", "run"])
def test_what_was_done_is_told_in_german(
    as_ann: Client, plenty: dict[str, JobRun], done: str
) -> None:
    page = as_ann.post(f"/settings/tides/{done}/", headers=GERMAN, follow=True).content.decode()
    assert english_on(page) == []


def test_a_page_without_a_worker_or_jobs_in_german_holds_no_english(
    as_ann: Client, schedules: dict[str, JobSchedule]
) -> None:
    SchedulerProcess.objects.all().delete()
    for address in ("/", "/wall/", "/settings/", "/jobs/tides/", "/day/", "/runs/", "/changes/"):
        assert english_on(as_ann.get(address, headers=GERMAN).content.decode()) == []
    JobSchedule.objects.all().delete()
    for address in ("/", "/wall/", "/settings/", "/day/"):
        assert english_on(as_ann.get(address, headers=GERMAN).content.decode()) == []


def test_english_is_found() -> None:
    page = '<p title="Saved. tides">Job</p><b>No run matches.</b><i>paused</i><code>paused</code>'
    assert english_on(page) == ["No run matches.", "paused"]


def test_whoever_was_overtaken_reads_of_it_in_german(
    as_ann: Client, people: dict[str, User], tides: JobSchedule
) -> None:
    seen = tides.revision
    with translation.override("en"):
        actions.change(tides, people["root"], interval_seconds=600, max_retries=2)
        actions.pause(tides, people["root"], reason="Sturm")
    with translation.override("de"), pytest.raises(actions.StaleEdit) as refused:
        actions.change(tides, people["ann"], revision=seen, interval_seconds=60)
    assert re.fullmatch(
        r"tides wurde inzwischen geändert \(root um \d\d:\d\d:\d\d: alle 4 Stunden → alle 10 "
        r"Minuten, Wiederholungen: 0 → 2; root um \d\d:\d\d:\d\d: pausiert: Sturm\)\. "
        r"Jetzt gilt: alle 10 Minuten \(pausiert: Sturm\)\. .*",
        str(refused.value),
    )


def test_the_descriptions_of_all_jobs_are_german(db: None) -> None:
    told = {entry.msgid for entry in polib.pofile(str(CATALOGUE))}
    found = {name: job.description for name, job in registry.jobs().items()}
    assert {"mod_cache_refresh", "pruneruns", "send_news", "server_versions_check"} <= set(found)
    assert set(found.values()) <= told
