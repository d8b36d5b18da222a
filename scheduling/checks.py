"""What Django's system checks say about settings on which the worker would fail later."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.database)
def check_sqlite_options(**_kwargs: Any) -> list[CheckMessage]:
    """Django's default options for SQLite end in "database is locked" within seconds."""
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
