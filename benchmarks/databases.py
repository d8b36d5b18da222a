"""Runs a measurement on SQLite and on PostgreSQL, each a new database that is gone afterwards."""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests import postgres

PROJECT = Path(__file__).resolve().parent.parent


def measured(module: str, only: str = "") -> dict[str, Any]:
    """What ``python -m MODULE --measure`` prints as JSON, by the database.

    ``only`` is ``sqlite`` or ``postgresql``, "" for both.
    """
    results = {}
    if only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            results["SQLite"] = _run(module, f"sqlite:///{folder}/benchmark.sqlite3")
    if only != "sqlite":
        results["PostgreSQL"] = _run(module, postgres.start())
    return results


def begin() -> None:
    """In the process that measures: Django, and the tables."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def monitor() -> Any:
    """Somebody who may look, signed in."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    watch = User.objects.create_user("watch", is_staff=True)
    watch.groups.add(Group.objects.get(name="Monitor"))
    client = Client(SERVER_NAME="localhost")
    client.force_login(watch)
    # As vsmanager/wsgi.py leaves the web process.
    gc.freeze()
    return client


def in_words(times: list[float]) -> str:
    p95 = statistics.quantiles(times, n=20)[-1]
    return f"p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms"


def _run(module: str, address: str) -> Any:
    chosen = {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "vsmanager.settings"}
    done = subprocess.run(
        [sys.executable, "-m", module, "--measure"],
        cwd=PROJECT,
        env={**os.environ, **chosen, "LOG_LEVEL": "ERROR"},
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)
