"""Reads the environment; a bad value is refused in one line that names its variable."""

import contextlib
import os
import re
import secrets
import zoneinfo
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

T = TypeVar("T")

# Pitfalls of SQLite under threads: without IMMEDIATE and WAL a busy worker dies of "locked".
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}

# A server whose network is gone is noticed within half a minute, not after the system's hours.
POSTGRESQL_OPTIONS = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# A name, an IPv4 or an IPv6 address.
_HOST = re.compile(r"[0-9A-Za-z._:-]+")
_ORIGIN = re.compile(r"https?://(\*\.)?[0-9A-Za-z._-]+(:\d{1,5})?")

_env = Env()


def read(kind: str, name: str, default: T, check: Callable[[T], str | None] | None = None) -> T:
    """The variable ``name`` read as ``kind`` (``int``, ``bool``, ``str``, ``list``).

    ``check`` returns what is wrong with the value, or None.
    """
    try:
        value: T = getattr(_env, kind)(name, default)
    except EnvError:
        article = {"int": "a whole number", "bool": "true or false"}.get(kind, f"a {kind}")
        raise refused(name, f"must be {article}, not {os.environ[name]!r}") from None
    if check and (problem := check(value)):
        raise refused(name, problem)
    return value


def refused(name: str, problem: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} {problem}.")


def from_file(name: str, default: str = "") -> str:
    """The variable ``name``, or what the file holds that ``{name}_FILE`` names; never told."""
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if not path:
        return default if value is None else value
    if value:
        raise refused(f"{name}_FILE", f"must not be set together with {name}: one is enough")
    try:
        found = Path(path).read_text().strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise refused(f"{name}_FILE", f"names {path}, which can't be read: {reason}") from None
    if not found:
        raise refused(f"{name}_FILE", f"names {path}, which is empty")
    return found


def integer(name: str, default: int, low: int, high: int) -> int:
    def check(value: int) -> str | None:
        return None if low <= value <= high else f"must be from {low} to {high}, not {value}"

    return read("int", name, default, check)


def boolean(name: str, default: bool) -> bool:
    return read("bool", name, default)


def choice(name: str, default: str, *choices: str) -> str:
    def check(value: str) -> str | None:
        return None if value in choices else f"must be one of {', '.join(choices)}, not {value!r}"

    return read("str", name, default, check)


def hosts(name: str, default: str) -> list[str]:
    def check(value: str) -> str | None:
        if any(not host or "/" in host or " " in host for host in _split(value)):
            return f"must be host names separated by commas, not {value!r}"
        return None

    return _split(read("str", name, default, check))


def origins(name: str) -> list[str]:
    """Origins (https://host or https://host:port), none by default."""

    def check(value: str) -> str | None:
        if all(_ORIGIN.fullmatch(one) for one in _split(value) if value):
            return None
        return (
            f"must be origins such as https://mods.example.org separated by commas, not {value!r}"
        )

    value = read("str", name, "", check)
    return _split(value) if value else []


def networks(name: str) -> list[str]:
    """Addresses and networks (10.0.0.0/8), and ``unix`` for whoever comes through a socket."""

    def check(value: str) -> str | None:
        for each in split(value):
            try:
                if each != "unix":
                    ip_network(each, strict=False)
            except ValueError:
                return f"must be addresses or networks separated by commas, not {value!r}"
        return None

    def split(value: str) -> list[str]:
        return [each.strip() for each in value.split(",")] if value.strip() else []

    return split(read("str", name, "", check))


def local_only(names: list[str]) -> bool:
    """Whether these host names lead to this machine only."""
    return all(_is_local(name.strip("[]")) for name in names)


