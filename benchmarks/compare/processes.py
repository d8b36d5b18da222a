"""Processes with all that they start: what they cost, and their end."""

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """What /proc/PID/stat tells; ``cpu`` in seconds, children that ended included.

    ``began`` tells a process from another that got its number later.
    """

    parent: int
    cpu: float
    began: int


def parse_stat(text: str) -> Stat:
    # The name, in brackets, may hold anything.
    fields = text.rsplit(") ", 1)[1].split()
    cpu = sum(map(int, fields[11:15])) / TICKS_PER_SECOND
    return Stat(parent=int(fields[1]), cpu=cpu, began=int(fields[19]))


def tree(roots: Iterable[int]) -> dict[int, Stat]:
    """The processes and all their descendants that there are now."""
    every: dict[int, Stat] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            every[int(path.parent.name)] = parse_stat(path.read_text())
    found = {pid for pid in roots if pid in every}
    while more := {pid for pid, stat in every.items() if stat.parent in found} - found:
        found |= more
    return {pid: every[pid] for pid in found}


def cpu(roots: Iterable[int]) -> float:
    """Seconds of CPU that the trees have used so far."""
    return sum(stat.cpu for stat in tree(roots).values())


def memory(roots: Iterable[int]) -> float:
    """MB that the trees hold now; what processes share is divided among them."""
    return sum(map(_memory, tree(roots))) / 1024


def _memory(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


class Group:
    """A process in a group of its own: Ctrl-C does not reach it, and its end ends all of it."""

    def __init__(self, command: list[str], *, env: dict[str, str], log: Path, cwd: Path) -> None:
        self._log = log
        with log.open("a") as file:
            self._process = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def last_words(self) -> str:
        """The last line of its log."""
        lines = [line.strip() for line in self._log.read_text(errors="replace").splitlines()]
        return next((line[:300] for line in reversed(lines) if line), "it said nothing")

    def kill(self) -> None:
        """As ``kill -9`` does, children included."""
        self._kill(tree([self.pid]))

    def stop(self) -> None:
        """Ask it to end; what has not ended after a while is killed, children included."""
        family = tree([self.pid])
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        self._kill(family | tree([self.pid]))

    def _kill(self, family: dict[int, Stat]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid, stat in family.items():
            # Some give their children a group of their own.
            with suppress(OSError):
                if parse_stat(Path(f"/proc/{pid}/stat").read_text()).began == stat.began:
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()
