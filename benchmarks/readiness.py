"""How long readiness takes for 300 tracked mods with 7,500 releases, on SQLite and PostgreSQL.

    python -m benchmarks.readiness

Prints a table in Markdown: the report alone, its page and its call, asked by somebody of the
group Monitor, with the number of their queries. Work is what Python does of it, whatever else
this machine does.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks.databases import begin, in_words, measured, monitor
from benchmarks.planner import count_rows

MODS, RELEASES, ROUNDS = 300, 25, 40
NOW = datetime(2026, 11, 25, tzinfo=UTC)
GAMES = [f"1.{minor}.{patch}" for minor in range(18, 23) for patch in range(9)]
GAMES += [f"1.{minor}.0-rc.{number}" for minor in range(18, 24) for number in range(1, 9)]


def main() -> None:
    if "--measure" in sys.argv:
        print(json.dumps(measure()))
        return
    results = measured("benchmarks.readiness")
    print(f"| {MODS} tracked mods, {MODS * RELEASES:,} releases | " + " | ".join(results) + " |")
    print("|---|" + "---|" * len(results))
    for name in next(iter(results.values())):
        told = (result[name] for result in results.values())
        row = map(cell, told)
        print(f"| {name} | " + " | ".join(row) + " |")


def cell(each: dict[str, Any]) -> str:
    times = f"{in_words(each['times'])} (of it work {each['worked']:.1f} ms)"
    return f"{times}, {each['queries']} queries"


def measure() -> dict[str, Any]:
    begin()
    fill()
    from mods import readiness

    client = monitor()
    return {
        "report": timed(lambda: readiness.report("1.22.7", NOW)),
        "page": timed(lambda: asked(client, "/mods/readiness/?version=1.22.7")),
        "page with all of them": timed(lambda: asked(client, "/mods/readiness/?all=1")),
        "call": timed(lambda: asked(client, "/api/v1/readiness")),
    }


def asked(client: Any, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        sys.exit(f"{address} answers {answer.status_code}")


def timed(work: Callable[[], object]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    work()
    with CaptureQueriesContext(connection) as captured:
        work()
        # Each request begins to count anew.
        queries = len(captured)
    times, began = [], time.process_time()
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    worked = (time.process_time() - began) * 1000 / ROUNDS
    return {"times": times, "worked": worked, "queries": queries}


def fill() -> None:

    from tests.mods.cast import fetched, game, mod, release, tracked

    for version in GAMES:
        game(version, is_latest=version in ("1.22.8", "1.23.0-rc.8"))
    chance = random.Random(3)  # noqa: S311
    for number in range(1, MODS + 1):
        name = f"mod{number}"
        one = mod(number, name)
        fetched(one, text="<p>Words</p>" * 500)
        for each in range(RELEASES):
            first = chance.randrange(len(GAMES))
            named = GAMES[first : first + chance.randrange(1, 30)]
            release(one, f"1.{each}.0", *named, changelog="<p>Words</p>" * 50)
        needs = {f"mod{chance.randrange(1, MODS + 20)}": "1.3.0" for _ in range(3)}
        tracked(name, f"1.{chance.randrange(RELEASES)}.0", of=one, dependencies=needs)
    count_rows()


if __name__ == "__main__":
    main()
