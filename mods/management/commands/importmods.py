"""The mods of a server's folder, onto the list of tracked mods."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mods import importing, tables
from mods.folderwatch import FolderWatch
from mods.importing import Import
from mods.modinfo import UnreadableMod
from mods.tracking_steps import Deed

HEADINGS = ("FILE", "MOD", "VERSION", "DONE")
# Seconds between two looks at the folder.
EVERY = 3.0
_HINT = " (--prune takes it off the list)"


class Command(BaseCommand):
    help = (
        "Reads the mods of a server's Mods folder, or a single one, and tracks them: what was "
        "read, added, updated, and what could not be read and why. Nothing is unpacked. Exit code "
        "1 when nothing could be read, 2 when there is no such path."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=_path, help="the server's Mods folder, or a zipped mod")
        parser.add_argument(
            "--watch",
            action="store_true",
            help="go on, and look again when something in the folder changes, until Ctrl-C",
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="take mods off the list that were in the folder before and no longer are",
        )

    def handle(self, *, path: Path, watch: bool, prune: bool, **_options: Any) -> None:
        self._path, self._prune = path, prune
        # What the look before has told, None before the first.
        self._before: frozenset[str] | None = None
        if not _is_there(path):
            raise CommandError(
                f"There is no {path}: name the Mods folder of the server, or a zipped mod.",
                returncode=2,
            )
        try:
            self._watch() if watch else self._once()
        except BrokenPipeError:
            # Whoever read what is told here has gone, as head does; Python would say so again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    def _once(self) -> None:
        try:
            result = self._take_in()
        except UnreadableMod as error:
            raise CommandError(str(error)) from None
        self._tell(result)
        if not result.read_anything:
            hint = " Is it the folder Mods in it that you mean?" if _holds_mods(self._path) else ""
            self.stderr.write(f"No mod could be read in {self._path}.{hint}")
            sys.exit(1)

    def _watch(self) -> None:
        stop = threading.Event()
        ours = {
            number: signal.signal(number, lambda *_: stop.set())
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            FolderWatch(self._path, self._look, stop, every=EVERY).run()
        finally:
            for number, former in ours.items():
                signal.signal(number, former)

    def _look(self) -> None:
        result = self._take_in()
        self._write(f"{timezone.localtime():%Y-%m-%d %H:%M:%S} {self._path}")
        self._tell(result)

    def _take_in(self) -> Import:
        return importing.take_in(self._path, "importmods", timezone.now(), prune=self._prune)

    def _tell(self, result: Import) -> None:
        """All of it at first, later what is new: a watch goes on for months."""
        steps, facts = result.outcome.steps, self._facts(result)
        if self._before is not None:
            steps = tuple(step for step in steps if step.deed != Deed.UNCHANGED)
        if steps:
            rows = [(s.source, s.identifier, s.version or "-", s.in_words) for s in steps]
            self._write(*tables.lines([HEADINGS, *rows]))
        self._write(*(fact for fact in facts if fact not in (self._before or ())))
        self._write(f"{result.outcome.in_words[:1].upper()}{result.outcome.in_words[1:]}.")
        self._before = frozenset(facts)
        self.stdout.flush()

    def _facts(self, result: Import) -> list[str]:
        steps, problems = result.outcome.steps, result.outcome.problems
        done = "untracked" if result.pruned else f"still tracked{_HINT * (not self._prune)}"
        files = ", ".join(result.kept_for[:5])
        kept = f"Nothing was taken off the list, since it may be among what can't be read: {files}"
        return [
            *(f"{step.source}: {note}" for step in steps for note in step.notes),
            *(f"{problem.source}: left out: {problem.reason}" for problem in problems),
            *(f"{need}." for need in result.unmet),
            *(f"{each}: no longer in the folder, {done}" for each in result.vanished),
            *([kept] if result.kept_for else []),
            *([_unread(result.unread)] if result.unread else []),
        ]

    def _write(self, *lines: str) -> None:
        for line in lines:
            self.stdout.write(line)


def _path(text: str) -> Path:
    # Path("") is the folder where somebody happens to be.
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return Path(text)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise CommandError(
            f"{path} can't be looked for ({error.strerror}): check the permissions of the folders "
            "that lead to it.",
            returncode=2,
        ) from None


def _holds_mods(path: Path) -> bool:
    return (path / "Mods").is_dir()


def _unread(count: int) -> str:
    whose = "1 mod has" if count == 1 else f"{count} mods have"
    return (
        f"{whose} no releases read yet: the next run of mod_cache_refresh does so, "
        "manage.py runjob mod_cache_refresh at once."
    )
