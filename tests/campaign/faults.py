"""What is done to the workers, their schedules and their database: a list made from a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

WARM_UP = 5.0
EDITABLE = ("slow", "flaky", "deaf")
JOBS = ("tick", *EDITABLE, "minutely")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something bad, or just busy, at ``at`` seconds after the start.

    ``target`` is the number of a worker, the name of a job or nothing; ``seconds`` is how
    long it lasts, and ``how`` its details.
    """

    at: float
    kind: str
    target: str = ""
    seconds: float = 0.0
    how: str = ""

    def __str__(self) -> str:
        parts = (self.kind, self.target, self.how, f"for {self.seconds:.1f} s" * bool(self.seconds))
        return f"{self.at:7.1f} s  {' '.join(part for part in parts if part)}"


Make: TypeAlias = Callable[[random.Random, float, int], Fault]


def _to_worker(kind: str, least: float, most: float) -> Make:
    def make(dice: random.Random, at: float, workers: int) -> Fault:
        seconds = round(dice.uniform(least, most), 1)
        return Fault(at=at, kind=kind, target=str(dice.randrange(workers)), seconds=seconds)

    return make


def _to_job(kind: str, jobs: tuple[str, ...], *hows: str) -> Make:
    def make(dice: random.Random, at: float, _workers: int) -> Fault:
        return Fault(at=at, kind=kind, target=dice.choice(jobs), how=dice.choice(hows or ("",)))

    return make


def _to_database(kind: str, least: float, most: float, *hows: str) -> Make:
    def make(dice: random.Random, at: float, _workers: int) -> Fault:
        seconds = round(dice.uniform(least, most), 1)
        return Fault(at=at, kind=kind, seconds=seconds, how=dice.choice(hows or ("",)))

    return make


# How often each comes, against the others.
_EVERYWHERE: list[tuple[int, Make]] = [
    (6, _to_worker("kill", 0.5, 8)),
    (5, _to_worker("freeze", 1, 25)),
    (3, _to_worker("terminate", 0.5, 8)),
    (3, _to_worker("terminate twice", 0.5, 8)),
    (8, _to_job("edit", EDITABLE, "interval 1", "interval 2", "interval 4", "pause", "resume",
                "pause for 5 seconds", "disable", "interval 3", "resume")),
    (5, _to_job("run now", JOBS)),
    (3, _to_job("cancel", JOBS)),
    (3, _to_job("forget", JOBS)),
    (3, _to_job("edit by SQL", EDITABLE, "interval_seconds = 2", "cron = '', interval_seconds = 3",
                "cron = 'every other thursday'", "cron = ''", "timezone = 'Mars/Olympus'",
                "timezone = 'UTC', paused = false")),
]  # fmt: skip
_DATABASE: dict[str, list[tuple[int, Make]]] = {
    "sqlite": [(4, _to_database("lock the database", 0.5, 30))],
    "postgresql": [
        (5, _to_database("cut all sessions", 0, 0)),
        (2, _to_database("stop the server", 5, 20, "fast", "immediate")),
    ],
}


def plan(*, seed: int, minutes: float, workers: int, database: str) -> list[Fault]:
    """The faults of a campaign; the same arguments give the same list."""
    dice = random.Random(seed)
    weights, makes = zip(*(_EVERYWHERE + _DATABASE[database]), strict=True)
    faults, at = [], WARM_UP
    while at < minutes * 60:
        make = dice.choices(makes, weights)[0]
        faults.append(make(dice, round(at, 1), workers))
        at += dice.choice((0.3, 1, 2, 4, 8)) * dice.uniform(0.5, 1.5)
    return faults
