"""One job, now, in the foreground."""

import signal
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from scheduling import claims, registry, runner, sweeps
from scheduling.errors import UnknownJob
from scheduling.hearing import Hearing
from scheduling.models import MISSED_BEATS, SILENT_AFTER, Cause, JobRun, JobSchedule, Role, Status
from scheduling.presence import Presence
from scheduling.recorder import Recorder
from scheduling.runner import ClaimedRun
from scheduling.tail import Tail

LISTENS = MISSED_BEATS.total_seconds() + 2


class Command(BaseCommand):
    help = (
        "Runs one registered job now, with its log on the terminal and a row in the history. "
        "Exit code 0 when it succeeded, 1 when it failed, 2 for an unknown name."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the job's name, as the command jobs lists it")

    def handle(self, *, name: str, **_options: Any) -> None:
        try:
            registry.get(name)
        except UnknownJob as error:
            raise CommandError(str(error), returncode=2) from None
        # Being told to stop is the same as Ctrl-C: the run is closed as cancelled.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        presence = Presence(timezone.now, Role.COMMAND)
        presence.start()
        try:
            status = _run(name, presence)
        finally:
            presence.stop()
        self.stderr.write(f"{name}: {Status(status).label}")
        if status != Status.SUCCEEDED:
            sys.exit(1)


def _run(name: str, presence: Presence) -> Status:
    claimed = _claim(name, presence)
    presence.on_beat = lambda: _hear_of_cancellation(claimed)
    recorder = Recorder(presence.process)
    recorder.start()
    tail = Tail(presence.process, lambda: {claimed.run_id: claimed})
    tail.start()
    try:
        return runner.run(claimed, recorder, timezone.now)
    finally:
        tail.stop()
        recorder.close(patience=30)
        tail.join(patience=1)


def _hear_of_cancellation(claimed: ClaimedRun) -> None:
    asked = JobRun.objects.filter(pk=claimed.run_id, cancel_requested_at__isnull=False)
    if asked.exists():
        claimed.context.stop.set()


def _listen_for(name: str, presence: Presence) -> None:
    """Where the job's run belongs to a process that seems to be gone, find out: its machine may
    have lost its power, or a container its end."""
    silent = Q(process=None) | Q(process__heartbeat_at__lt=timezone.now() - SILENT_AFTER)
    of_the_job = JobRun.objects.running().filter(job_name=name).exclude(process=presence.process)
    hearing, ends = Hearing(lambda: presence.in_touch), time.monotonic() + LISTENS
    while of_the_job.filter(silent).exists() and time.monotonic() < ends:
        hearing.listen()
        moment = timezone.now()
        sweeps.close_lost_runs(
            moment,
            but=presence.process,
            is_silent=lambda process, moment=moment: hearing.is_silent(process, moment),  # type: ignore[misc]
        )
        time.sleep(1)


def _claim(name: str, presence: Presence) -> ClaimedRun:
    # Without a worker nobody else would close what a killed process left open.
    now = timezone.now()
    sweeps.close_lost_runs(now, but=presence.process)
    _listen_for(name, presence)
    with transaction.atomic():
        schedule = JobSchedule.objects.filter(name=name).first()
        limit = schedule.max_instances if schedule else 1
        if (others := claims.busy([name]).get(name)) and others.count >= limit:
            raise CommandError(
                f"{name} is running already, since {others.since:%Y-%m-%d %H:%M:%S} UTC."
            )
        run = JobRun.objects.create(
            job_name=name,
            trigger=Cause.MANUAL,
            status=Status.RUNNING,
            scheduled_for=now,
            queued_at=now,
            claimed_at=now,
            process=presence.process,
            worker=str(presence.process),
        )
    return ClaimedRun(
        run_id=run.pk,
        job_name=name,
        scheduled_for=now,
        timeout_seconds=schedule.timeout_seconds if schedule else None,
    )
