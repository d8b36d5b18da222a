"""A database beside that of the suite, on SQLite or PostgreSQL, with nothing in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.process.databases import Database
from vsmanager import env


@pytest.fixture
def database(tmp_path: Path, django_db_blocker: Any) -> Iterator[Any]:
    """A connection to an empty database, in the place of the suite's: migrations of others
    know no other."""
    empty, ours, settings = Database(tmp_path), connections["default"], connections.settings
    given = env.database_at(empty.url, "DATABASE_URL")
    suite = settings["default"]
    settings["default"] = connections.configure_settings({"default": given})["default"]
    connections["default"] = connections.create_connection("default")
    with django_db_blocker.unblock():
        yield connections["default"]
        connections["default"].close()
    settings["default"], connections["default"] = suite, ours
    empty.drop()
