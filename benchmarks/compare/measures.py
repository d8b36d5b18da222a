"""What is measured of a contestant, each on a fresh stage. Each returns a row's numbers."""

import statistics
import time
from dataclasses import replace
from typing import Any

from . import arithmetic
from .contestant import Contestant, Program, Task
from .errors import Unavailable
from .options import Options
from .stage import Stage

HOUR = 3_600
SETTLE = 3.0
NAP = 5.0
NEVER = 15.0


def firing(stage: Stage, options: Options) -> dict[str, Any]:
    """Fired of expected, lateness, CPU a run and memory, once all of it is going."""
    stage.start()
    stage.wait_for_all()
    begin = _next_slot(time.time() + SETTLE, stage.task.every)
    _sleep_until(begin)
    # Counting few queries costs nothing that shows, and saves the slow ones another round.
    asked = _Asked(stage) if stage.contestant.least > 1 else None
    before, end = stage.cpu(), begin + _window(stage, options)
    memory = _watch_memory(stage, end)
    own, together = (now - then for now, then in zip(stage.cpu(), before, strict=True))
    stage.check_alive()
    starts = arithmetic.within(stage.starts(), begin, end)
    wanted = arithmetic.expected(stage.task.schedules, stage.task.every, end - begin)
    cpu = {"cpu_own": own / len(starts), "cpu": together / len(starts)} if starts else {}
    late = {f"late_{name}": value for name, value in arithmetic.lateness(starts).items()}
    counted = asked.since() if asked else {}
    a_run = {name: count / len(starts) for name, count in counted.items()} if starts else {}
    return {"expected": wanted, "fired": len(starts), **late, **cpu, "memory": memory, **a_run}


def queries(stage: Stage, options: Options) -> dict[str, Any]:
    """Queries and broker commands a run, counted from a log that would slow down the rest."""
    if not (stage.database.counted() is not None or stage.redis):
        raise Unavailable("nothing counts them: only our own PostgreSQL and Redis do")
    stage.start()
    stage.wait_for_all()
    begin = _next_slot(time.time() + SETTLE, stage.task.every)
    _sleep_until(begin)
    asked = _Asked(stage)
    _sleep_until(begin + _window(stage, replace(options, seconds=min(options.seconds, 10))))
    found = asked.since()
    starts = arithmetic.within(stage.starts(), begin, time.time())
    if not starts:
        raise Unavailable("nothing fired")
    return {name: count / len(starts) for name, count in found.items()}


def idle(stage: Stage, options: Options) -> dict[str, Any]:
    """CPU and queries a minute while nothing is due."""
    stage.start()
    time.sleep(options.warm_up)
    stage.check_alive()
    asked, before, begun = _Asked(stage), stage.cpu(), time.monotonic()
    time.sleep(options.idle)
    own, together = (now - then for now, then in zip(stage.cpu(), before, strict=True))
    minutes = (time.monotonic() - begun) / 60
    stage.check_alive()
    counted = {name: count / minutes for name, count in asked.since().items()}
    return {"cpu_own": own / minutes, "cpu": together / minutes, **counted}


def apply(stage: Stage, options: Options) -> dict[str, Any]:
    """From the commit of an edit, an hour to the least interval, to the first run by it."""
    if "edit" not in stage.contestant.commands:
        raise Unavailable(stage.contestant.without["edit"])
    stage.start()
    time.sleep(options.warm_up)
    waits = []
    for number in range(options.edits):
        stage.check_alive()
        time.sleep(number * 1.37 % 5)  # so that edits meet whoever polls at any moment
        waits.append(_edit(stage))
        if waits[-1] is None:
            break
        stage.edit(HOUR)
        _wait_for_quiet(stage)
    found = [wait for wait in waits if wait is not None]
    if len(found) < len(waits) or not found:
        return {"note": f"not within {_patience(stage):.0f} s"}
    return {"median": statistics.median(found), "max": max(found), "edits": len(found)}


