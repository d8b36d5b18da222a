"""Two who change schedules at the same moment wait for each other, one way only."""

import threading

import pytest
from django.db import connection, transaction

from scheduling import actions
from scheduling.models import JobSchedule
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer"),
    pytest.mark.django_db(transaction=True),
]


def someone_waits() -> bool:
    """For this session. Of sessions that came later ``pg_stat_activity`` may know nothing: within
    a transaction it stays as it was when it was first read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def test_a_script_and_a_page_that_change_the_same_schedule_are_no_deadlock() -> None:
    """Guard: ``hold_changes()`` in ``locked``, scheduling/actions.py."""
    schedule = JobSchedule.objects.create(name="tides", interval_seconds=600)
    this = JobSchedule.objects.filter(pk=schedule.pk)
    failed: list[Exception] = []

    def script() -> None:
        try:
            this.update(paused=True)
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=script)
    with transaction.atomic():
        actions.locked(schedule)
        other.start()
        wait_until(someone_waits)
        this.update(interval_seconds=700)
    other.join(10)
    assert failed == []
    assert this.values_list("interval_seconds", "paused").get() == (700, True)
