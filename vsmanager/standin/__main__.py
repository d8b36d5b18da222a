"""``python -m vsmanager.standin``: serves until it is interrupted; its address on line 1."""

import argparse
import signal
import threading
from pathlib import Path

from .server import StandIn


def main() -> None:
    options = _options()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with StandIn(
        mods=options.mods,
        seed=options.seed,
        catalogue=options.catalogue,
        feed=options.feed,
        life=options.life,
        port=options.port,
    ) as standin:
        print(standin.url, flush=True)  # noqa: T201 - whoever started us reads it
        stop.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vsmanager.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--mods", type=int, default=4852, help="size of the made-up catalogue")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--catalogue", type=Path, help="a body of GET /api/mods to serve instead")
    parser.add_argument("--feed", type=Path, help="a folder with stable.json and unstable.json")
    parser.add_argument("--life", action="store_true", help="let things change with each request")
    return parser.parse_args()


if __name__ == "__main__":
    main()
