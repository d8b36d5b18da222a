"""What migrations that change indexes do after it; Django reads no module of this name."""

from typing import Any


def count_anew(_apps: Any, schema_editor: Any) -> None:
    """Where somebody ran ANALYZE, SQLite prefers an index of which it knows nothing."""
    connection = schema_editor.connection
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone()[0]:
            cursor.execute("ANALYZE scheduling_jobrun")
