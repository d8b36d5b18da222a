"""Rows that are kept are never an older or another reader's."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone, translation

from scheduling import kept
from scheduling.kept import Kept
from scheduling.models import JobRun, JobSchedule
from scheduling.templatetags import scheduling as tags

from .conftest import NOON, ran, registered


def test_a_row_is_made_once_and_then_kept() -> None:
    made: list[int] = []
    rows = Kept()
    for _twice in range(2):
        assert rows.get("run 1", lambda: made.append(1) or "row") == "row"
    assert made == [1]


def test_each_language_zone_and_day_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Kept()
    assert rows.get("run", lambda: "English, UTC") == "English, UTC"
    with translation.override("de"):
        assert rows.get("run", lambda: "German") == "German"
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert rows.get("run", lambda: "Tokyo") == "Tokyo"
    tomorrow = timezone.localdate() + timedelta(days=1)
    monkeypatch.setattr(timezone, "localdate", lambda: tomorrow)
    assert rows.get("run", lambda: "tomorrow") == "tomorrow"


def test_only_so_many_are_kept_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    rows = Kept()
    for name in ("a", "b", "a", "c"):
        rows.get(name, lambda: "first")
    assert rows.get("a", lambda: "again") == "first"
    assert rows.get("b", lambda: "again") == "again"


def test_a_run_that_changed_after_its_end_is_shown_anew(as_ann: Client) -> None:
    run = ran(at=NOON, status="lost", error="gone")
    assert b"gone" in as_ann.get("/runs/").content
    JobRun.objects.filter(pk=run.pk).update(error="gone, but its thread ended")
    assert b"but its thread ended" in as_ann.get("/runs/").content


def test_the_words_of_relative_times_in_a_kept_row_are_those_of_now(
    as_ann: Client, tides: JobSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = timezone.now() + timedelta(minutes=5, seconds=30)
    registered(tides, soon)
    assert b"in 5 min" in as_ann.get("/").content
    later = timezone.now() + timedelta(minutes=2)
    html = as_ann.get("/").content.decode()
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "in 3 min" in tags.with_fresh_times(html)


def test_what_sql_changed_is_shown_anew(as_ann: Client, tides: JobSchedule) -> None:
    assert b"every 4 hours" in as_ann.get("/").content
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduling_jobschedule SET interval_seconds = 600")
    assert b"every 10 minutes" in as_ann.get("/").content


def test_a_failure_that_changed_is_shown_anew(as_ann: Client) -> None:
    run = ran(at=timezone.now(), status="lost", error="gone")
    assert b"gone" in as_ann.get("/live/failures/").content
    JobRun.objects.filter(pk=run.pk).update(error="gone, but its thread ended")
    assert b"but its thread ended" in as_ann.get("/live/failures/").content
    ran(at=timezone.now(), status="lost", error="gone, but its thread ended")
    assert b">2</a>" in as_ann.get("/live/failures/").content


def test_a_tile_of_the_wall_tells_what_became_late_or_was_paused(
    as_ann: Client, tides: JobSchedule
) -> None:
    registered(tides, timezone.now() + timedelta(hours=1))
    assert b"overdue" not in as_ann.get("/live/wall/jobs/").content
    registered(tides, timezone.now() - timedelta(hours=1))
    assert b"overdue" in as_ann.get("/live/wall/jobs/").content
    JobSchedule.objects.update(paused=True)
    assert b"paused" in as_ann.get("/live/wall/jobs/").content
