"""Measures the web process as it is deployed: /healthz under load, and memory afterwards.

    python -m benchmarks web [--rate 600] [--seconds 20] [--connections 16] [--workers 2]
                             [--database postgresql|sqlite] [--database-url URL]

Starts a database, a stand-in for the upstreams, two workers of vsmanager and gunicorn with the
project's gunicorn.conf.py. While it is asked, the catalogue is refreshed without a pause, and each
time as if every mod had changed. Exit code 1 when a limit is not kept.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
# Of the issue: requests a second, milliseconds, megabytes.
LEAST_RATE, MOST_P99, MOST_MEMORY = 500, 50, 150
PAGES = ("/", "/runs/", "/settings/", "/day/", "/changes/", "/mods/", "/admin/", "/api/v1/mods")


def main() -> int:
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="web")))
        port = _free_port()
        os.environ |= {
            "DATABASE_URL": database(options, stack, folder),
            "SECRET_KEY": "only for a benchmark, gone when it is over",
            "DJANGO_SETTINGS_MODULE": "vsmanager.settings",
            "LOG_FORMAT": "json",
            "WEB_WORKERS": str(options.workers),
            "STATIC_ROOT": str(folder / "static"),
        }
        upstream = stack.enter_context(process(["-m", "vsmanager.standin"], subprocess.PIPE))
        address = upstream.stdout.readline().strip() if upstream.stdout else ""
        os.environ["MODDB_URL"] = os.environ["VERSIONS_URL"] = address
        for command in (["migrate", "-v0"], ["collectstatic", "--no-input", "-v0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT, check=True)
        log = stack.enter_context((folder / "log").open("w"))
        gunicorn = ["-m", "gunicorn", "vsmanager.wsgi", "--bind", f"127.0.0.1:{port}"]
        worker = ["manage.py", "runscheduler"]
        started = {
            "worker": stack.enter_context(process(worker, log)),
            "gunicorn": stack.enter_context(process(gunicorn, log)),
        }
        _wait(lambda: _leader(f"http://127.0.0.1:{port}/healthz") is not None)
        started["stand-by"] = stack.enter_context(process(worker, log))
        return _measure(options, f"http://127.0.0.1:{port}", started)


def _measure(
    options: argparse.Namespace, address: str, started: dict[str, "subprocess.Popen[str]"]
) -> int:
    import django

    django.setup()
    from mods.models import Mod

    _wait(Mod.objects.exists)
    print(f"load of this machine: {', '.join(f'{one:.1f}' for one in os.getloadavg())}\n")
    print("| /healthz | a second | p50 | p99 | worst | refreshes meanwhile |")
    print("|---|---|---|---|---|---|")
    at_rate = _ask(f"{options.rate:g} a second", address, options, options.rate, refresh=True)
    _ask("as often as answered", address, options, 0, refresh=True)
    _ask("as often as answered, no refresh", address, options, 0, refresh=False)
    _visit(address)
    memory = dict(_memory(started))
    print("\n| process | memory after that | at most |\n|---|---|---|")
    for name, (now, most) in memory.items():
        print(f"| {name} | {now:.0f} MB | {most:.0f} MB |")
    kept = (
        at_rate["rate"] >= LEAST_RATE
        and at_rate["p99"] <= MOST_P99
        and all(now <= MOST_MEMORY for now, _most in memory.values())
    )
    print(f"\nlimits kept: {'yes' if kept else 'no'}")
    return 0 if kept else 1


def _ask(
    name: str, address: str, options: argparse.Namespace, rate: float, *, refresh: bool
) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.load", f"{address}/healthz", "--rate", str(rate)]
    command += ["--connections", str(options.connections), "--seconds", str(options.seconds)]
    with _refreshing() if refresh else ExitStack() as done:
        answer = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE)
    measured: dict[str, float] = json.loads(answer.stdout)
    times = " | ".join(f"{measured[one]:.1f} ms" for one in ("p50", "p99", "worst"))
    count = len(done) if isinstance(done, list) else 0
    print(f"| {name} | {measured['rate']:.0f} | {times} | {count} |", flush=True)
    return measured


@contextmanager
def _refreshing() -> Iterator[list[int]]:
    """One refresh after the other, each of which writes every mod."""
    stop, done = threading.Event(), []

    def refresh() -> None:
        from django.contrib.auth.models import User
        from django.db import connection

        from mods.models import Mod
        from scheduling import actions
        from scheduling.models import JobRun, JobSchedule

        by, _ = User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)
        while not stop.is_set():
            Mod.objects.update(raw_hash="", content_hash="")
            schedule = JobSchedule.objects.get(name="mod_cache_refresh")
            run = actions.run_now(schedule, by)
            ended = JobRun.objects.filter(pk=run.pk, finished_at__isnull=False)
            _wait(ended.exists)
            done.append(run.pk)
        connection.close()

    thread = threading.Thread(target=refresh)
    thread.start()
    time.sleep(1)
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def _visit(address: str) -> None:
    """Have every web process render pages, so that it holds what it needs for them."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get(username="bench"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    for path in PAGES * 20:
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
        with urllib.request.urlopen(  # noqa: S310
            urllib.request.Request(address + path, headers=cookie)  # noqa: S310
        ) as answer:
            answer.read()


def _memory(
    started: dict[str, "subprocess.Popen[str]"],
) -> Iterator[tuple[str, tuple[float, float]]]:
    for name, each in started.items():
        yield name, (megabytes(each.pid, "VmRSS"), megabytes(each.pid, "VmHWM"))
    arbiter = started["gunicorn"].pid
    children = Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()
    for number, child in enumerate(map(int, children), 1):
        yield f"web {number}", (megabytes(child, "VmRSS"), megabytes(child, "VmHWM"))


def megabytes(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


@contextmanager
def process(arguments: list[str], out: Any) -> Iterator["subprocess.Popen[str]"]:
    started = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=PROJECT,
        text=True,
        stdout=out,
        stderr=None if out == subprocess.PIPE else out,
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait()
        if started.stdout:
            started.stdout.close()


def _leader(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310
            leader: str | None = json.load(answer)["data"]["scheduler"]["leader"]
            return leader
    except OSError:
        return None


def _wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("It did not happen within a minute.")
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database(options: argparse.Namespace, stack: ExitStack, folder: Path) -> str:
    if options.database_url:
        return str(options.database_url)
    if options.database == "sqlite":
        return f"sqlite:///{folder}/db.sqlite3"
    from tests.process.server import PrivateServer

    server = PrivateServer()
    stack.callback(server.remove)
    return server.url


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks web", description=__doc__)
    parser.add_argument("--rate", type=float, default=600)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2, help="of gunicorn")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--database-url", help="an empty database that is there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
