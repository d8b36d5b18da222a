"""Who moves what SQLite has logged into its database.

Whoever commits does it once the log has a thousand pages, and waits for the disk meanwhile. In a
pass, slots would wait with it. The thread that writes outcomes commits soon after each pass, and
nobody waits for it; heartbeats do for passes without outcomes.
"""

from django.db import connection


def leave_to_others() -> None:
    """From now on this thread's connection commits without."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_autocheckpoint=0")
