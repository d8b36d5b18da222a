"""What is compared in our own environment: ingest, and the first page of a long history."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from .contestant import Task
from .contestants import ours
from .databases import Database
from .options import Options
from .results import Row
from .stage import Stage

_SETTINGS = "benchmarks.compare.play.ours"
_HUSHED = {"LOG_LEVEL": "ERROR", "MODDB_URL": "", "VERSIONS_URL": ""}


def ingest(database: Database, folder: Path, options: Options) -> list[Row]:
    found = _run(database, folder, "ingest", f"{_SETTINGS}.settings", options.catalogue)
    return [
        _row("ingest", name, database, {**way, "mods": found["mods"]})
        for name, way in found["ways"].items()
    ]


def history(database: Database, folder: Path, options: Options) -> list[Row]:
    found = _run(database, folder, "first_page", f"{_SETTINGS}.page_settings", str(options.rows))
    return [
        _row("history", name, database, {**times, "rows": options.rows})
        for name, times in found.items()
    ]


def _run(database: Database, folder: Path, name: str, settings: str, argument: str) -> Any:
    contestant = ours.contestant(database.kind)
    env = {key: value for key, value in _HUSHED.items() if value} | contestant.env
    command: dict[str, tuple[str, ...]] = {name: ("-m", f"{_SETTINGS}.{name}")}
    contestant = replace(
        contestant, commands=command, env={**env, "DJANGO_SETTINGS_MODULE": settings}
    )
    with Stage(contestant, Task(schedules=0, every=1), folder, database, None) as stage:
        return json.loads(stage.command(name, argument, within=3_600).splitlines()[-1])


def _row(measure: str, what: str, database: Database, values: dict[str, Any]) -> Row:
    return Row(measure=measure, contestant=f"{what}, {database.kind}", values=values, problem="")


ALL = {"ingest": ingest, "history": history}
