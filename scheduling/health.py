"""Is it well? For monitors, without sign-in: never a 5xx for what only the worker lacks."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DatabaseFailure
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.timezone import localtime, now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_apscheduler.models import DjangoJob

from .models import SchedulerProcess
from .outlook import schedulers_heard, who_leads

# Migrations that were applied stay applied while this process lives.
_migrated = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What the database says of the schedulers, newest first, and of their jobs."""

    heard: list[SchedulerProcess]
    job_count: int


class Lately:
    """Those rows, read at most once in ``keep_for`` seconds and by one thread at a time.

    Meanwhile the others answer from what was read last, so that no number of questions weighs
    on the database, and none waits for one that hangs. Whether somebody is still heard from is
    judged anew at each answer.
    """

    def __init__(self) -> None:
        # The web process sets it (vsmanager/wsgi.py).
        self.keep_for = 0.0
        self._reading = threading.Lock()
        self._read_at = float("-inf")
        self._rows: Rows | None = None

    def rows(self) -> Rows | None:
        """None while the database can't be reached."""
        if not self.keep_for:
            return _read()
        if time.monotonic() - self._read_at >= self.keep_for and self._reading.acquire(False):
            try:
                self._rows = _read()
                self._read_at = time.monotonic()
            finally:
                self._reading.release()
        return self._rows


lately = Lately()


def _read() -> Rows | None:
    try:
        return Rows(heard=schedulers_heard(), job_count=DjangoJob.objects.count())
    except DatabaseFailure:
        return None


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 whenever this process answers; what it says of the scheduler comes from rows."""
    scheduler = _scheduler(lately.rows() or Rows(heard=[], job_count=0))
    return JsonResponse({"status": "ok", "data": {"api": "healthy", "scheduler": scheduler}})


def _scheduler(rows: Rows) -> dict[str, Any]:
    leader = who_leads(rows.heard, now())
    last = leader or next(iter(rows.heard), None)
    return {
        "status": "running" if leader else "stopped",
        "job_count": rows.job_count,
        "leader": str(leader) if leader else None,
        "last_heartbeat": localtime(last.heartbeat_at).isoformat() if last else None,
    }


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Whether requests can be served: 503 without the database or with missing migrations."""
    try:
        missing = _migrations_missing()
    except DatabaseFailure:
        return _unready("DATABASE_UNAVAILABLE", "The database can't be reached.")
    if missing:
        return _unready("MIGRATIONS_MISSING", "Run python manage.py migrate.")
    return JsonResponse({"status": "ok", "data": {"ready": True}})


def _migrations_missing() -> bool:
    """Reads the migrations only until all are there, and then just asks for an answer."""
    global _migrated
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return not _migrated


def _unready(code: str, message: str) -> JsonResponse:
    error = {"code": code, "message": message}
    return JsonResponse({"status": "error", "error": error}, status=503)
