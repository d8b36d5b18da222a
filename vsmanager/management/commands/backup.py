"""A backup of the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from vsmanager.backups import contents, files, postgresql, sqlite
from vsmanager.backups.errors import Refused


class Command(BaseCommand):
    help = (
        "Writes a checked backup of the database into a file that only you can read, while web "
        "and worker go on. It holds no SECRET_KEY: keep that elsewhere."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file to write; - for standard output")
        parser.add_argument(
            "--replace", action="store_true", help="replace FILE if it is there already"
        )

    def handle(self, *, file: str, replace: bool, **_options: Any) -> None:
        path = Path(file).absolute()
        try:
            if not contents.is_of_vsmanager(contents.applied(connection)):
                raise Refused("There is nothing to back up yet. Run: python manage.py migrate")
            if file == "-":
                with files.streamed() as beside:
                    _save(beside)
                return
            if path.exists() and (not replace or not path.is_file() or _is_the_database(path)):
                hint = "" if replace else ", or add --replace"
                raise Refused(f"{path} is there already: choose another name{hint}.")
            with files.written(path) as beside:
                _save(beside)
        except Refused as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{path}: {path.stat().st_size / 1e6:,.1f} MB, checked.")


def _save(beside: Path) -> None:
    if connection.vendor == "postgresql":
        postgresql.save(beside)
    else:
        sqlite.save(Path(connection.settings_dict["NAME"]), beside)


def _is_the_database(path: Path) -> bool:
    name = connection.settings_dict["NAME"]
    return connection.vendor == "sqlite" and Path(name).exists() and path.samefile(name)
