"""Files that are there whole or not at all, and readable by their owner only."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Refused

# A backup holds password hashes, digests of tokens and the addresses of channels.
MODE = 0o600


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path``, which becomes ``path`` if all goes well.

    Whoever is killed in between leaves ``path`` as it was. Raises Refused.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror}.") from None
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(MODE)
        sync(beside)
        beside.replace(path)
        sync(path.parent)
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror}.") from None
    finally:
        # What SQLite may have left with it too.
        for left in path.parent.glob(f"{name.rpartition('/')[2]}*"):
            left.unlink(missing_ok=True)


@contextmanager
def streamed() -> Iterator[Path]:
    """A temporary file that goes to standard output if all goes well."""
    with tempfile.TemporaryDirectory(prefix="vsmanager-backup-") as folder:
        path = Path(folder) / "backup"
        yield path
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def sync(path: Path) -> None:
    """Wait until what was written to this file or folder would survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