def doubles(stage: Stage, options: Options) -> dict[str, Any]:
    """Slots that started twice when two schedulers run."""
    stage.start()
    stage.start(tuple(each for each in stage.contestant.programs if each.schedules))
    stage.wait_for_all()
    begin = _next_slot(time.time() + SETTLE, stage.task.every)
    end = begin + _window(stage, replace(options, seconds=options.doubles))
    _sleep_until(end)
    stage.check_alive()
    starts = [start for start in stage.starts() if begin <= start.at < end]
    wanted = arithmetic.expected(stage.task.schedules, stage.task.every, end - begin)
    return {"doubled": arithmetic.doubled(starts, stage.task.every), "expected": wanted}


def kill(stage: Stage, options: Options) -> dict[str, Any]:
    """``kill -9`` in the middle of a job, and a start soon afterwards."""
    groups = dict(zip(stage.contestant.programs, stage.start(), strict=False))
    stage.wait_for_all()
    time.sleep(NAP / 3)
    first = stage.starts()[0]
    killed: list[Program] = [each for each in groups if each.runs]
    stage.kill([groups[each] for each in killed])
    stage.start(tuple(killed))
    deadline = time.monotonic() + options.after_kill
    while time.monotonic() < deadline and not _again(stage, first):
        time.sleep(0.2)
    stage.check_alive()
    again = _again(stage, first)
    row: dict[str, Any] = {"repeated": "yes" if again else f"not within {options.after_kill:.0f} s"}
    if again:
        row["after"] = again[0].at - first.at
        time.sleep(NAP + 1)
    try:
        row["history"] = (stage.history() or ["nothing"])[0]
    except Unavailable as reason:
        row["history"] = str(reason)
    return row


def _again(stage: Stage, first: arithmetic.Start) -> list[arithmetic.Start]:
    same = [each for each in stage.starts() if (each.name, each.slot) == (first.name, first.slot)]
    return same[1:]


class _Asked:
    """Queries and broker commands from now on."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        stage.database.count(True)
        time.sleep(0.1)
        self._before = self._now()

    def since(self) -> dict[str, int]:
        now = self._now()
        self._stage.database.count(False)
        return {name: now[name] - before for name, before in self._before.items()}

    def _now(self) -> dict[str, int]:
        counted, redis = self._stage.database.counted(), self._stage.redis
        commands = {"commands": redis.commands()} if redis else {}
        return {**({"queries": counted} if counted is not None else {}), **commands}


def _edit(stage: Stage) -> float | None:
    committed = stage.edit(stage.contestant.least)
    deadline = time.time() + _patience(stage)
    while time.time() < deadline:
        after = [start.at for start in stage.starts() if start.at > committed]
        if after:
            return min(after) - committed
        time.sleep(0.01)
    return None


def _patience(stage: Stage) -> float:
    return NEVER + stage.contestant.least


def _wait_for_quiet(stage: Stage) -> None:
    """Until the edit back has been applied too."""
    deadline = time.time() + 30
    while time.time() < deadline and stage.starts()[-1].at > time.time() - 3:
        time.sleep(0.1)


def _watch_memory(stage: Stage, end: float) -> float:
    """MB at the highest of a look each second."""
    highest = stage.memory()
    while time.time() < end - 1:
        time.sleep(1)
        highest = max(highest, stage.memory())
    _sleep_until(end)
    return highest


def _window(stage: Stage, options: Options) -> float:
    """Whole slots, one at least."""
    every = stage.task.every
    return max(round(options.seconds / every), 1) * every


def _next_slot(after: float, every: int) -> float:
    return (after // every + 1) * every


def _sleep_until(moment: float) -> None:
    time.sleep(max(moment - time.time(), 0))


def task_of(measure: str, contestant: Contestant, schedules: int) -> Task:
    """What a contestant is given to do for a measure."""
    least = contestant.least
    if measure in ("idle", "apply"):
        return Task(schedules=10, every=HOUR)
    if measure == "doubles":
        return Task(schedules=10, every=least)
    if measure == "kill":
        return Task(schedules=1, every=max(least, 10), nap=NAP)
    return Task(schedules=schedules, every=least)


ALL = {
    "firing": firing,
    "queries": queries,
    "idle": idle,
    "apply": apply,
    "doubles": doubles,
    "kill": kill,
}
