"""What every contestant's job does. Runs in their environments, so it imports nothing of ours."""

import os
import time

JOBS = [f"job{number:05}" for number in range(int(os.environ.get("SCHEDULES", "0")))]
EVERY = int(os.environ.get("EVERY", "1"))
NAP = float(os.environ.get("NAP", "0"))


def note(name: str, slot: float) -> None:
    """Leave a line with the slot and the moment."""
    line = f"{name} {slot:.6f} {time.time():.6f}\n"
    with open(os.environ["STARTS"], "a") as file:  # noqa: PTH123 - as quick as it gets
        file.write(line)


def work(name: str, slot: float) -> None:
    """Leave a line, and sleep if this is about being killed."""
    note(name, slot)
    if NAP:
        time.sleep(NAP)


def last_slot(now: float) -> float:
    """For schedulers that tell their jobs nothing: the newest slot on their grid."""
    return now // EVERY * EVERY


def first_slot() -> float:
    """A whole second soon, on the grid."""
    return (time.time() + 2) // 1 + 1
