"""After a new index SQLite's planner knows of it where it knew of the others."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from scheduling.migrations._planner import count_anew
from scheduling.models import JobRun

KNOWN = "SELECT count(*) FROM sqlite_stat1 WHERE idx = 'run_by_trigger_and_status'"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts by itself")
@pytest.mark.django_db
def test_where_somebody_ran_analyze_a_new_index_is_counted_too():
    JobRun.objects.create(job_name="tides", scheduled_for=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("DELETE FROM sqlite_stat1")
        count_anew(None, SimpleNamespace(connection=connection))
        assert cursor.execute(KNOWN).fetchone() == (1,)
