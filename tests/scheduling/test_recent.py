"""The newest runs of several jobs at once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Model

from scheduling.models import JobRun, JobSchedule
from scheduling.recent import newest_runs

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def history(name, count):
    JobSchedule.objects.create(name=name, interval_seconds=60)
    JobRun.objects.bulk_create(
        JobRun(job_name=name, scheduled_for=NOON + timedelta(minutes=n), status="succeeded")
        for n in range(count)
    )


def minutes(runs):
    return [(run.scheduled_for - NOON) // timedelta(minutes=1) for run in runs]


@pytest.fixture(autouse=True)
def two_jobs():
    JobSchedule.objects.all().delete()
    history("busy", 10)
    history("rare", 2)
    history("new", 0)


def test_each_job_has_its_newest_runs_oldest_first():
    found = newest_runs(["busy", "rare", "new"], 3)
    assert {name: minutes(runs) for name, runs in found.items()} == {
        "busy": [7, 8, 9],
        "rare": [0, 1],
        "new": [],
    }


def test_runs_before_a_moment_are_left_out():
    found = newest_runs(["busy", "rare"], 5, since=NOON + timedelta(minutes=8))
    assert (minutes(found["busy"]), minutes(found["rare"])) == ([8, 9], [])


def test_attempts_at_one_slot_do_not_make_it_more(django_assert_num_queries):
    JobRun.objects.bulk_create(
        JobRun(job_name="busy", scheduled_for=NOON + timedelta(minutes=9), attempt=n)
        for n in (2, 3, 4)
    )
    with django_assert_num_queries(2):
        found = newest_runs(["busy", "rare"], 3)
    assert [run.attempt for run in found["busy"]] == [2, 3, 4]


def test_no_job_is_no_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert newest_runs(["nobody"], 3) == {"nobody": []}


def test_older_runs_are_not_even_read(monkeypatch):
    read = []

    def from_db(cls, *row, **how):
        read.append(row)
        return Model.from_db.__func__(cls, *row, **how)

    monkeypatch.setattr(JobRun, "from_db", classmethod(from_db))
    newest_runs(["busy", "rare"], 3)
    assert len(read) == 5
