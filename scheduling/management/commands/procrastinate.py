"""Procrastinate's own command, with what else a worker of ours is."""

import argparse
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scheduling import engine
from scheduling.management.commands.runscheduler import left_behind


class Command(BaseCommand):
    help = (
        "Procrastinate's commands. 'worker' runs what the leader hands over, on any number of "
        "machines, until SIGTERM or SIGINT: the first lets running jobs finish, the second "
        "stops at once."
    )
    # Procrastinate has its own of these names.
    suppressed_base_arguments = {"-v", "--version"}

    def add_arguments(self, parser: CommandParser) -> None:
        if self._refused():
            parser.add_argument("arguments", nargs=argparse.REMAINDER)
            return
        from procrastinate.contrib.django.management.commands.procrastinate import Command

        self._theirs = Command()
        self._theirs.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if refused := self._refused():
            raise CommandError(refused)
        if options["command"] != "worker":
            self._theirs.handle(*args, **options)
            return
        from scheduling.procrastinate.process import Process

        code = Process(options).run()
        if code or left_behind():
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _refused(self) -> str:
        if not engine.is_elsewhere():
            return (
                "The jobs run in the threads of runscheduler. "
                "Set SCHEDULER_EXECUTOR=procrastinate to run them in Procrastinate's workers."
            )
        return engine.problem()
