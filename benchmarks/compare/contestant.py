"""What a system must be able to do to be measured."""

from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """So many schedules with so many seconds between slots; jobs sleep ``nap`` seconds."""

    schedules: int
    every: int
    nap: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process of a contestant: arguments to its Python, or a script of its environment.

    ``schedules`` and ``runs`` tell what it does: the first are started twice to see what two
    of them do, the second are killed in the middle of a job.
    """

    arguments: tuple[str, ...]
    schedules: bool = True
    runs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A system, and how it is set up, started, edited and asked.

    ``least`` is the shortest it can have between slots, in seconds. Each of ``commands`` holds
    the arguments to its Python for ``prepare`` and ``edit SECONDS`` and ``history``; what it has
    no way to do is missing there, and ``without`` tells why.
    """

    name: str
    database: str = ""
    programs: tuple[Program, ...]
    commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    needs_redis: bool = False
    least: int = 1
    env: dict[str, str] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    keeps_history: bool = True
    is_ours: bool = False


def module(name: str, *commands: str) -> dict[str, tuple[str, ...]]:
    """The commands that a module of the play has."""
    return {each: ("-m", f"benchmarks.compare.play.{name}", each) for each in commands}
