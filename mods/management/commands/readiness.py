"""Whether the tracked mods are ready for a version of the game."""

import sys
from json import dumps
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mods import readiness, readiness_words, tables, targets
from mods.readiness import ReadyMod, Report

HEADINGS = ("STATE", "MOD", "INSTALLED", "TAKE", "TO DO")


class Command(BaseCommand):
    help = (
        "Tells which tracked mods are ready for a version of the game. Exit code 0 when all are "
        "verified, 1 when not, 2 for a version that is unknown."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "version", nargs="?", default="", help="such as 1.22.7 (default: the newest stable one)"
        )
        parser.add_argument("--json", action="store_true", help="print it as the API tells it")

    def handle(self, *, version: str, json: bool, **_options: Any) -> None:
        try:
            chosen = targets.choose(version, targets.versions())
        except targets.NoSuchVersion as error:
            raise CommandError(str(error), returncode=2) from None
        report = readiness.report(chosen.version, timezone.now())
        if json:
            self.stdout.write(_as_json(report))
        else:
            self._tell(report)
        if not report.is_ready:
            sys.exit(1)

    def _tell(self, report: Report) -> None:
        if report.mods:
            for line in tables.lines([HEADINGS, *map(_row, report.mods)]):
                self.stdout.write(line)
        for mod in report.mods:
            for told in readiness_words.remarks(mod):
                self.stdout.write(f"{mod.tracked.identifier}: {told}")
        self.stdout.write(f"{report.version}: {report.in_words}")


def _row(mod: ReadyMod) -> tuple[str, str, str, str, str]:
    return (
        readiness_words.tier(mod.fit),
        mod.tracked.identifier,
        mod.tracked.version or "-",
        mod.offer.version if mod.offer and mod.fit in readiness.USABLE else "-",
        readiness_words.move(mod),
    )


def _as_json(report: Report) -> str:
    return dumps(readiness_words.told(report), indent=2, ensure_ascii=False)
