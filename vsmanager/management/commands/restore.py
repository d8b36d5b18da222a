"""A backup put in place of the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection
from django.utils import timezone

from vsmanager.backups import calm, contents, files, postgresql, sqlite, standstill
from vsmanager.backups.contents import Migrations
from vsmanager.backups.errors import Refused


class Command(BaseCommand):
    help = (
        "Puts a backup in place of the database, which is kept aside. Schedules are then paused "
        "and news channels off until you say --live: with the file, or later without it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="what the command backup wrote")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="also where the database is in use: it is kept aside",
        )
        parser.add_argument(
            "--live",
            action="store_true",
            help="let schedules and channels be as they were; without a file: let those go on "
            "that the last restore has paused and muted",
        )

    def handle(self, *, file: Path | None, replace: bool, live: bool, **_options: Any) -> None:
        try:
            if file is not None:
                self._restore(file.absolute(), replace=replace, live=live)
            elif live:
                self._go_live()
            else:
                raise Refused("Name the file of a backup.")
        except Refused as error:
            raise CommandError(str(error)) from None

    def _go_live(self) -> None:
        done = calm.go_live()
        self.stdout.write(
            f"Schedules that go on: {done['schedules']}. Channels that are on again: "
            f"{done['channels']}."
        )

    def _restore(self, file: Path, *, replace: bool, live: bool) -> None:
        if not file.is_file():
            raise Refused(f"There is no file {file}.")
        migrations = _migrations_of(file)
        _check(file, migrations)
        with standstill.nobody_leads():
            if not replace and _is_used():
                raise Refused(
                    "The database is in use: it holds people, runs or mods. Add --replace to put "
                    "the backup in its place; what is there now is kept aside."
                )
            aside = _put_in_place(file, migrations, live=live)
        if aside:
            self.stdout.write(f"What was there before is in {aside}")
        self.stdout.write(f"Restored {file}.")
        if contents.missing(migrations):
            self.stdout.write("It was made by an older version. Run: python manage.py migrate")
        if not live:
            self.stdout.write(
                "All schedules are paused and all news channels off. To let them go on: "
                "python manage.py restore --live"
            )


def _migrations_of(file: Path) -> Migrations:
    if connection.vendor == "postgresql":
        return postgresql.migrations_of(file)
    return sqlite.migrations_of(file)


def _check(file: Path, migrations: Migrations) -> None:
    if not contents.is_of_vsmanager(migrations):
        raise Refused(f"{file} is no backup of vsmanager.")
    if newer := contents.newer(migrations):
        raise Refused(
            f"{file} was made by a newer version of vsmanager ({', '.join(newer)} is not known "
            "here). Install that version, then try again."
        )


def _is_used() -> bool:
    try:
        return contents.is_used(connection)
    except Error:
        # Damaged. It is kept aside in any case.
        return True
    finally:
        connection.close()


def _put_in_place(file: Path, migrations: Migrations, *, live: bool) -> Path | None:
    """Returns where the former database is kept."""
    stamp = f"{timezone.now():%Y%m%d-%H%M%S}"
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        aside = database.with_name(f"{database.name}.before-{stamp}")
        return aside if sqlite.restore(file, database, aside, live=live) else None
    kept = file.with_name(f"{file.name}.before-{stamp}") if _is_used() else None
    if kept:
        with files.written(kept) as beside:
            postgresql.save(beside)
    postgresql.restore(file, migrations, live=live)
    return kept
