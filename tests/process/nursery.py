"""Real processes in a third of the time.

A Python that has imported Django and the libraries, but no settings, forks each of them: from
there on it is a process like any other, with its own environment, output, signals and end. What
tests how a command is started (units, containers, scripts) starts a Python of its own instead.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parent.parent.parent

# Nothing here may read a setting or the environment when it is imported.
_LIBRARIES = (
    "apscheduler.schedulers.background",
    "asyncio",
    "concurrent.futures.thread",
    "cronsim.cronsim",
    "csp.middleware",
    "django.contrib.admin.templatetags.admin_list",
    "django.contrib.admin.templatetags.admin_modify",
    "django.contrib.admin.templatetags.log",
    "django.contrib.admin.views.main",
    "django.contrib.auth.hashers",
    "django.contrib.auth.password_validation",
    "django.contrib.messages.middleware",
    "django.contrib.sessions.middleware",
    "django.contrib.staticfiles.storage",
    "django.contrib.syndication.views",
    "django.core.mail",
    "django.core.management.commands.makemigrations",
    "django.core.management.commands.migrate",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.forms",
    "django.template",
    "django.test",
    "django.views.defaults",
    "django.views.generic",
    "environs",
    "msgspec",
    "multiprocessing",
    "nh3",
    "prometheus_client",
    "psycopg",
    "pydantic.dataclasses",
    "pydantic.fields",
    "pydantic.networks",
    "pydantic.type_adapter",
    "pydantic.types",
    "requests",
    "rich.traceback",
    "structlog.dev",
    "tomllib",
    "whitenoise.middleware",
    "xml.sax.saxutils",
)


class Process:
    """What of ``subprocess.Popen`` the tests use; ``status`` tells its exit code when it ends."""

    def __init__(self, arguments: Sequence[str], pid: int, status: int) -> None:
        self.args, self.pid = arguments, pid
        self.returncode: int | None = None
        self._status = status

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
            said = os.read(self._status, 16)
            os.close(self._status)
            self.returncode = int(said or b"-1")
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    arguments: Sequence[str], env: Mapping[str, str], out: IO[Any], err: IO[Any]
) -> Process | subprocess.Popen[bytes]:
    """Start ``python *arguments`` in the project's folder, with this environment and no other.

    ``arguments`` begin with the name of a file, or with ``-m`` and that of a module.
    """
    if any(name.startswith("PYTHON") for name in env):
        # Python reads them once, when it begins.
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, cwd=PROJECT, env=dict(env), stdout=out, stderr=err)
    nursery = _nursery()
    status, theirs = os.pipe()
    wanted = json.dumps({"arguments": list(arguments), "env": dict(env)}).encode()
    socket.send_fds(nursery, [wanted], [out.fileno(), err.fileno(), theirs])
    os.close(theirs)
    answer = nursery.recv(16)
    if not answer:
        raise RuntimeError("The process that forks others has died; its own output tells why.")
    return Process(arguments, int(answer), status)


@functools.cache
def _nursery() -> socket.socket:
    # Each request is one packet: none is read in halves or together with the next.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", __name__, str(theirs.fileno())]
    process = subprocess.Popen(
        command, cwd=PROJECT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
    )
    theirs.close()

    @atexit.register
    def end() -> None:
        ours.close()
        process.wait()

    return ours


def _serve(requests: socket.socket) -> list[str]:
    """Fork for each request and report each end; returns, in each child, what it is to run."""
    children: dict[int, tuple[int, int]] = {}
    poll = select.poll()
    poll.register(requests, select.POLLIN)
    while True:
        for ready, _ in poll.poll():
            if ready in children:
                poll.unregister(ready)
                pid, status = children.pop(ready)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os.write(status, str(code).encode())
                os.close(status)
                os.close(ready)
                continue
            wanted, descriptors, _flags, _address = socket.recv_fds(requests, 1 << 20, 3)
            if not wanted:
                sys.exit()
            out, err, status = descriptors
            if not (pid := os.fork()):
                os.dup2(out, 1)
                os.dup2(err, 2)
                # All that belongs to the parent, who alone may close it as an object.
                requests.detach()
                os.closerange(3, os.sysconf("SC_OPEN_MAX"))
                request = json.loads(wanted)
                os.environ.clear()
                os.environ.update(request["env"])
                time.tzset()
                return list(request["arguments"])
            os.close(out)
            os.close(err)
            ended = os.pidfd_open(pid)
            children[ended] = pid, status
            poll.register(ended, select.POLLIN)
            requests.send(str(pid).encode())


def _main() -> None:
    for library in _LIBRARIES:
        importlib.import_module(library)
    gc.collect()
    gc.freeze()
    arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    _main()
