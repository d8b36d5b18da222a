"""What the planner of a filled database knows, as it would where vsmanager runs."""

from django.db import connection


def count_rows() -> None:
    """After a database is filled: what PostgreSQL's autovacuum does within a minute. SQLite counts
    nothing unless somebody asks for it, and nobody does where vsmanager runs."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
