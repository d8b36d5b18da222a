"""The campaign's jobs. Each start leaves a line in the file that NOTES names."""

import os
import time
import zlib

from scheduling.errors import JobFailed
from scheduling.registry import current_run, safe_job


def note() -> None:
    run = current_run()
    line = f"{run.job}\t{run.scheduled_for.isoformat()}\t{run.attempt}\t{os.getpid()}\n"
    # One write to the end of the file: lines of several processes don't mix, and what was
    # written stays when the process is killed the moment after.
    file = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


@safe_job("tick", interval_seconds=1)
def tick() -> None:
    note()


@safe_job("slow", interval_seconds=2)
def slow() -> None:
    note()
    current_run().sleep(1)


@safe_job("flaky", interval_seconds=3, max_retries=2)
def flaky() -> None:
    """Fails one time in three, and the same slot always the same way."""
    note()
    run = current_run()
    if zlib.crc32(f"{run.scheduled_for}{run.attempt}".encode()) % 3 == 0:
        raise JobFailed("not this time")


@safe_job("deaf", interval_seconds=7, timeout_seconds=2)
def deaf() -> None:
    note()
    time.sleep(6)


@safe_job("minutely", cron="* * * * *")
def minutely() -> None:
    note()
