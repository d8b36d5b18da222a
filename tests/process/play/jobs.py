"""Jobs of real worker processes; what they do is read from the environment."""

import logging
import os
import threading
import warnings
from pathlib import Path
from time import sleep

import structlog

from scheduling.registry import current_run, safe_job


@safe_job("tick", interval_seconds=1)
def tick() -> None:
    """Leaves a line for its slot."""
    run = current_run()
    with Path(os.environ["TICKS"]).open("a") as file:
        file.write(f"{run.scheduled_for} {os.getpid()}\n")


@safe_job("nap")
def nap() -> str:
    """Sleeps, deaf to everything."""
    Path(os.environ["NAPPING"]).touch()
    sleep(float(os.environ.get("NAP", "1")))
    return "rested"


@safe_job("listen")
def listen() -> None:
    """Waits for its end."""
    Path(os.environ["NAPPING"]).touch()
    current_run().sleep(60)


@safe_job("recite")
def recite() -> None:
    """Says a line every tenth of a second, and how far it is."""
    run = current_run()
    for verse in range(1, 1_001):
        structlog.get_logger().info("verse", number=verse)
        run.progress(verse, 1_000, "verses")
        run.sleep(0.1)


@safe_job("crash")
def crash() -> None:
    """Takes the whole process with it."""
    os._exit(9)


@safe_job("fail")
def fail() -> None:
    raise ValueError("as expected")


class _Odd:
    def __str__(self) -> str:
        raise RuntimeError("it can't be told")


@safe_job("rave")
def rave() -> None:
    """Tells what no log should be garbled by."""
    log, old = structlog.get_logger("rave"), logging.getLogger("rave.old")
    log.info("named", mod='Evil\n{"event": "forged"}\x1b[31m\r\x00', odd=_Odd())
    log.info("numbers", nan=float("nan"), inside=[float("inf")], huge=10**5_000, keys={(1, 2): 3})
    old.warning("two\nlines of %s", "text\x1b[0m")
    old.warning("too %s %s", "few")
    old.error("with a traceback", exc_info=ValueError("first\nsecond"))
    warnings.warn("nobody should do this", stacklevel=1)
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
