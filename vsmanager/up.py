"""``script/up``: web and worker together in the foreground, ready to use, until Ctrl-C."""

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from vsmanager import prepare
from vsmanager.start import read_settings

PROJECT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PATIENCE = 60.0


def main() -> None:
    options = _options()
    _refuse_taken_port(options.port)
    children = Children()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, children.stop)
    try:
        if options.demo:
            _use_stand_in(children)
        read_settings()
        prepare.database(set_password=True)
        children.start("worker", "manage.py", "runscheduler")
        children.start("web", "-m", "gunicorn", *_gunicorn(options.port), "vsmanager.wsgi")
        _greet(options, children)
        code = children.watch()
    finally:
        children.end()
    sys.exit(code)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./script/up", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="of the web pages (default: 8000)")
    parser.add_argument(
        "--demo",
        action="store_true",
        help="fetch from a stand-in for the two upstreams instead of the internet, into a "
        "database of its own",
    )
    options = parser.parse_args()
    if not 1 <= options.port <= 65_535:
        parser.error("--port must be from 1 to 65535")
    return options


class Children:
    """The processes of one start: all run, or all are stopped."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._stops = self._sent = 0

    def stop(self, *_signal: object) -> None:
        """For signal handlers: only counts. The first lets jobs finish, the second doesn't."""
        self._stops += 1

    @property
    def stopping(self) -> bool:
        return self._stops > 0

    def start(self, name: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        self._running[name] = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            text=True,
            # Out of reach of the terminal's Ctrl-C, which is passed on by hand: once.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            **options,
        )
        return self._running[name]

    def dead(self) -> str | None:
        """The name of a child that ended by itself."""
        return next(
            (name for name, child in self._running.items() if child.poll() is not None), None
        )

    def watch(self) -> int:
        """Wait for a signal or for a child's end; returns the exit code."""
        while not self._stops:
            if name := self.dead():
                print(f"The {name} process ended unexpectedly; see its messages above.")
                return 1
            time.sleep(0.1)
        print("Stopping: running jobs may finish. Ctrl-C again stops at once.", flush=True)
        return 0

    def end(self) -> None:
        """Pass signals on until all children have ended."""
        self._stops = max(self._stops, 1)
        while any(child.poll() is None for child in self._running.values()):
            while self._sent < self._stops:
                self._sent += 1
                for child in self._running.values():
                    if child.poll() is None:
                        child.send_signal(signal.SIGTERM)
            time.sleep(0.05)


def _die_with_parent() -> None:
    """In the child: be told to stop when the parent is killed without a chance to tell."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            sys.exit(f"Port {port} can't be used ({error}). Choose another: --port NUMBER")


def _use_stand_in(children: Children) -> None:
    """Point this start and its children at a stand-in for the upstreams."""
    stand_in = children.start(
        "stand-in", "-m", "vsmanager.standin", "--port", "0", stdout=subprocess.PIPE
    )
    address = stand_in.stdout.readline().strip() if stand_in.stdout else ""
    if not address.startswith("http"):
        sys.exit("The stand-in for the upstreams did not start; see its messages above.")
    folder = PROJECT / ".demo"
    folder.mkdir(exist_ok=True)
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'db.sqlite3'}")
    os.environ["MODDB_URL"] = os.environ["VERSIONS_URL"] = address
    print(f"Demo: the upstreams are played by a stand-in at {address}", flush=True)


def _gunicorn(port: int) -> list[str]:
    one = ["--workers", "1", "--threads", "32"]
    logging = ["--log-level", "warning", "--logger-class", "vsmanager.weblog.Logger"]
    return ["--bind", f"{HOST}:{port}", *one, *logging]


def _greet(options: argparse.Namespace, children: Children) -> None:
    """Print the address once the pages answer."""
    address = f"http://{HOST}:{options.port}"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not children.stopping and not children.dead():
        health = f"{address}/healthz"  # on this machine
        with contextlib.suppress(OSError), urllib.request.urlopen(health, timeout=5):  # nosec B310
            print(f"vsmanager is ready: {address}/ (Ctrl-C stops it)", flush=True)
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
