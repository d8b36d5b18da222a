"""A virtual environment for each peer, with pinned versions, kept from run to run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .errors import Unavailable

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".peers"


def python_of(name: str, requirements: tuple[str, ...]) -> str:
    """The interpreter that has these packages; raises Unavailable with pip's reason."""
    folder = FOLDER / name
    python, installed = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join(requirements)
    if not (installed.exists() and installed.read_text() == wanted and python.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "-q", *requirements])
        installed.write_text(wanted)
    return str(python)


def _run(command: list[str]) -> None:
    env = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(f"It could not be installed: {(lines or ['no reason was given'])[-1]}")
