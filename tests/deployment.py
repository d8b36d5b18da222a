"""What compose.yaml, the Dockerfile and the units of systemd say, as a test reads it."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
COMPOSE = PROJECT / "compose.yaml"
MANY = PROJECT / "docs/compose.procrastinate.yaml"
UNITS = sorted((PROJECT / "deploy").glob("*.service"))


def compose(file: Path = COMPOSE, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with ``${VARIABLES}`` replaced as docker compose does, from ``given``."""

    def value(found: re.Match[str]) -> str:
        name, default = found.groups()
        return (given or {}).get(name) or default or ""

    def replaced(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: replaced(each) for key, each in node.items()}
        if isinstance(node, list):
            return [replaced(each) for each in node]
        if isinstance(node, str):
            return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", value, node)
        return node

    return dict(replaced(yaml.safe_load(file.read_text())))


def words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command


def dockerfile() -> Iterator[tuple[str, str]]:
    """Its instructions, each with its arguments in one line."""
    text = re.sub(r"^#.*\n", "", (PROJECT / "Dockerfile").read_text(), flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield name, rest


def unit(path: Path) -> dict[str, list[str]]:
    """The settings of all sections; some may stand more than once."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def environment(path: Path) -> dict[str, str]:
    lines = (line for line in path.read_text().splitlines() if "=" in line)
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def nobody(address: str) -> dict[str, Any]:
    """For subprocess: to run as somebody else than root who reaches the database, if it may be."""
    if os.geteuid():
        return {}
    socket = re.search(r"host=(/[^&]+)", address)
    uid = Path(socket[1]).stat().st_uid if socket else 65534
    return {"user": uid, "group": uid, "extra_groups": []} if uid else {}
