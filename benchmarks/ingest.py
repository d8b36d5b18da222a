"""What the catalogue costs: first load, and refreshes with nothing and with 1 % changed.

    python -m benchmarks.ingest path/to/mods.json [--database sqlite|postgresql]
                                [--mods 50000] [--rounds 9]

Bodies are served on loopback, packed, and fetched by the real job in a process of its own that
has done nothing else, into a new database. Each round reads the same body with ``json.loads``,
refreshes with nothing changed, then with other downloads for the next hundredth of the mods. Of
the rounds the best is told, and the median in brackets: the one says what the code costs, the
other what else this machine did. Prints a table in Markdown.
"""

import argparse
import gzip
import json
import os
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.databases import begin, measured

Row = dict[str, Any]
# Beyond every id of the real catalogue.
STRIDE = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures what the catalogue costs.")
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="")
    parser.add_argument("--mods", type=int, help="make so many of those that are there")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    rows = made(json.loads(options.catalogue.read_bytes())["mods"], options.mods)
    packed = [gzip.compress(encode(rows), 6)]
    for number in range(options.rounds):
        for row in rows[number % 100 :: 100]:
            row["downloads"] += 1
        packed.append(gzip.compress(encode(rows), 6))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(packed))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["MODDB_URL"] = f"http://127.0.0.1:{server.server_port}"
    os.environ["INGEST_ROUNDS"] = str(options.rounds)
    results = measured("benchmarks.ingest", options.database)
    print(f"| {len(rows):,} mods, {len(encode(rows)):,} bytes | " + " | ".join(results) + " |")
    print("|---|" + "---|" * len(results))
    for name in next(iter(results.values())):
        print(f"| {name} | " + " | ".join(result[name] for result in results.values()) + " |")


def made(rows: list[Row], count: int | None) -> list[Row]:
    """So many rows: the real ones, over and over with ids and names of their own."""
    wanted = len(rows) if count is None else count
    return [
        again(rows[number % len(rows)], number // len(rows)) for number in reversed(range(wanted))
    ]


def again(row: Row, lap: int) -> Row:
    if not lap:
        return row
    ids = {key: row[key] + lap * STRIDE for key in ("modid", "assetid")}
    return {**row, **ids, "name": f"{row['name']} {lap}"}


def encode(rows: list[Row]) -> bytes:
    from vsmanager.standin import catalogue

    return catalogue.encode({"statuscode": "200", "mods": rows})


def handler(packed: list[bytes]) -> type[BaseHTTPRequestHandler]:
    class Serves(BaseHTTPRequestHandler):
        """``/3/api/mods`` is the catalogue after three changes."""

        def do_GET(self) -> None:
            body = packed[int(self.path.split("/")[1])]
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    return Serves


def measure(base: str, rounds: int) -> dict[str, str]:
    """In a process that has done nothing else."""
    begin()
    before = peak()
    worked = time.process_time()
    first = seconds(lambda: refresh(base, 0, created=True))
    worked = time.process_time() - worked
    # Before json.loads takes more than any of them.
    highest = peak()
    loads, read, same, changed = in_turn(base, rounds)
    return {
        "`json.loads` of the body": told(loads),
        "reading what is stored": told(read),
        "refresh, nothing changed": told(same),
        "by `json.loads`": by(loads, same),
        "without the reading, by `json.loads`": by(loads, same, read),
        "refresh, 1 % changed": told(changed),
        "1 % changed, by `json.loads`": by(loads, changed),
        "first load": f"{first:.2f} s (work of the process {worked:.2f} s)",
        "memory at its highest (before)": f"{highest:.0f} MB ({before:.0f} MB)",
    }


def in_turn(base: str, rounds: int) -> list[list[float]]:
    from mods import sync

    with urllib.request.urlopen(f"{base}/0/api/mods") as answer:  # noqa: S310 - our own
        body = gzip.decompress(answer.read())
    works = [
        lambda _at: json.loads(body),
        lambda _at: sync.read_stored(),
        lambda at: refresh(base, at),
        lambda at: refresh(base, at + 1, updated=True),
    ]
    times = [[seconds(partial(work, at)) for work in works] for at in range(rounds)]
    return [list(column) for column in zip(*times, strict=True)]


def told(times: list[float]) -> str:
    return f"{min(times) * 1000:.1f} ms ({statistics.median(times) * 1000:.1f})"


def by(loads: list[float], times: list[float], less: list[float] | None = None) -> str:
    best, median = (
        (of(times) - (of(less) if less else 0)) / of(loads) for of in (min, statistics.median)
    )
    return f"{best:.2f} times ({median:.2f})"


def refresh(base: str, number: int, *, created: bool = False, updated: bool = False) -> None:
    from django.conf import settings

    from mods.jobs import mod_cache_refresh

    settings.MODDB_URL = f"{base}/{number}"
    result = mod_cache_refresh()
    if result is None or (result["created"] > 0, result["updated"] > 0) != (created, updated):
        raise SystemExit(f"The refresh did something else than what is measured: {result}")


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak() -> float:
    """The most memory that this process has had, in MB.

    Not ``ru_maxrss``, which counts what the parent had when this process was made.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(measure(os.environ["MODDB_URL"], int(os.environ["INGEST_ROUNDS"]))))
    else:
        main()
