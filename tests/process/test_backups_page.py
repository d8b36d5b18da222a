"""Every command of the page about backups does what it says, in the order of the page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .clients import path_with, programs
from .databases import SERVER, Database, Sqlite
from .nursery import PROJECT

pytestmark = pytest.mark.process
PAGE = (PROJECT / "docs/backups.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


def test_the_page_has_its_commands():
    told = "\n".join(COMMANDS)
    for name in ("backup", "restore", "movedatabase", "exportschedules", "importschedules"):
        assert f"manage.py {name} " in told


def test_every_command_of_the_page_works(installation, tmp_path):
    python = Path(sys.executable).parent
    installation.env["PATH"] = path_with(f"{python}:{programs()}" if SERVER else str(python))
    made = installation.manage(
        "createsuperuser", "--noinput", "--username=ann", "--email=ann@example.com"
    )
    assert made.returncode == 0, made.stderr
    target = Database(tmp_path)
    places = {
        "/var/backups/vsmanager": str(tmp_path),
        "/etc/vsmanager": str(tmp_path),
        "postgres://vsmanager@db.example/vsmanager": target.url,
    }
    for command in COMMANDS:
        env = dict(installation.env)
        if "movedatabase" in command:
            if not SERVER:
                continue
            env["DATABASE_URL"] = _on_sqlite(installation, tmp_path)
        for told, real in places.items():
            command = command.replace(told, real)
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=PROJECT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, (command, done.stderr)
    if SERVER:
        target.drop()


def _on_sqlite(installation, folder):
    source = Sqlite(folder)
    done = installation.manage("migrate", "-v0", DATABASE_URL=source.url)
    assert done.returncode == 0, done.stderr
    return source.url
