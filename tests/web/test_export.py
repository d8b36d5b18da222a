"""/runs/export/: the history as CSV, however long it is."""

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling import export
from scheduling.models import JobRun, JobSchedule

from .conftest import NOON, ran

URL = "/runs/export/"


def table(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(text.splitlines(keepends=True)))


def test_each_run_is_a_row_with_times_and_their_offset(as_ann: Client) -> None:
    run = ran(
        trigger="manual",
        requested_by="bob",
        reason="new versions, at last",
        result={"received": 4852, "created": 0},
    )
    (row,) = table(as_ann.get(URL))
    assert tuple(row) == export.COLUMNS
    assert row == {
        "id": str(run.pk),
        "job": "tides",
        "status": "succeeded",
        "trigger": "manual",
        "slot": "2026-05-04T12:00:00.000+00:00",
        "started": "2026-05-04T12:00:01.000+00:00",
        "finished": "2026-05-04T12:00:03.000+00:00",
        "lag_seconds": "1.000",
        "duration_seconds": "2.000",
        "attempt": "1",
        "slots": "1",
        "worker": "lighthouse:7",
        "requested_by": "bob",
        "reason": "new versions, at last",
        "error": "",
        "result": "received 4,852",
    }
    assert datetime.fromisoformat(row["slot"]) == NOON


def test_an_error_and_a_result_are_told_in_a_line_each(as_ann: Client) -> None:
    ran(status="failed", error="wet,\n  very wet", result={"received": 3})
    (row,) = table(as_ann.get(URL))
    assert (row["error"], row["result"]) == ("wet, very wet", "received 3")


def test_a_run_that_never_began_has_empty_cells(as_ann: Client) -> None:
    ran(status="missed", started_at=None, finished_at=None, worker="")
    (row,) = table(as_ann.get(URL))
    assert row["started"] == row["lag_seconds"] == row["duration_seconds"] == ""


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "\rx", "\uff1d1"])
def test_no_cell_is_a_formula(as_ann: Client, begin: str) -> None:
    ran(begin, worker=begin, requested_by=begin, reason=begin, error=begin)
    (row,) = table(as_ann.get(URL))
    cells = [row[name] for name in ("job", "worker", "requested_by", "reason")]
    assert cells == [f"'{begin}"] * 4
    # An error is told without what surrounds it.
    assert row["error"] in (f"'{begin}", "x")
    assert not any(cell.startswith(tuple("=+@\t\r")) for cell in row.values())


@pytest.mark.parametrize("odd", [";=1+1", 'wet;"=1+1"', ";;@SUM(1)", "a\t-1", ';\uff1d1;""+1'])
def test_no_cell_is_a_formula_where_semicolons_or_tabs_separate(as_ann: Client, odd: str) -> None:
    ran(odd, worker=odd, requested_by=odd, reason=odd, error=f"a, {odd}")
    text = b"".join(as_ann.get(URL).streaming_content).decode()  # type: ignore[attr-defined]
    for separator in ";\t":
        for row in csv.reader(text.splitlines(keepends=True), delimiter=separator):
            assert not any(cell.startswith(tuple("=+-@\uff1d")) for cell in row)


def test_filters_are_those_of_the_list(as_ann: Client) -> None:
    wanted = [ran(at=NOON + timedelta(minutes=n), status="failed") for n in range(3)]
    ran(at=NOON - timedelta(days=1), status="failed")
    ran("stars", status="failed")
    ran(at=NOON + timedelta(hours=1))
    rows = table(as_ann.get(f"{URL}?job=tides&status=failed&since=2026-05-04T12:00"))
    assert [row["id"] for row in rows] == [str(run.pk) for run in reversed(wanted)]


@pytest.mark.parametrize(
    "query", ["since=soon", "status=odd", "trigger=%3Cscript%3E", "until=9999-12-31T23:59"]
)
def test_a_filter_that_is_not_understood_is_no_full_export(as_ann: Client, query: str) -> None:
    ran()
    answer = as_ann.get(f"{URL}?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().startswith(query.split("=")[0] + ": ")


def test_it_is_a_file_with_the_day_in_its_name(as_ann: Client, monkeypatch: Any) -> None:
    answer = as_ann.get(URL)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    today = datetime.now().astimezone(NOON.tzinfo).date()
    assert answer["Content-Disposition"] == f'attachment; filename="runs-{today}.csv"'
    assert "no-store" in answer["Cache-Control"]


def fill(count: int) -> None:
    JobRun.objects.bulk_create(
        JobRun(job_name="tides", scheduled_for=NOON + timedelta(seconds=n // 2), attempt=n % 2 + 1)
        for n in range(count)
    )


def statements(chunks: Iterable[bytes]) -> int:
    with CaptureQueriesContext(connection) as queries:
        for _chunk in chunks:
            pass
    return len(queries)


def test_it_is_read_and_sent_in_chunks(as_ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 10)
    fill(95)
    answer = as_ann.get(URL)
    assert isinstance(answer, StreamingHttpResponse)
    chunks = iter(answer.streaming_content)
    next(chunks)
    with CaptureQueriesContext(connection) as queries:
        first = next(chunks)
    assert len(queries) == 1
    assert first.count(b"\r\n") == 10
    assert "OFFSET" not in queries[0]["sql"]
    assert '"log"' not in queries[0]["sql"]
    assert statements(chunks) == 9


def test_every_run_comes_once_over_all_chunks(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 7)
    fill(50)
    ids = [int(row["id"]) for row in table(as_ann.get(URL))]
    newest_first = JobRun.objects.order_by("-scheduled_for", "-id")
    assert ids == list(newest_first.values_list("pk", flat=True))


def test_a_reader_who_leaves_does_no_harm(as_ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 10)
    fill(50)
    rows = export.lines(JobRun.objects.all())
    next(rows), next(rows)
    with CaptureQueriesContext(connection) as queries:
        # What the server does to the answer when nobody is there to read it.
        rows.close()
        assert list(rows) == []
    assert len(queries) == 0
    assert as_ann.get("/runs/").status_code == 200


def test_an_empty_history_gives_its_head(as_ann: Client) -> None:
    assert b"".join(as_ann.get(URL).streaming_content).decode().strip() == ",".join(export.COLUMNS)


def test_the_list_leads_to_the_export_of_what_it_shows(as_ann: Client, tides: JobSchedule) -> None:
    page = as_ann.get("/runs/?job=tides&status=failed").content.decode()
    assert 'href="/runs/export/?job=tides&amp;status=failed"' in page
    assert "/runs/export/" not in as_ann.get("/runs/?status=odd").content.decode()


def test_what_was_deleted_meanwhile_ends_nothing(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 10)
    fill(30)
    chunks = iter(as_ann.get(URL).streaming_content)
    next(chunks), next(chunks)
    JobRun.objects.all().delete()
    assert list(chunks) == [b""]
