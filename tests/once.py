"""What has nothing to do with the database is tried on one of the two only.

On PostgreSQL, unless it is about how things are where there is just a file: so the suite on
SQLite, which everybody runs, stays quick.
"""

import os

import pytest

_SERVER = bool(os.environ.get("TEST_DATABASE_URL"))
on_sqlite = pytest.mark.skipif(_SERVER, reason="the same on PostgreSQL: runs on SQLite")
on_postgresql = pytest.mark.skipif(not _SERVER, reason="the same on SQLite: runs on PostgreSQL")
