"""``python -m vsmanager.probe web|worker``: the health check of a container.

Ends with 0 when the pages can be served, or when the worker has beaten of late. It reads no
settings, since it is started every few seconds.
"""

import http.client
import os
import sys
import time
from pathlib import Path

# The worker beats every 5 s, and waits for a statement up to 60 s.
SILENT_AFTER = 90.0


def web(port: int) -> str:
    """What is wrong, or ""."""
    first = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    host = "localhost" if first in ("", "*") else first
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        answer = connection.getresponse()
        return "" if answer.status == 200 else f"/readyz answers {answer.status}"
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz does not answer: {error}"
    finally:
        connection.close()


def worker(now: float) -> str:
    """What is wrong, or ""."""
    try:
        silent = now - Path(os.environ.get("BEAT_FILE", "/tmp/beat")).stat().st_mtime  # noqa: S108  # nosec B108
    except OSError as error:
        return f"The worker has not beaten: {error}"
    return "" if silent < SILENT_AFTER else f"The worker has not beaten for {silent:.0f} s"


def main(arguments: list[str]) -> str:
    match arguments:
        case ["web"]:
            return web(8000)
        case ["web", port]:
            return web(int(port))
        case ["worker"]:
            return worker(time.time())
    return "Say what to look at: web or worker."


if __name__ == "__main__":
    # A text is told and means 1.
    sys.exit(main(sys.argv[1:]) or 0)
