"""The worker."""

import contextlib
import ctypes
import gc
import math
import multiprocessing
import os
import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from scheduling import engine, sessions
from scheduling.worker import Worker

# As many new objects, beside those that are gone again, before garbage is looked for.
GARBAGE_AFTER = 10_000


class Command(BaseCommand):
    # They are run below, as soon as the database can be asked.
    requires_system_checks = ()
    help = (
        "Runs the scheduled jobs until SIGTERM or SIGINT: the first lets running jobs finish, "
        "the second stops at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--grace",
            type=float,
            default=30.0,
            metavar="SECONDS",
            help="how long running jobs get to finish after the first signal (default: 30)",
        )

    def handle(self, *, grace: float, **_options: Any) -> None:
        if not 0 <= grace < math.inf:
            raise CommandError("--grace must be a number of seconds, 0 or more.")
        _share_memory()
        sessions.limit_waiting()
        worker = Worker(grace=grace)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, worker.stop)
        worker.patiently(self._check)
        # What was loaded by now stays: to look through it for garbage, again and again, would
        # stop all threads for longer than a pass takes.
        gc.collect()
        gc.freeze()
        # By default it is looked for a hundred times while a thousand runs are claimed.
        gc.set_threshold(GARBAGE_AFTER)
        code = worker.run()
        if code or left_behind():
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _check(self) -> bool:
        # Django's checks take a database that is locked for one that lacks features: wait for
        # it first.
        with transaction.atomic():
            self.check(databases=["default"])
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run: python manage.py migrate")
        if problem := engine.missing_tables():
            raise CommandError(problem)
        return True


def _share_memory() -> None:
    """Have glibc's malloc keep two heaps: one for each thread would keep a third more memory."""
    m_arena_max = -8
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(m_arena_max, 2)


def left_behind() -> bool:
    """Whether a job left threads or children for which the interpreter would wait."""
    me = threading.current_thread()
    threads = [one for one in threading.enumerate() if not one.daemon and one is not me]
    return bool(threads or multiprocessing.active_children())
