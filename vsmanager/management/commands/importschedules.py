"""Schedules, channels and rules, taken over from a file."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import localtime

from mods.news import declared as news
from scheduling import declared, jobsettings, tomlfile
from scheduling.declared import Drift
from scheduling.jobsettings import EditsRefused
from scheduling.tomlfile import BadFile, Document

TABLES = (declared.TABLE, news.CHANNELS, news.RULES)


class Command(BaseCommand):
    help = (
        "Sets schedules, news channels and rules as a TOML file has them, all or nothing. What the "
        "file does not name stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            default=Path(settings.SCHEDULES_FILE),
            help=f"default: SCHEDULES_FILE, {Path(settings.SCHEDULES_FILE).name}",
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what would change")
        parser.add_argument(
            "--check", action="store_true", help="the same, and exit code 1 if anything would"
        )
        parser.add_argument(
            "--by",
            default="",
            metavar="USERNAME",
            help="who is told to have changed it (default: the only administrator there is)",
        )

    def handle(self, *, file: Path, dry_run: bool, check: bool, by: str, **_options: Any) -> None:
        told: list[str] = []
        try:
            document = tomlfile.read(file.absolute())
            with transaction.atomic():
                told = _taken_over(document, by)
                if dry_run or check:
                    transaction.set_rollback(True)
        except (BadFile, EditsRefused) as error:
            raise CommandError(str(error)) from None
        for line in told or ["Nothing differs."]:
            self.stdout.write(line)
        if told and (dry_run or check):
            self.stdout.write("Nothing was changed.")
        if told and check:
            sys.exit(1)


def _taken_over(document: Document, by: str) -> list[str]:
    """Save all of it; what changed in words. Raises CommandError with all that can't be."""
    compared = declared.compare(document, timezone.now())
    unknown = [
        f"{document.at((name,))}: There is no such table. There are: {', '.join(TABLES)}"
        for name in document.values
        if name not in TABLES
    ]
    applied = news.apply(document)
    if problems := [*unknown, *compared.problems, *applied.problems]:
        raise CommandError("\n".join([f"{document.name} can't be followed:", *problems]))
    told = [line for drift in compared.drifts for line in _lines(drift)]
    if compared.drifts:
        edits = [drift.edit_from(f"from {document.name}") for drift in compared.drifts]
        jobsettings.save(edits, _person(by))
    return [*told, *applied.told]


def _lines(drift: Drift) -> list[str]:
    last = drift.last
    since = f" (changed last by {last.who}, {localtime(last.at):%Y-%m-%d %H:%M})" if last else ""
    return [
        f"jobs.{drift.schedule.name}: {each.what}: {each.before} → {each.after}{since}"
        for each in drift.differences
    ]


def _person(name: str) -> User:
    if name:
        if user := User.objects.filter(username=name).first():
            return user
        raise CommandError(f"There is no user called {name!r}.")
    administrators = User.objects.filter(is_superuser=True, is_active=True)[:2]
    if len(administrators) == 1:
        return administrators[0]
    raise CommandError("Who changes this? Name a user: --by USERNAME")
