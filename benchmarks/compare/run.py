"""One comparison: every contestant, every measure, in turn."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from . import arithmetic, beside, measures
from .contestant import Contestant
from .databases import Database, NoDatabase, Postgres, Redis, Sqlite
from .errors import Unavailable
from .options import Options
from .results import Row
from .stage import Stage

_ONCE = ("queries", "idle", "apply", "doubles", "kill")


@dataclass(slots=True)
class Servers:
    """PostgreSQL and Redis, started when they are needed and ended with all of it."""

    options: Options
    stack: ExitStack
    _postgres: Postgres | None = field(default=None, init=False)

    def database(self, kind: str) -> Database:
        if kind == "SQLite":
            return Sqlite()
        if kind != "PostgreSQL":
            return NoDatabase()
        if not self._postgres:
            self._postgres = Postgres(self.options.database_url)
            self.stack.callback(self._postgres.close)
        return self._postgres

    def tidy(self) -> None:
        if self._postgres:
            with suppress(Unavailable):
                self._postgres.drop()

    def version(self) -> str:
        """PostgreSQL's; why there is none otherwise."""
        try:
            self.database("PostgreSQL")
        except Unavailable as reason:
            return f"none ({reason})"
        return self._postgres.version() if self._postgres else "none"


def rows(contestants: list[Contestant], options: Options, servers: Servers) -> Iterator[Row]:
    """In turn: those next to each other in a table are measured next to each other in time."""
    for measure in options.measures:
        if measure in beside.ALL:
            if any(each.is_ours for each in contestants):
                for kind in ("SQLite", "PostgreSQL"):
                    yield from _beside(measure, kind, options, servers)
            continue
        for schedules in _sizes(measure, options):
            for contestant in contestants:
                if _takes_part(contestant, measure, schedules, options):
                    yield _repeated(measure, contestant, schedules, options, servers)


def _sizes(measure: str, options: Options) -> tuple[int, ...]:
    if measure == "firing":
        return options.schedules
    return (options.schedules[0],) if measure == "queries" else (0,)


def _takes_part(contestant: Contestant, measure: str, schedules: int, options: Options) -> bool:
    """Who has a minute at least fires one size alone, which takes minutes enough."""
    if measure == "queries" and not (contestant.database or contestant.needs_redis):
        return False
    if contestant.least == 1:
        return True
    middle = options.schedules[len(options.schedules) // 2]
    return measure != "queries" and (measure != "firing" or schedules == middle)


def _repeated(
    measure: str, contestant: Contestant, schedules: int, options: Options, servers: Servers
) -> Row:
    begun, measured, problem = time.monotonic(), [], ""
    is_once = measure in _ONCE or contestant.least > 1
    for _ in range(1 if is_once else options.repeats):
        try:
            measured.append(_once(measure, contestant, schedules, options, servers))
        except Unavailable as reason:
            problem = str(reason)
            break
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            problem = f"{type(error).__name__}: {error}"
            break
    row = Row(
        measure=measure,
        contestant=contestant.name,
        values=arithmetic.middle(measured),
        problem=problem,
        seconds=round(time.monotonic() - begun, 1),
    )
    if schedules:
        row["schedules"] = schedules
    return row


def _once(
    measure: str, contestant: Contestant, schedules: int, options: Options, servers: Servers
) -> dict[str, object]:
    task = measures.task_of(measure, contestant, schedules)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="compare")))
        database = servers.database(contestant.database)
        redis = None
        if contestant.needs_redis:
            redis = Redis(folder)
            stack.callback(redis.close)
        stack.callback(servers.tidy)
        stage = stack.enter_context(Stage(contestant, task, folder, database, redis))
        return measures.ALL[measure](stage, options)


def _beside(measure: str, kind: str, options: Options, servers: Servers) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="compare") as folder:
        try:
            return beside.ALL[measure](servers.database(kind), Path(folder), options)
        except Unavailable as reason:
            named = Row(measure=measure, contestant=kind, values={}, problem=str(reason))
            return [named]
        finally:
            servers.tidy()
