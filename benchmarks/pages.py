"""Measures every page, live part and reading API call on a long history.

    python -m benchmarks.pages [--rows 1000000] [--database sqlite|postgresql]
                               [--database-url URL] [--requests 40] [--only TEXT]

Fills a database of its own (``--database-url``: an empty one that is there), asks as somebody
of the group Monitor, and prints a table. The addresses are those of ``scheduling/urls.py``, so
no page is forgotten. Exit code 1 when something is over its limit.
"""

import argparse
import gzip
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.addresses import Asked

KB = 1024


@dataclass(frozen=True, kw_only=True)
class Limit:
    """``size`` in bytes, with everything that the page loads."""

    milliseconds: float
    queries: int
    size: int


LIMITS = {
    "page": Limit(milliseconds=50, queries=10, size=100 * KB),
    "part": Limit(milliseconds=15, queries=4, size=100 * KB),
    "call": Limit(milliseconds=50, queries=10, size=100 * KB),
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    asked: "Asked"
    kind: str
    status: int
    p50: float
    p95: float
    worst: float
    worked: float
    queries: int
    plain: int
    sent: int
    loads: int

    @property
    def over(self) -> list[str]:
        # Who may only look is refused what changes something (403), by GET too (405).
        if self.status >= 400 and self.status not in (403, 405):
            return [f"answers {self.status}"]
        limit = LIMITS.get(self.kind)
        if limit is None:
            return []
        found = {
            f"p95 {self.p95:.0f} ms": self.p95 > limit.milliseconds,
            f"{self.queries} queries": self.queries > limit.queries,
            f"{self.sent / KB:.0f} KB": self.sent > limit.size,
        }
        return [what for what, is_over in found.items() if is_over]


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    with ExitStack() as stack:
        os.environ |= {
            "DATABASE_URL": _database(options, stack),
            "SECRET_KEY": "only for a benchmark, gone when it is over",
            "DJANGO_SETTINGS_MODULE": "vsmanager.settings",
            "LOG_LEVEL": "CRITICAL",
            "LOG_FORMAT": "json",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from benchmarks import past

        past.register()
        if not options.filled:
            begun = time.perf_counter()
            past.fill(options.rows, past.moment())
            print(f"{options.rows:,} runs were written in {time.perf_counter() - begun:.0f} s.\n")
        return compare(options.requests, options.only)


def compare(requests: int, only: str = "") -> int:
    """Print what was measured; returns the exit code."""
    from benchmarks.addresses import addresses

    measured = []
    print("| what | p50 | p95 | max | of it work | queries | plain | sent | first visit | over |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for asked in addresses():
        if only in asked.name:
            each = measure(asked, requests)
            measured.append(each)
            print(_line(each), flush=True)
    return 1 if any(each.over for each in measured) else 0


def measure(asked: "Asked", requests: int) -> Measured:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(
        SERVER_NAME="localhost", HTTP_ACCEPT_ENCODING="gzip", raise_request_exception=False
    )
    client.force_login(User.objects.get(username="watch"))
    answer, body, kind = _ask(client, asked)
    with CaptureQueriesContext(connection) as captured:
        _ask(client, asked)
    queries = len(captured)
    began = time.process_time()
    times = sorted(_seconds(lambda: _ask(client, asked)) * 1000 for _ in range(requests))
    worked = (time.process_time() - began) * 1000 / requests
    return Measured(
        asked=asked,
        kind=kind,
        status=answer.status_code,
        p50=times[len(times) // 2],
        p95=times[-(-95 * len(times) // 100) - 1],
        worst=times[-1],
        worked=worked,
        queries=queries,
        plain=len(_unpacked(body)),
        sent=len(body),
        loads=sum(_size(url) for url in _loaded(_unpacked(body))) if kind == "page" else 0,
    )


def _ask(client: Any, asked: "Asked") -> tuple[Any, bytes, str]:
    """The answer, its body (of one that streams only the beginning), and what it is."""
    answer = client.get(asked.url)
    if answer.streaming:
        body = next(iter(answer.streaming_content), b"")
        answer.close()
        return answer, body, "stream"
    if answer.status_code >= 300:
        return answer, answer.content, "none"
    if "HX-PTag" in answer:
        return answer, answer.content, "part"
    is_page = answer["Content-Type"].startswith("text/html")
    return answer, answer.content, "page" if is_page else "call"


def _unpacked(body: bytes) -> bytes:
    # Of a stream there is only the beginning.
    is_packed = body.startswith(b"\x1f\x8b")
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body) if is_packed else body


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        url = given.get("href") if tag == "link" else given.get("src")
        if url and url.startswith("/static/"):
            self.found.append(url)


def _loaded(body: bytes) -> list[str]:
    links = _Links()
    links.feed(body.decode())
    return list(dict.fromkeys(links.found))


def _size(url: str) -> int:
    """Packed; a browser keeps it after the first visit."""
    from django.contrib.staticfiles import finders

    path = finders.find(url.removeprefix("/static/"))
    return len(gzip.compress(Path(path).read_bytes(), 6)) if path else 0


def _line(each: Measured) -> str:
    what = f"{each.asked.name.replace('|', '')} ({each.kind})"
    if each.kind == "none":
        what = f"{each.asked.name} (answers {each.status})"
    sizes = f"{each.plain / KB:.0f} KB | {each.sent / KB:.1f} KB | "
    sizes += f"{(each.sent + each.loads) / KB:.0f} KB"
    over = ", ".join(each.over)
    times = f"{each.p50:.1f} | {each.p95:.1f} | {each.worst:.1f} | {each.worked:.1f}"
    return f"| `{what}` | {times} | {each.queries} | {sizes} | {over} |"


def _database(options: argparse.Namespace, stack: ExitStack) -> str:
    if options.database_url:
        return str(options.database_url)
    if options.database == "postgresql":
        from tests.process.server import PrivateServer

        server = PrivateServer()
        stack.callback(server.remove)
        return server.url
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pages"))
    return f"sqlite:///{folder}/db.sqlite3"


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--database-url", help="an empty database that is there")
    parser.add_argument("--only", default="", help="of the addresses those with this text")
    parser.add_argument("--filled", action="store_true", help="the database is filled already")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
