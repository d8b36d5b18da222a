"""From SQLite to PostgreSQL."""

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection, connections

from vsmanager import env
from vsmanager.backups import contents, copying, standstill
from vsmanager.backups.copying import Table
from vsmanager.backups.errors import Refused
from vsmanager.start import MIGRATE_FIRST

_TARGET = "target"


class Command(BaseCommand):
    help = (
        "Copies all rows of the SQLite database into an empty PostgreSQL database, all or "
        "nothing, and compares them. The SQLite database stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to",
            required=True,
            metavar="URL",
            help="such as postgres://user@host/name; a password in PGPASSWORD or ~/.pgpass is "
            "seen by nobody else",
        )

    def handle(self, *, to: str, **_options: Any) -> None:
        try:
            _connect(to)
            with standstill.nobody_leads():
                _check()
                _migrate(to)
                copying.copy_all("default", _TARGET, self._tell)
        except (Refused, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        except Error as error:
            told = " ".join(str(error).split())
            raise CommandError(f"Nothing was moved. {told}") from None
        finally:
            if _TARGET in connections.settings:
                connections[_TARGET].close()
        self.stdout.write(
            "All rows are there and the same. Now let DATABASE_URL name the new database, for web "
            "and worker, with the same SECRET_KEY, and put the old file away."
        )

    def _tell(self, table: Table) -> None:
        if table.rows:
            self.stdout.write(f"{table.name}: {table.rows:,} rows, {table.checksum:032x}")


def _connect(to: str) -> None:
    if connection.vendor != "sqlite":
        raise Refused("DATABASE_URL names no SQLite database: there is nothing to move from.")
    config = env.database_at(to, "--to")
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise Refused("--to must name a PostgreSQL database: postgres://user@host/name")
    connections.settings[_TARGET] = connections.configure_settings({"default": config})["default"]


def _check() -> None:
    if contents.missing(contents.applied(connection)):
        raise Refused(MIGRATE_FIRST)
    target = connections[_TARGET]
    if contents.is_used(target):
        raise Refused("The database that --to names holds something already. Name an empty one.")
    if newer := contents.newer(contents.applied(target)):
        raise Refused(f"The database that --to names is of a newer version ({', '.join(newer)}).")


def _migrate(to: str) -> None:
    """In a process of its own: migrations of others write to no other database than the first."""
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": to},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it gives no reason"]
        raise Refused(f"The tables can't be made there: {lines[-1]}")
