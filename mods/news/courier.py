"""A process of its own that hands one message to a notification service, or tries an address.

Apprise is big, slow to import, and talks by a hundred plugins; here it holds up nobody, costs
neither the pages nor the worker memory, and ends in time whatever it waits for. What it must
not do is refused below it, where Python opens files and sockets: connections to addresses
inside, after the name was resolved; programs; files of this machine. No Django, no settings,
no secrets but the address, which comes in on stdin.
"""

import contextlib
import io
import json
import logging
import mimetypes
import os
import signal
import sys
import sysconfig
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .addresses import NotFound, PointsInside, check_host, is_public
from .mask import without_secrets

# They act on this machine or on its neighbours, or need files of it.
REFUSED = frozenset(
    (
        *("amqp", "amqps", "blink1", "dbus", "fcm", "file", "gio", "glib", "gnome", "growl"),
        *("kde", "macosx", "qt", "rsyslog", "smpp", "smpps", "syslog", "vapid", "windows"),
    )
)
# Parameters that name files.
_FILES = frozenset(("attach", "keyfile", "pgpkey", "subfile", "template"))
# The project is where the key and the database lie.
_PROJECT = os.path.realpath(os.getcwd()) + os.sep  # noqa: PTH109 - cheap
_PYTHON = ("stdlib", "platstdlib", "purelib", "platlib")
# Where Python itself and the plugins are; what holds the project is no such folder.
_LIBRARIES = tuple(
    {
        os.path.realpath(folder) + os.sep
        for folder in (*map(sysconfig.get_path, _PYTHON), *sys.path)
        if folder and not _PROJECT.startswith(os.path.realpath(folder) + os.sep)
    }
)
# Certificates and time zones.
_SYSTEM = ("/etc/ssl/", "/etc/pki/", "/usr/lib/", "/usr/lib64/", "/usr/share/")
_READABLE_FILES = frozenset(("/etc/hosts", "/etc/resolv.conf", *mimetypes.knownfiles))
_PROGRAMS = ("subprocess.", "os.exec", "os.system", "os.posix_spawn", "os.spawn", "os.fork", "pty.")
_MOST_TOLD = 4_000

# What is told to the process that asked, beside "": see ``post``.
UNKNOWN, SCHEME, FILE, INSIDE = "unknown", "scheme", "file", "inside"
NOT_FOUND, REFUSED_THERE = "not_found", "failed"


class Guard:
    """Refuses in the whole process, from ``install()`` on, what no notification needs."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self.refused = ""

    def install(self) -> None:
        # Else the first file that is refused would be one that Python keeps for itself.
        sys.dont_write_bytecode = True
        sys.addaudithook(self)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            self._connect(args[1])
        elif event == "open":
            self._open(args[0], args[2])
        elif event.startswith(_PROGRAMS):
            self._refuse(FILE, "no programs are started")

    def _connect(self, place: Any) -> None:
        """``place`` is what the name was resolved to: nothing comes between this and connecting."""
        if place is None or (self._allow_private and isinstance(place, tuple)):
            return
        if not isinstance(place, tuple) or not is_public(str(place[0])):
            self._refuse(INSIDE, "the address points inside")

    def _open(self, path: Any, flags: Any) -> None:
        if not isinstance(path, str | bytes):
            return
        name = os.path.realpath(os.fsdecode(path))
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        readable = name in _READABLE_FILES or name.startswith(_LIBRARIES)
        readable = readable or (name.startswith(_SYSTEM) and not name.startswith(_PROJECT))
        if name != os.devnull and (writes or not readable):
            self._refuse(FILE, "no files are opened")

    def _refuse(self, kind: str, why: str) -> None:
        self.refused = self.refused or kind
        raise PointsInside(why) if kind == INSIDE else PermissionError(why)


def answer(asked: dict[str, Any]) -> dict[str, str]:
    """What became of it: ``problem`` ("" = well done), ``detail``, and the ``service``'s name."""
    address = str(asked["address"])
    if problem := _refused_at_sight(address):
        return {"problem": problem, "detail": "", "service": ""}
    told, guard = _listen(), Guard(allow_private=bool(asked["allow_private"]))
    # Before the address is given to a plugin, which may do with it what it likes.
    guard.install()
    server = _server(address)
    if server is None:
        return {
            "problem": guard.refused or UNKNOWN,
            "detail": _detail(told, address),
            "service": "",
        }
    service = str(server.service_name)
    if not asked["allow_private"] and (problem := _hosts_problem(server)):
        return {"problem": problem, "detail": "", "service": service}
    if asked.get("body") and not _send(server, str(asked["title"]), str(asked["body"])):
        problem = guard.refused or REFUSED_THERE
        return {"problem": problem, "detail": _detail(told, address), "service": service}
    return {"problem": "", "detail": "", "service": service}


def _detail(told: io.StringIO, address: str) -> str:
    """The last of what was said, without secrets; a half of one would not be known as such."""
    text = told.getvalue()
    if len(text) > _MOST_TOLD:
        _half, _space, text = text[-_MOST_TOLD:].partition("\n")
    return without_secrets(text, address)


def _refused_at_sight(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return UNKNOWN
    if parts.scheme.lower() in REFUSED:
        return SCHEME
    # Plugins take a parameter with a sign before it, too.
    names = {name.strip("+-: ").lower() for name, _ in parse_qsl(parts.query, True)}
    return FILE if names & _FILES else ""


def _server(address: str) -> Any:
    import apprise
    import requests

    # Redirects are not followed: they lead where nobody has looked.
    requests.Session.get_redirect_target = lambda *_: None  # type: ignore[method-assign]
    requests.Session.trust_env = False
    # More than one address is none: they are split at commas elsewhere, not here.
    asset = apprise.AppriseAsset(app_id="vsmanager", app_desc="vsmanager", app_url="")
    with contextlib.suppress(Exception):
        server = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        if server is not None:
            server.overflow_mode = apprise.OverflowMode.TRUNCATE
            return server
    return None


def _hosts_problem(server: Any) -> str:
    """Whether the host that the address names lies outside; of most services it names none."""
    names_host = any("{host}" in template for template in server.templates)
    # An e-mail's own domain is where to look for its server, not where to go.
    host = getattr(server, "smtp_host", None) or (server.host if names_host else None)
    try:
        if host:
            check_host(str(host))
    except NotFound:
        return NOT_FOUND
    except PointsInside:
        return INSIDE
    return ""


def _send(server: Any, title: str, body: str) -> bool:
    import apprise

    try:
        return bool(
            server.notify(
                title=title,
                body=body,
                body_format=apprise.NotifyFormat.TEXT,
                notify_type=apprise.NotifyType.INFO,
            )
        )
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is told, not raised
        logging.getLogger("apprise").warning("%s: %s", type(error).__name__, error)
        return False


def _listen() -> io.StringIO:
    """What apprise says went wrong."""
    told = io.StringIO()
    logger = logging.getLogger("apprise")
    handler = logging.StreamHandler(told)
    handler.setLevel(logging.WARNING)
    logger.handlers, logger.propagate = [handler], False
    return told


def main() -> None:
    asked = json.load(sys.stdin)
    # Ends by itself even where the process that asked has died.
    signal.alarm(int(asked["seconds"]) + 1)
    out, sys.stdout = sys.stdout, io.StringIO()
    json.dump(answer(asked), out)
    out.flush()
    # Without waiting for threads that a plugin left behind.
    os._exit(0)


if __name__ == "__main__":
    main()
