"""What every way of starting vsmanager does first."""

import json
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

MIGRATE_FIRST = "The database is not up to date. Run: python manage.py migrate"
# They go on for long, and what they tell is read from a log.
_SERVICES = (["runscheduler"], ["procrastinate", "worker"])


def read_settings(*, service: bool = False) -> None:
    """Read the settings; a bad variable ends the start with one line, not a traceback.

    ``service``: from here on all that is told is told as a log is.
    """
    # The database holds password hashes and sessions, which only its owner may read. Who collects
    # static files is seldom who serves them.
    os.umask(0o022 if sys.argv[1:2] == ["collectstatic"] else 0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vsmanager.settings")
    from django.conf import settings

    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        refuse(f"vsmanager can't start: {error}", service=service)
    except Exception as error:
        if not service:
            raise
        told = f"vsmanager can't start: {type(error).__name__}: {error}"
        refuse(told, service=service, exception=traceback.format_exc())
    if service:
        from . import loglines

        loglines.catch_all()


def refuse(text: str, code: int = 1, *, service: bool, **more: str) -> NoReturn:
    """End the process with this text: for a service in the form that its log has."""
    wanted = os.environ.get("LOG_FORMAT")
    is_json = wanted == "json" or (wanted != "console" and not sys.stderr.isatty())
    if service and is_json:
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        text = json.dumps({"event": text, "level": "critical", "timestamp": at, **more})
    else:
        text = "\n".join([*more.values(), text])
    print(text, file=sys.stderr)
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> None:
    """Django's command line; a database that it can't work with ends it with one line."""
    service = any(list(arguments[1 : 1 + len(name)]) == name for name in _SERVICES)
    read_settings(service=service)
    from django.core.management import CommandError, execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    # Else the command prints why it does not start, and ends the process.
    traceback_wanted = ["--traceback"] if service else []
    try:
        execute_from_command_line([*arguments[:2], *traceback_wanted, *arguments[2:]])
    except CommandError as error:
        # Others get here only with a --traceback of their own.
        if not service:
            raise
        refuse(f"{type(error).__name__}: {error}", error.returncode, service=True)
    except (OperationalError, ProgrammingError):
        # What lacks migrations fails anywhere, with a table or a column that is not there.
        if "--traceback" in arguments or not (told := _in_words()):
            raise
        refuse(told, service=service)


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
