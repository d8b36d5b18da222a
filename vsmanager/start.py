"""What every way of starting vsmanager does first."""

import os
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

MIGRATE_FIRST = "The database is not up to date. Run: python manage.py migrate"


def read_settings() -> None:
    """Read the settings; a bad variable ends the start with one line, not a traceback."""
    # The database holds password hashes and sessions, which only its owner may read.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vsmanager.settings")
    from django.conf import settings

    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        sys.exit(f"vsmanager can't start: {error}")


def run_command(arguments: Sequence[str]) -> None:
    """Run a command of manage.py; a database that it can't work with ends it with one line."""
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(list(arguments))
    except (OperationalError, ProgrammingError):
        # What lacks migrations fails anywhere, with a table or a column that is not there.
        if "--traceback" in arguments or not (told := _in_words()):
            raise
        sys.exit(told)


def _in_words() -> str:
    """What is wrong with the database and what to do; empty where it is not that."""
    from django.db import Error, connection

    from .backups import contents

    try:
        connection.close()
        if contents.missing(contents.applied(connection)):
            return MIGRATE_FIRST
    except Error as failure:
        lines = str(failure).strip().splitlines()
        return f"The database that DATABASE_URL names can't be used: {' '.join(lines)}"
    return ""
