"""What Django's system checks say about settings on which the worker would fail later."""

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Warn

from . import engine

OLDEST_SQLITE = (3, 35)


@register(Tags.database)
def check_sqlite_version(**_kwargs: Any) -> list[CheckMessage]:
    """SQLite is new enough: it returns the rows that a claim has made."""
    if (
        settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3"
        or sqlite3.sqlite_version_info >= OLDEST_SQLITE
    ):
        return []
    return [
        Error(
            f"SQLite {sqlite3.sqlite_version} is too old: the worker needs 3.35 or newer.",
            hint="Use a Python that comes with a newer SQLite, or PostgreSQL (DATABASE_URL).",
            id="scheduling.E003",
        )
    ]


@register(Tags.database)
def check_sqlite_options(**_kwargs: Any) -> list[CheckMessage]:
    """SQLite is set up for several threads: Django's own options end in "database is locked"
    within seconds."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return []
    options = database.get("OPTIONS", {})
    wanted = {
        "transaction_mode": str(options.get("transaction_mode", "")).upper() == "IMMEDIATE",
        "timeout": options.get("timeout", 5) >= 20,
        "journal_mode=WAL": "journal_mode=wal"
        in str(options.get("init_command", "")).lower().replace(" ", ""),
    }
    wrong = [name for name, good in wanted.items() if not good]
    if not wrong:
        return []
    return [
        Error(
            f"SQLite is set up so that the worker's threads lock each other out "
            f"({', '.join(wrong)}).",
            hint="Set DATABASES['default']['OPTIONS'] = {'transaction_mode': 'IMMEDIATE', "
            "'timeout': 20, 'init_command': 'PRAGMA journal_mode=WAL; "
            "PRAGMA synchronous=NORMAL;'}",
            id="scheduling.E001",
        )
    ]


@register
def check_middleware(**_kwargs: Any) -> list[CheckMessage]:
    """The pages' middleware is there, in projects other than this one."""
    needed = "django_htmx.middleware.HtmxMiddleware"
    if needed in settings.MIDDLEWARE:
        return []
    return [
        Error(
            "The pages of scheduling need to know which requests come from htmx.",
            hint=f"Add {needed!r} to MIDDLEWARE.",
            id="scheduling.E007",
        )
    ]


@register
def check_executor(**_kwargs: Any) -> list[CheckMessage]:
    """Runs can go where SCHEDULER_EXECUTOR says: PostgreSQL and the package are there."""
    if not (problem := engine.problem()):
        return []
    reason, _dot, hint = problem.partition(". ")
    return [Error(f"{reason}.", hint=hint, id="scheduling.E002")]


@register(Tags.database)
def check_queue(databases: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    """Procrastinate's tables are there. A warning only: as an error it would stop the migration
    that makes them."""
    if not databases or engine.problem() or not (problem := engine.missing_tables()):
        return []
    reason, _dot, hint = problem.partition(". ")
    return [Warn(f"{reason}.", hint=hint, id="scheduling.W001")]
