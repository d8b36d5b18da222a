"""Is it well? For monitors, without sign-in: never a 5xx for what only the worker lacks."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DatabaseFailure
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.timezone import localtime, now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_apscheduler.models import DjangoJob

from .outlook import worker_state

# Migrations that were applied stay applied while this process lives.
_migrated = False


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 whenever this process answers; what it says of the scheduler comes from rows."""
    try:
        scheduler = _scheduler()
    except DatabaseFailure:
        scheduler = {"status": "stopped", "job_count": 0, "leader": None, "last_heartbeat": None}
    return JsonResponse({"status": "ok", "data": {"api": "healthy", "scheduler": scheduler}})


def _scheduler() -> dict[str, Any]:
    state = worker_state(now())
    return {
        "status": "running" if state.leader else "stopped",
        "job_count": DjangoJob.objects.count(),
        "leader": str(state.leader) if state.leader else None,
        "last_heartbeat": localtime(state.last_heard).isoformat() if state.last_heard else None,
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
