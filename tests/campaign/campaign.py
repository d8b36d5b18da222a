"""Does what the list of faults says, and lets things settle."""

# ruff: noqa: T201 - what it prints is the diary of what was done

import heapq
import itertools
import signal
import threading
import time
from collections.abc import Callable
from functools import partial

from .faults import Fault
from .stage import Postgres, Sqlite, Worker

# Silence, a sweep, a database that comes back and the last retry must fit in.
SETTLES_WITHIN = 120.0


class Campaign:
    def __init__(self, workers: list[Worker], database: Sqlite | Postgres) -> None:
        self._workers, self._database = workers, database
        self._begun = time.monotonic()
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._busy: list[threading.Thread] = []
        self.problems: list[str] = []

    def run(self, faults: list[Fault]) -> None:
        for worker in self._workers:
            worker.start()
        for fault in faults:
            self._at(fault.at, partial(self._commit, fault))
        while self._later:
            at, _, action = heapq.heappop(self._later)
            while (left := at - self._now) > 0:
                time.sleep(min(left, 0.2))
                self._look_after_workers()
            action()

    def settle(self) -> None:
        """All wounds healed, no schedules any more: now every run has to come to its end."""
        from scheduling.models import JobRun, JobSchedule

        for thread in self._busy:
            thread.join()
        for worker in self._workers:
            worker.signal(signal.SIGCONT)
            if not worker.running:
                worker.start()
        self._say("settling")
        time.sleep(5)
        self._patiently(lambda: JobSchedule.objects.update(cron="", interval_seconds=0))
        deadline = time.monotonic() + SETTLES_WITHIN
        while self._patiently(JobRun.objects.active().exists) and time.monotonic() < deadline:
            time.sleep(0.5)
        self._look_after_workers()
        for worker in self._workers:
            worker.signal(signal.SIGTERM)
        for worker in self._workers:
            if not worker.wait(30):
                self.problems.append(f"worker {worker.number} did not stop")

    def _commit(self, fault: Fault) -> None:
        print(fault, flush=True)
        if fault.target.isdigit():
            self._to_worker(self._workers[int(fault.target)], fault)
        else:
            # The database may be away: what waits for it must not hold up the rest.
            thread = threading.Thread(target=self._aside, args=[fault], daemon=True)
            thread.start()
            self._busy.append(thread)

    def _to_worker(self, worker: Worker, fault: Fault) -> None:
        if fault.kind == "freeze":
            if worker.signal(signal.SIGSTOP):
                self._in(fault.seconds, lambda: worker.signal(signal.SIGCONT))
            return
        number = signal.SIGKILL if fault.kind == "kill" else signal.SIGTERM
        if not worker.signal(number):
            return
        if fault.kind == "terminate twice":
            self._in(0.3, lambda: worker.signal(signal.SIGTERM))
        self._in(fault.seconds, partial(self._restart, worker, worker.starts))

    def _restart(self, worker: Worker, starts: int) -> None:
        if worker.starts > starts:
            return  # another fault has come in between, and its restart too
        if worker.running:
            self._in(0.5, partial(self._restart, worker, starts))
        else:
            worker.start()

    def _aside(self, fault: Fault) -> None:
        from django.db import connection

        try:
            self._to_database(fault)
        except Exception as error:  # noqa: BLE001 - what a person would see and try again
            self._say(f"no success: {fault.kind} {fault.target}: {str(error).splitlines()[0]}")
        finally:
            connection.close()

    def _to_database(self, fault: Fault) -> None:
        from . import deeds

        if not self._database.harm(fault):
            deeds.do(fault.kind, fault.target, fault.how)

    def _look_after_workers(self) -> None:
        for worker in self._workers:
            if problem := worker.ended_by_itself():
                self._say(problem)
                self.problems.append(problem)
                worker.start()

    def _patiently(self, attempt: Callable[[], object]) -> object:
        from django.db import DatabaseError, InterfaceError, close_old_connections

        while True:
            try:
                return attempt()
            except (DatabaseError, InterfaceError):
                close_old_connections()
                time.sleep(1)

    @property
    def _now(self) -> float:
        return time.monotonic() - self._begun

    def _in(self, seconds: float, action: Callable[[], object]) -> None:
        self._at(self._now + seconds, action)

    def _at(self, at: float, action: Callable[[], object]) -> None:
        heapq.heappush(self._later, (at, next(self._numbers), action))

    def _say(self, text: str) -> None:
        print(f"{self._now:7.1f} s  ({text})", flush=True)
