"""Schedules, channels and rules as a file that people read."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mods.news import declared as news
from scheduling import declared
from scheduling.models import JobSchedule
from vsmanager.backups import files
from vsmanager.backups.errors import Refused

_HEAD = """\
# How vsmanager is set up. Only what stands here counts; what is left out stays as it is.
# "manage.py importschedules FILE" takes it over, with --dry-run it tells what would change.
# Addresses of channels are secrets: "address_from" names the variable of the environment that
# holds one, and where that is not set the address that is stored stays.
"""


class Command(BaseCommand):
    help = "Writes schedules, news channels (without their addresses) and rules into a TOML file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file to write; - for standard output")
        parser.add_argument(
            "--replace", action="store_true", help="replace FILE if it is there already"
        )

    def handle(self, *, file: str, replace: bool, **_options: Any) -> None:
        schedules = declared.export(JobSchedule.objects.all(), timezone.now())
        text = "\n".join(filter(None, (_HEAD, schedules, news.export())))
        if file == "-":
            self.stdout.write(text, ending="")
            return
        path = Path(file).absolute()
        if path.exists() and not (replace and path.is_file()):
            hint = "" if replace else ", or add --replace"
            raise CommandError(f"{path} is there already: choose another name{hint}.")
        try:
            with files.written(path) as beside:
                beside.write_text(text)
        except Refused as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Wrote {path}")
