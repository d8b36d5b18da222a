"""A contestant set up on a database of its own, started, watched and taken away."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from . import processes
from .arithmetic import Start, read_starts
from .contestant import PROJECT, Contestant, Program, Task
from .databases import Database, Redis
from .environments import python_of
from .errors import Unavailable
from .processes import Group

UP_WITHIN = 120.0


class Stage:
    """``with Stage(...) as stage`` prepares it; whatever happens, no process stays behind."""

    def __init__(
        self,
        contestant: Contestant,
        task: Task,
        folder: Path,
        database: Database,
        redis: Redis | None,
    ) -> None:
        self.contestant, self.task, self._folder = contestant, task, folder
        self.database, self.redis = database, redis
        self._starts = folder / "starts"
        self._starts.touch()
        self._python = sys.executable
        self._groups: list[Group] = []
        self._env: dict[str, str] = {}

    def __enter__(self) -> "Stage":
        if self.contestant.requirements:
            name = self.contestant.name.partition(",")[0]
            self._python = python_of(name, self.contestant.requirements)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._env = {
            **kept,
            **self.contestant.env,
            **self.database.new(self._folder),
            **({"REDIS_URL": self.redis.url} if self.redis else {}),
            "PYTHONPATH": str(PROJECT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "STARTS": str(self._starts),
            "SCHEDULES": str(self.task.schedules),
            "EVERY": str(self.task.every),
            "NAP": str(self.task.nap),
        }
        if "prepare" in self.contestant.commands:
            self.command("prepare")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for group in self._groups:
            with suppress(OSError):
                group.stop()

    def command(self, name: str, *arguments: str, within: float = 300) -> str:
        """What one of its commands prints; raises Unavailable with the reason it failed for."""
        if name not in self.contestant.commands:
            raise Unavailable(self.contestant.without.get(name, f"there is no {name}"))
        try:
            done = subprocess.run(
                [self._python, *self.contestant.commands[name], *arguments],
                env=self._env,
                cwd=PROJECT,
                capture_output=True,
                text=True,
                timeout=within,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{name} took longer than {within:.0f} s") from None
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no reason was given"]
            raise Unavailable(f"{name} failed: {lines[-1][:300]}")
        return done.stdout

    def start(self, programs: tuple[Program, ...] | None = None) -> list[Group]:
        """Start its processes, or these of them."""
        begun = []
        for program in self.contestant.programs if programs is None else programs:
            log = self._folder / f"log{len(self._groups)}"
            command = [self._python, *program.arguments]
            group = Group(command, env=self._env, log=log, cwd=PROJECT)
            self._groups.append(group)
            begun.append(group)
        return begun

    def kill(self, groups: list[Group]) -> None:
        """As ``kill -9`` does; they are not missed afterwards."""
        for group in groups:
            group.kill()
            self._groups.remove(group)

    def starts(self) -> list[Start]:
        return read_starts(self._starts.read_text())

    def history(self) -> list[str]:
        """The states of its runs, oldest first, in its own words."""
        return [str(state) for state in json.loads(self.command("history"))]

    def edit(self, seconds: int) -> float:
        """Change an interval; returns when that was committed."""
        return float(self.command("edit", str(seconds)))

    def wait_for_all(self) -> None:
        """Until every schedule has fired, or for a while when some have."""
        deadline, fired = time.monotonic() + UP_WITHIN, set[str]()
        while time.monotonic() < deadline and len(fired) < self.task.schedules:
            self.check_alive()
            had_fired, fired = bool(fired), {start.name for start in self.starts()}
            if fired and not had_fired:
                # A system that can't keep up may never come to its last schedule.
                deadline = time.monotonic() + 2 * self.task.every + 8
            time.sleep(0.2)
        if not self.starts():
            raise Unavailable(f"Nothing fired within {UP_WITHIN:.0f} s: {self._last_words()}")

    def check_alive(self) -> None:
        if any(group.ended for group in self._groups):
            raise Unavailable(f"It ended by itself: {self._last_words()}")

    def _last_words(self) -> str:
        talking = [group for group in self._groups if group.ended] or self._groups
        return talking[0].last_words

    @property
    def own_pids(self) -> list[int]:
        return [group.pid for group in self._groups if not group.ended]

    @property
    def other_pids(self) -> list[int]:
        """Of the database's server and the broker."""
        return [*self.database.pids(), *([self.redis.pid] if self.redis else [])]

    def cpu(self) -> tuple[float, float]:
        """Seconds so far: of its own processes, and with database and broker."""
        own = processes.cpu(self.own_pids)
        return own, own + processes.cpu(self.other_pids)

    def memory(self) -> float:
        return processes.memory(self.own_pids)
