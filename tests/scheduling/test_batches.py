"""Many rows in one statement: the same as one by one, and no row that is not ours."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, DataError, connection
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from scheduling import batches
from scheduling.models import JobRun, Status
from scheduling.presence import Presence

pytestmark = pytest.mark.django_db

SLOT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
ODD = ("it's", 'a "quoted" name', "50%s", "Ünïcode ☃", "null", "[1]", "{}", "a,b", "\\")


@pytest.fixture
def process():
    return Presence(timezone.now).process


def template(process):
    return JobRun(status=Status.RUNNING, queued_at=SLOT, worker=str(process), process=process)


def test_slots_are_inserted_like_their_template(process):
    made = batches.insert_slots(template(process), [(name, SLOT) for name in ODD])
    assert [(name, slot) for _pk, name, slot in made] == [(name, SLOT) for name in ODD]
    for run in JobRun.objects.all():
        assert run.job_name in ODD
        assert run.scheduled_for == run.queued_at == SLOT
        assert (run.status, run.attempt, run.log, run.result) == ("running", 1, [], None)
        assert run.process == process


def test_a_slot_that_has_its_row_is_left_out(process):
    JobRun.objects.create(job_name="a", scheduled_for=SLOT, status=Status.MISSED)
    later = SLOT + timedelta(seconds=1)
    made = batches.insert_slots(template(process), [("a", SLOT), ("a", later), ("b", SLOT)])
    assert {(name, slot) for _pk, name, slot in made} == {("a", later), ("b", SLOT)}
    assert {pk for pk, _name, _slot in made} < set(JobRun.objects.values_list("pk", flat=True))
    assert JobRun.objects.get(job_name="a", scheduled_for=SLOT).status == Status.MISSED


def test_rows_are_found_by_many_texts_as_they_are(process):
    batches.insert_slots(template(process), [(name, SLOT) for name in (*ODD, "another")])
    found = JobRun.objects.filter(batches.among("job_name", ODD))
    assert set(found.values_list("job_name", flat=True)) == set(ODD)
    assert not JobRun.objects.filter(batches.among("job_name", [])).exists()
    assert JobRun.objects.exclude(batches.among("job_name", ODD)).get().job_name == "another"


def test_rows_may_differ_in_any_of_their_fields(process):
    fields = ("job_name", "status", "scheduled_for", "slots", "until", "error")
    until = SLOT + timedelta(hours=1)
    rows = [
        ("a", Status.MISSED, SLOT, 2_147_483_647, until, 'it\'s "late" by 50%s ☃'),
        ("b", Status.SKIPPED, SLOT, 1, None, ""),
    ]
    closed = JobRun(queued_at=SLOT, finished_at=SLOT, worker="w")
    assert len(batches.insert_rows(closed, fields, rows)) == 2
    assert sorted(JobRun.objects.values_list(*fields)) == rows
    assert set(JobRun.objects.values_list("worker", "finished_at")) == {("w", SLOT)}


def test_moments_are_set_of_the_named_rows_only():
    for name in (*ODD, "other"):
        DjangoJob.objects.create(id=name, next_run_time=SLOT, job_state=b"")
    later = SLOT + timedelta(microseconds=1)
    batches.set_moments(DjangoJob, "next_run_time", [(name, later) for name in ODD])
    moments = dict(DjangoJob.objects.values_list("id", "next_run_time"))
    assert moments == {"other": SLOT} | dict.fromkeys(ODD, later)


def runs(process, number):
    return [
        JobRun.objects.create(
            job_name=f"job{one}", scheduled_for=SLOT, status=Status.RUNNING, process=process
        )
        for one in range(number)
    ]


FIELDS = ("status", "finished_at", "result", "error", "log")


def test_only_runs_that_are_open_and_ours_are_written(process):
    ours, closed, theirs = runs(process, 3)
    JobRun.objects.filter(pk=closed.pk).update(status=Status.LOST)
    JobRun.objects.filter(pk=theirs.pk).update(process=Presence(timezone.now).process)
    values = [Status.SUCCEEDED, SLOT, {"it's": [1.5, None, "50%s"]}, "\"'\\ ☃", [{"event": "x"}]]
    rows = [(run.pk, values) for run in (ours, closed, theirs)]
    assert batches.update_running(JobRun, process.pk, FIELDS, rows) == {ours.pk}
    ours.refresh_from_db()
    assert [getattr(ours, name) for name in FIELDS] == values
    statuses = JobRun.objects.exclude(pk=ours.pk).values_list("status", flat=True)
    assert set(statuses) == {"lost", "running"}


def test_nothing_is_stored_as_no_value_and_not_as_a_json_null(process):
    [run] = runs(process, 1)
    values = [Status.SUCCEEDED, None, None, "", []]
    batches.update_running(JobRun, process.pk, FIELDS, [(run.pk, values)])
    assert JobRun.objects.filter(result__isnull=True, finished_at=None, log=[]).exists()


def test_long_texts_are_written_in_several_statements(process, monkeypatch):
    monkeypatch.setattr(batches, "MAX_TEXT", 100)
    many = runs(process, 5)
    values = [Status.FAILED, SLOT, None, "x" * 60, []]
    written = batches.update_running(JobRun, process.pk, FIELDS, [(run.pk, values) for run in many])
    assert written == {run.pk for run in many}
    assert JobRun.objects.filter(error="x" * 60).count() == 5


@pytest.mark.parametrize("wrong", ["never", 12])
def test_what_is_no_moment_is_refused(process, wrong):
    [run] = runs(process, 1)
    with pytest.raises((AttributeError, DatabaseError)):
        batches.update_running(JobRun, process.pk, ["finished_at"], [(run.pk, [wrong])])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes any length")
def test_a_text_that_is_too_long_is_refused_and_not_cut(process):
    [run] = runs(process, 1)
    with pytest.raises(DataError):
        batches.update_running(JobRun, process.pk, ["status"], [(run.pk, ["x" * 50])])
