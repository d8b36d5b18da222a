"""Faults that real workers are given by their environment. Only tests install this app."""

import os
import signal
import socket
import time
from datetime import timedelta
from functools import wraps
from threading import Event
from types import SimpleNamespace

from django.apps import AppConfig
from django.db import OperationalError

DEAD = 7


class Play(AppConfig):
    name = "tests.process.play"

    def ready(self) -> None:
        """``FAULT_...`` says what is to be different; without it nothing is."""
        if seconds := os.environ.get("FAULT_SILENT_AFTER"):
            shorten_silence(float(seconds))
        if seconds := os.environ.get("FAULT_FULL_LOOK_EVERY"):
            from scheduling import watch

            watch.FULL_LOOK_EVERY = float(seconds)
        if host := os.environ.get("FAULT_HOST"):
            socket.gethostname = lambda: host
        if os.environ.get("FAULT_ALL_LEAD"):
            let_all_lead()
        if os.environ.get("FAULT_LEADS_ONCE"):
            lead_only_once()
        if times := os.environ.get("FAULT_TAKE_OVER_FAILS"):
            fail_take_over(int(times))
        if milliseconds := os.environ.get("FAULT_LOCK_TIMEOUT"):
            from scheduling import sessions

            sessions._LIMITS["lock_timeout"] = f"{milliseconds}ms"
        if milliseconds := os.environ.get("FAULT_BUSY_TIMEOUT"):
            wait_less_for_sqlite(milliseconds)
        if job := os.environ.get("FAULT_COMMIT_UNKNOWN"):
            break_after_commit(job)
        if os.environ.get("FAULT_JOBS"):
            from . import troublemakers  # noqa: F401 - registers its jobs
        if step := os.environ.get("FAULT_DIE"):
            (STEPS | QUEUE_STEPS)[step]()


def shorten_silence(seconds: float) -> None:
    from scheduling import hearing, models, presence, watch, worker

    silence = timedelta(seconds=seconds)
    models.SILENT_AFTER = hearing.SILENT_AFTER = worker.SILENT_AFTER = silence
    presence.HEARTBEAT_EVERY = worker.HEARTBEAT_EVERY = silence / 5
    presence.MISSED_BEATS = hearing.MISSED_BEATS = silence / 2
    watch.SWEEP_EVERY = watch.UNTOLD_LOOK_EVERY = seconds / 5
    if os.environ.get("SCHEDULER_EXECUTOR") == "procrastinate":
        from scheduling.procrastinate import setup, strays

        strays.GONE_AFTER = silence
        setup.DEFAULTS["update_heartbeat_interval"] = seconds / 5


def let_all_lead() -> None:
    from scheduling import leadership

    class Delusion:
        """A lock that everybody has."""

        broken = ""
        is_woken = False

        def acquire(self) -> bool:
            return True

        def held(self) -> bool:
            return True

        def unquestioned(self) -> bool:
            return True

        def release(self) -> None: ...

        def take_away(self) -> None: ...

        def wait(self, seconds: float) -> bool:
            time.sleep(seconds)
            return True

    leadership.for_database = Delusion


def lead_only_once() -> None:
    """Another worker is always quicker when this one has lost its lock."""
    from scheduling import leadership

    for kind in (leadership.FileLock, leadership.AdvisoryLock):
        led: list[bool] = []

        def acquire(self, acquire=kind.acquire, led=led):
            if not led and acquire(self):
                led.append(True)
                return True
            return False

        kind.acquire = acquire


def wait_less_for_sqlite(milliseconds: str) -> None:
    from django.db.backends.signals import connection_created

    def hurry(connection, **_signal):
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")

    connection_created.connect(hurry, weak=False)


def fail_take_over(times: int) -> None:
    """The database leaves in the middle of it, so many times."""
    from scheduling.presence import Presence

    lead, left = Presence.lead, [OperationalError("gone")] * times

    def interrupted(self):
        if left:
            raise left.pop()
        return lead(self)

    Presence.lead = interrupted


