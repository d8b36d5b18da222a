"""Whoever reads in German gets German; what is stored stays English."""

import json

from django.contrib.admin.models import LogEntry
from django.test import Client

from scheduling.models import JobRun, JobSchedule

from .conftest import ran

GERMAN = {"Accept-Language": "de"}


def stored() -> list[str]:
    note = json.loads(LogEntry.objects.latest("pk").change_message)
    texts: list[str] = note[0]["changed"]["fields"]
    return texts


def test_a_change_is_told_in_german_and_kept_in_english(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.post("/settings/tides/pause/", headers=GERMAN, follow=True)
    assert "Angehalten: tides." in page.content.decode()
    assert stored() == ["paused"]
    patch = {"interval_seconds": 600, "max_retries": 2}
    as_ann.patch("/api/v1/jobs/tides", patch, content_type="application/json", headers=GERMAN)
    assert stored() == ["every 4 hours → every 10 minutes", "max retries: 0 → 2"]


def test_the_error_of_a_cancelled_run_is_kept_in_english(as_ann: Client) -> None:
    run = ran(status="queued", started_at=None, finished_at=None)
    as_ann.post(f"/runs/{run.pk}/cancel/", headers=GERMAN)
    assert JobRun.objects.get(pk=run.pk).error == "Cancelled by ann before it started."
    assert stored() == [f"run {run.pk} (cancelled before it started)"]


def test_the_api_refuses_in_the_language_of_the_caller_under_the_same_code(
    as_ann: Client, tides: JobSchedule
) -> None:
    refused = as_ann.patch(
        "/api/v1/jobs/tides",
        {"interval_seconds": 5},
        content_type="application/json",
        headers=GERMAN,
    )
    assert refused.json()["error"] == {
        "code": "INVALID_SCHEDULE",
        "message": "Der Abstand muss 0 sein (abgeschaltet) oder eine ganze Zahl von Sekunden "
        "von 10 bis 31.536.000.",
    }


def test_a_refused_address_is_told_in_the_language_of_its_sender(as_ann: Client) -> None:
    told = as_ann.get("/runs/?job=%00", headers=GERMAN).content.decode()
    assert told == "Die Adresse enthält ein Nullzeichen."
    assert as_ann.get("/runs/?job=%00").content == b"The address holds a null character."


def test_why_a_run_ended_is_kept_in_english_and_told_in_german(as_ann: Client) -> None:
    run = ran(status="cancelled", error="Cancelled by ann.")
    for address in (f"/runs/{run.pk}/", "/runs/"):
        page = as_ann.get(address, headers=GERMAN).content.decode()
        assert "Von ann abgebrochen." in page
        assert "Cancelled by" not in page
    assert as_ann.get(f"/api/v1/runs/{run.pk}").json()["data"]["run"]["error"] == run.error
