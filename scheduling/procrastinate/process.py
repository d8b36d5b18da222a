"""The process of a Procrastinate worker, from its start to its end."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any, TypeVar, cast

import structlog
from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, connection
from procrastinate import exceptions
from procrastinate.app import WorkerOptions
from procrastinate.contrib.django import app, connector_params
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker
from psycopg_pool import AsyncConnectionPool

from .. import engine, reasons, sessions
from ..watch import wait_for_database
from . import task
from .hands import Hands
from .patience import PatientJobManager

logger = structlog.get_logger(__name__)

RESTART_AFTER = 1.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

T = TypeVar("T")


class Process:
    """``run()`` works until it is told to stop by a signal: the first lets what runs finish, the
    second stops at once."""

    def __init__(self, options: dict[str, Any]) -> None:
        given = {name: options[name] for name in WorkerOptions.__annotations__ if name in options}
        # Procrastinate's handlers can't tell a second signal from the first.
        ours = {"install_signal_handlers": False}
        self._options = cast("WorkerOptions", {**app.worker_defaults, **given, **ours})
        self._stops = 0
        self._worker: Worker | None = None
        self._hands: Hands | None = None

    def run(self) -> int:
        """Returns the exit code: 1 when runs were left unfinished or it can't go on, else 0."""
        for number in _SIGNALS:
            signal.signal(number, self._stop)
        sessions.limit_waiting()
        hands = self._hands = task.hands = self._patiently(self._started)
        if hands is None:
            return 0
        try:
            with app.replace_connector(_connector()):
                asyncio.run(self._work(hands))
        finally:
            for number in _SIGNALS:
                # The loop has taken its own handlers with it.
                signal.signal(number, self._stop)
            done = hands.finish()
            connection.close()
        return 0 if done else 1

    def _started(self) -> Hands:
        if problem := engine.missing_tables():
            raise CommandError(problem)
        hands = Hands(
            threads=self._options["concurrency"],
            queues=self._options.get("queues") or (),
        )
        grace = self._options["shutdown_graceful_timeout"]
        hands.why_stopped = reasons.STOPPED % {"seconds": f"{grace:g}"}
        hands.start()
        return hands

    async def _work(self, hands: Hands) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._stop)
        cast("PatientJobManager", app.job_manager).room = hands.room
        async with app.open_async():
            while not self._stops:
                self._worker = Worker(app=app, **self._options)
                hands.serve(self._worker)
                try:
                    await self._worker.run()  # type: ignore[no-untyped-call]
                    if not self._options.get("wait", True):
                        return
                except exceptions.ConnectorException as error:
                    logger.warning("worker_broke_off", error=str(error.__cause__ or error)[:500])
                if not self._stops:
                    await asyncio.sleep(RESTART_AFTER)

    def _stop(self, *_signal: object) -> None:
        self._stops += 1
        if self._hands:
            logger.info("worker_stopping", running=len(self._hands.executor.in_flight()))
        if self._hands and self._stops > 1:
            self._hands.why_stopped = reasons.STOPPED_AT_ONCE
            self._hands.hurry()
        elif self._worker:
            self._worker.stop()  # type: ignore[no-untyped-call]

    def _patiently(self, attempt: Callable[[], T]) -> T | None:
        """Try until the database lets it; None when it is time to stop."""
        while not self._stops:
            try:
                return attempt()
            except (DatabaseError, InterfaceError) as error:
                wait_for_database(error)
        return None


def _connector() -> PsycopgConnector:
    """As Procrastinate would make it, but soon back when the database is."""
    return PsycopgConnector(
        pool_factory=_pool,
        kwargs=connector_params(),
        min_size=2,
        max_size=6,
        timeout=5.0,
        reconnect_timeout=4.0,
    )


def _pool(**options: Any) -> AsyncConnectionPool:
    """Without a query before each query: a connection that broke is noticed by the first that
    fails, and that is tried again anyway."""
    return AsyncConnectionPool(**{**options, "check": None})