def break_after_commit(job: str) -> None:
    """Once: the claim is in the database, but the worker does not hear of it, and then it
    loses its lock."""
    from scheduling import leadership, scheduler

    unheard = [job]
    atomic = scheduler.transaction.atomic

    class Unheard:
        def __init__(self):
            self._atomic = atomic()

        def __enter__(self):
            return self._atomic.__enter__()

        def __exit__(self, *error):
            self._atomic.__exit__(*error)
            if unheard and JobRun.objects.running().filter(job_name=unheard[0]).exists():
                unheard.clear()
                lost.set()
                raise OperationalError("the connection broke")

    lost = Event()
    held = leadership.AdvisoryLock.held

    def held_until_lost(self):
        if lost.is_set():
            lost.clear()
            # For good: whichever thread asks next finds the same.
            self._session.pgconn.finish()
        return held(self)

    leadership.AdvisoryLock.held = held_until_lost
    from scheduling.models import JobRun

    scheduler.transaction = SimpleNamespace(atomic=Unheard)
    scheduler.RETRY_FIRST = 1.0


def die(*_args: object, **_kwargs: object) -> None:
    """What a power cut does: nothing is closed, written or said. ``FAULT_BY`` names a signal
    instead; who is only stopped by it goes on here when it may."""
    if name := os.environ.get("FAULT_BY"):
        os.kill(os.getpid(), signal.Signals[name])
    else:
        os._exit(DEAD)


def die_while_claiming() -> None:
    from scheduling import claims

    take_queued = claims.take_queued

    @wraps(take_queued)
    def deadly(*args):
        taken = take_queued(*args)
        if any(run.job_name == "nap" for run in taken):
            die()
        return taken

    claims.take_queued = deadly


def die_when_claimed() -> None:
    from scheduling.executors import ThreadExecutor

    submit_runs = ThreadExecutor.submit_runs

    def deadly(self, claimed):
        if any(run.job_name == "nap" for run in claimed):
            die()
        submit_runs(self, claimed)

    ThreadExecutor.submit_runs = deadly


def die_when_started() -> None:
    from scheduling import runner
    from scheduling.models import JobRun

    call = runner._call

    def deadly(claimed):
        if claimed.job_name == "nap":
            while not JobRun.objects.filter(pk=claimed.run_id, started_at__isnull=False).exists():
                time.sleep(0.01)
            die()
        return call(claimed)

    runner._call = deadly


def die_half_way() -> None:
    from . import jobs

    jobs.sleep = die


def die_before_closing() -> None:
    from scheduling.recorder import Recorder

    finished = Recorder.finished

    def deadly(self, outcome):
        if outcome.result == "rested":
            die()
        finished(self, outcome)

    Recorder.finished = deadly


def die_while_closing() -> None:
    from scheduling.recorder import Recorder

    close = Recorder._close

    def deadly(self, outcomes):
        closed = close(self, outcomes)
        if any(outcome.result == "rested" for outcome in closed):
            die()
        return closed

    Recorder._close = deadly


def die_handing_over() -> None:
    """Between the claim and the ticket."""
    from scheduling.procrastinate import executor

    executor.enqueue = die


def die_before_taking() -> None:
    """The worker has fetched the ticket, and not its runs."""
    from scheduling.procrastinate import hands

    hands.take = die


def die_when_taken() -> None:
    from scheduling.procrastinate import hands

    take = hands.take

    def deadly(*args):
        taken = take(*args)
        if any(run.job_name == "nap" for run in taken):
            die()
        return taken

    hands.take = deadly


STEPS = {
    "claiming": die_while_claiming,
    "claimed": die_when_claimed,
    "started": die_when_started,
    "half way": die_half_way,
    "before closing": die_before_closing,
    "closing": die_while_closing,
}
# With Procrastinate's workers.
QUEUE_STEPS = {
    "handing over": die_handing_over,
    "before taking": die_before_taking,
    "taken": die_when_taken,
}