def _is_local(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _split(value: str) -> list[str]:
    return [one.strip() for one in value.split(",")]


def zone(name: str, default: str) -> str:
    def check(value: str) -> str | None:
        if value in zoneinfo.available_timezones():
            return None
        return f"must be a time zone such as Europe/Berlin, not {value!r}"

    return read("str", name, default, check)


def base_url(name: str, default: str) -> str:
    """An http or https address without a trailing slash."""

    def check(value: str) -> str | None:
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            return "is not a web address"
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.hostname or ""):
            return "must be a web address that begins with http:// or https://"
        if parts.query or parts.fragment or parts.username:
            return "must be a base address, without user name, query or fragment"
        return None

    return read("str", name, default, check).rstrip("/")


def secret_address(name: str) -> str:
    """An http or https address, or "" for none; never repeats it, its path may be a secret."""

    def problem(value: str) -> str | None:
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            return "is not a web address"
        well = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "")
        if value and not (well and value.isascii() and value.isprintable() and " " not in value):
            return "must be a web address that begins with http:// or https://"
        return None

    value = from_file(name)
    if wrong := problem(value):
        raise refused(name, wrong)
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """The settings of a SQLite or PostgreSQL database; never repeats the address, it may hold
    a password."""
    return database_at(from_file(name, default), name)


def database_at(address: str, name: str) -> dict[str, Any]:
    """The same for an address that came otherwise, under the name by which people know it."""
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(address))
    except (ValueError, dj_database_url.UnknownSchemeError):
        config = {}
    if config.get("ENGINE") == "django.db.backends.sqlite3":
        if not config["NAME"] or config["NAME"] == ":memory:":
            raise refused(name, "must name a file, such as sqlite:////var/lib/vsmanager.sqlite3")
        # A job may change the working directory.
        config["NAME"] = str(Path(config["NAME"]).absolute())
        _keep_private(config["NAME"])
        config["OPTIONS"] = {**SQLITE_OPTIONS, **config.get("OPTIONS", {})}
    elif config.get("ENGINE") == "django.db.backends.postgresql":
        config["OPTIONS"] = {**POSTGRESQL_OPTIONS, **config.get("OPTIONS", {})}
    else:
        raise refused(name, "must begin with sqlite:/// or postgres://")
    return config


def secret(name: str) -> str:
    """A secret as ``from_file`` finds it, long enough not to be guessed; "" for none."""
    value = from_file(name)
    if value and not re.fullmatch(r"[!-~]{16,200}", value):
        raise refused(name, "must hold 16 to 200 characters of ASCII without spaces")
    return value


def _keep_private(name: str) -> None:
    """Nobody but its owner reads a database that is there, where it came from elsewhere too."""
    for path in (Path(name), Path(f"{name}-wal"), Path(f"{name}-shm")):
        with contextlib.suppress(OSError):
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)


def file(name: str, default: Path) -> str:
    """The path of a file, which is there if it is named."""

    def check(value: str) -> str | None:
        if value == str(default) or Path(value).is_file():
            return None
        return f"must name a file that is there, not {value!r}"

    return str(Path(read("str", name, str(default), check)).absolute())


def secret_key(project: Path) -> str:
    """SECRET_KEY, or the key in SECRET_KEY_FILE, which is made on the first start."""
    if key := os.environ.get("SECRET_KEY"):
        if len(key) < 32:
            raise refused("SECRET_KEY", "must have at least 32 characters")
        return key
    path = Path(os.environ.get("SECRET_KEY_FILE") or project / "secret_key")
    try:
        return _stored_key(path)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise refused("SECRET_KEY_FILE", f"names {path}, which can't be used: {reason}") from None


def old_keys() -> list[str]:
    """Keys that were SECRET_KEY before, newest first: what they signed is believed still."""
    keys = from_file("SECRET_KEY_FALLBACKS").replace(",", " ").split()
    if any(len(key) < 32 for key in keys):
        raise refused("SECRET_KEY_FALLBACKS", "must be keys of at least 32 characters each")
    return keys


def _stored_key(path: Path) -> str:
    if not path.exists():
        # Written aside and linked into place: of two processes that start together one wins,
        # and neither reads half a key.
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_text().strip()
    if len(key) < 32:
        raise refused("SECRET_KEY_FILE", f"names {path}, which holds fewer than 32 characters")
    return key
