"""SQLite: copied while others write, and put in place of the database that is there."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from . import calm, files
from .contents import Migrations
from .errors import Refused

# Seconds that others may keep the database locked.
_PATIENCE = 60


def save(database: Path, target: Path) -> None:
    """A copy of the database as it is at one moment, checked. Raises Refused.

    In one step: in several, whatever is written meanwhile begins it anew.
    """
    if not database.exists():
        raise Refused(f"There is no database at {database} yet.")
    try:
        with closing(_read_only(database)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy, pages=-1)
            # One file, with nothing beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            _check(copy, target)
    except sqlite3.Error as error:
        raise Refused(f"{database} could not be copied: {error}.") from None


def migrations_of(file: Path) -> Migrations:
    """The migrations that a backup has had. Raises Refused when it is none or is damaged."""
    try:
        with closing(_read_only(file)) as backup:
            _check(backup, file)
            return set(backup.execute("SELECT app, name FROM django_migrations"))
    except sqlite3.Error as error:
        raise Refused(f"{file} is no backup of vsmanager on SQLite: {error}.") from None


def restore(file: Path, database: Path, aside: Path, *, live: bool) -> bool:
    """Put the backup in the database's place, which goes to ``aside``; whether there was one.

    The backup is made calm before anybody can see it. Raises Refused.
    """
    with files.written(database) as beside:
        shutil.copyfile(file, beside)
        with closing(sqlite3.connect(beside)) as copy:
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
            news = "mods_newschannel" in tables
            copy.executescript(calm.script("sqlite", live=live, news=news))
            copy.execute("PRAGMA journal_mode = DELETE")
            _check(copy, file)
        return _put_aside(database, aside)


def _put_aside(database: Path, aside: Path) -> bool:
    if not database.exists():
        return False
    _close_down(database)
    # A link, so that there is a database in its place at every moment.
    aside.hardlink_to(database)
    aside.chmod(files.MODE)
    # What a damaged one may still have beside it must not be taken for the new one's.
    for suffix in ("-wal", "-shm"):
        left = database.with_name(f"{database.name}{suffix}")
        if left.exists():
            left.replace(aside.with_name(f"{aside.name}{suffix}"))
    return True


def _close_down(database: Path) -> None:
    """See to it that all of the database is in its file. Raises Refused when others use it."""
    try:
        with closing(sqlite3.connect(database, timeout=5)) as connection:
            # In WAL mode only who is alone can leave it.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise Refused(
            f"Another process uses {database} ({error}). Stop web and worker, then try again."
        ) from None
    except sqlite3.DatabaseError:
        """It is damaged: that may be why something is restored."""


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)


def _check(connection: sqlite3.Connection, file: Path) -> None:
    found = connection.execute("PRAGMA integrity_check(5)").fetchall()
    broken = connection.execute("PRAGMA foreign_key_check").fetchmany(1)
    if found != [("ok",)] or broken:
        why = "; ".join(str(row[0]) for row in found) if not broken else f"{broken[0][0]}: a link"
        raise Refused(f"{file} is damaged: {why}.")
