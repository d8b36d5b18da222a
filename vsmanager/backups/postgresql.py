"""PostgreSQL, with its own pg_dump, pg_restore and psql."""

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.db import connection
from psycopg.conninfo import make_conninfo

from scheduling.leadership import session_parameters

from . import calm
from .contents import Migrations
from .errors import Refused

_HOW = "Install PostgreSQL's client programs of version {version} or newer, and have them in PATH."

# All that is in the schema and no part of an extension: an older backup knows nothing of newer
# tables, and would fail on what refers to its own.
_EMPTY = r"""
\set QUIET on
BEGIN;
SET LOCAL lock_timeout = '15s';
SET LOCAL client_min_messages = warning;
DO $$
DECLARE one record;
BEGIN
    FOR one IN
        SELECT format('DROP %s IF EXISTS %s CASCADE', CASE relkind
                WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                ELSE 'TABLE' END, oid::regclass) AS told
        FROM pg_class WHERE relnamespace = current_schema()::regnamespace
            AND relkind IN ('r', 'p', 'v', 'm', 'S')
            AND NOT EXISTS (
                SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('e', 'i'))
    LOOP EXECUTE one.told; END LOOP;
    FOR one IN
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) AS told
        FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP EXECUTE one.told; END LOOP;
    FOR one IN
        SELECT format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype) AS told
        FROM pg_type WHERE typnamespace = current_schema()::regnamespace
            AND typtype IN ('e', 'd', 'c') AND typrelid NOT IN (SELECT oid FROM pg_class
                WHERE relkind <> 'c')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
    LOOP EXECUTE one.told; END LOOP;
END $$;
"""


def save(target: Path) -> None:
    """A dump of the database as it is at one moment, checked. Raises Refused."""
    _check_version("pg_dump")
    _run("pg_dump", "--format=custom", f"--file={target}", _database())
    migrations_of(target)


def migrations_of(file: Path) -> Migrations:
    """The migrations that a backup has had. Raises Refused when it is none or is damaged."""
    # All of it is read: the table of contents alone stands at its beginning.
    _run("pg_restore", "--file=/dev/null", str(file))
    told = _run("pg_restore", "--data-only", "--table=django_migrations", "--file=-", str(file))
    rows = re.findall(r"^\d+\t(\w+)\t(\w+)\t\d", told, re.MULTILINE)
    return set(rows)


def restore(file: Path, migrations: Migrations, *, live: bool) -> None:
    """Put what the backup holds in place of all that is there, in one transaction.

    Raises Refused, and then the database is as it was.
    """
    _check_version("psql")
    news = ("mods", "0010_news") in migrations
    # Only who has read all of it commits: psql takes the end of its input for the end of its work.
    end = f"SET search_path = public;\n{calm.script('postgresql', live=live, news=news)}\nCOMMIT;\n"
    reading = [_program("pg_restore"), "--no-owner", "--no-privileges", "--no-comments"]
    with (
        tempfile.TemporaryFile() as told,
        subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's
            [*reading, "--file=-", str(file)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as source,
        _psql(told) as sink,
    ):
        # Its end closes its input, when it has failed over a statement.
        with suppress(BrokenPipeError), sink.stdin as script:  # type: ignore[union-attr]
            script.write(_EMPTY.encode())
            with source.stdout as dump:  # type: ignore[union-attr]
                shutil.copyfileobj(dump, script)
            if source.wait() == 0:
                script.write(end.encode())
        if sink.wait() or source.wait():
            told.seek(0)
            why = _first(told.read().decode(errors="replace"))
            raise Refused(f"Nothing was restored. {why or f'{file} could not be read.'}")


def _psql(told: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Reads statements until one of them fails, which ``told`` then says."""
    return subprocess.Popen(  # noqa: S603
        [_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", _database()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=told,
        env=_environment(),
    )


def _database() -> str:
    """Where it is, without the password: others see what a program is called with."""
    return make_conninfo("", **{**session_parameters(), "password": None})


def _environment() -> dict[str, str]:
    password = session_parameters().get("password")
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def _server() -> int:
    connection.ensure_connection()
    return int(connection.pg_version) // 10_000  # type: ignore[attr-defined]


def _program(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise Refused(f"{name} is not there. {_HOW.format(version=_server())}")


def _check_version(name: str) -> None:
    """pg_dump refuses a server newer than itself, and psql may not understand what it says."""
    told = subprocess.run(  # noqa: S603
        [_program(name), "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"(\d+)\.?\d*", told)
    if found and int(found[1]) < _server():
        raise Refused(
            f"{name} is of version {found[1]} and the server of version {_server()}: it must not "
            f"be older. {_HOW.format(version=_server())}"
        )


def _run(name: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603
        [_program(name), *arguments],
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(f"{name} failed. {_first(done.stderr)}")
    return done.stdout


def _first(told: str) -> str:
    """What a program complained of first; the rest follows from it."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[0] if lines else ""
