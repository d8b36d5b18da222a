"""Where runs are executed: what that needs, and what of it is missing. Without the package
Procrastinate, which is an extra."""

from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.db import connection

APP = "procrastinate.contrib.django"
# What the leader and the workers lean on.
_TABLES = ("procrastinate_jobs", "procrastinate_workers")
_FUNCTIONS = ("procrastinate_defer_jobs_v1", "procrastinate_fetch_job_v2")


def is_elsewhere() -> bool:
    """Whether the leader hands runs over to Procrastinate's workers."""
    return bool(settings.SCHEDULER_EXECUTOR == "procrastinate")


def problem() -> str:
    """Why runs can't be handed over with these settings, and what to do; empty when they can."""
    if not is_elsewhere():
        return ""
    if connection.vendor != "postgresql":
        return (
            "SCHEDULER_EXECUTOR=procrastinate needs PostgreSQL, and DATABASE_URL names SQLite. "
            "Let DATABASE_URL name a PostgreSQL database, or set SCHEDULER_EXECUTOR=threads."
        )
    if find_spec("procrastinate") is None:
        return (
            "SCHEDULER_EXECUTOR=procrastinate needs the package procrastinate, which is not "
            "installed. Run pip install -r requirements-procrastinate.txt, or set "
            "SCHEDULER_EXECUTOR=threads."
        )
    if not apps.is_installed(APP):
        return (
            "SCHEDULER_EXECUTOR=procrastinate needs Procrastinate's Django part. "
            f"Add {APP!r} to INSTALLED_APPS."
        )
    return ""


def missing_tables() -> str:
    """What of Procrastinate the database lacks, and what to do; empty when all is there."""
    if not is_elsewhere():
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL"
            " UNION ALL SELECT name FROM unnest(%s::text[]) AS name WHERE to_regproc(name) IS NULL",
            [list(_TABLES), list(_FUNCTIONS)],
        )
        missing = [name for (name,) in cursor.fetchall()]
    if not missing:
        return ""
    return (
        f"SCHEDULER_EXECUTOR=procrastinate, and the database lacks {', '.join(missing)}. "
        "Run: python manage.py migrate"
    )
