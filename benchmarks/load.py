"""A load generator for one address, in a process of its own: plain sockets that stay open.

    python -m benchmarks.load URL [--rate 600] [--connections 16] [--seconds 10]

Asks ``--rate`` times a second (0: as often as it is answered) and prints JSON. How long an answer
took counts from when it should have been asked for: who makes us wait with one pays for all that
had to wait behind it.
"""

import argparse
import asyncio
import json
import time
from urllib.parse import urlsplit


async def _connection(
    address: tuple[str, int], request: bytes, dues: "asyncio.Queue[float]", until: float
) -> list[float]:
    reader, writer = await asyncio.open_connection(*address)
    took = []
    while (now := time.perf_counter()) < until:
        due = await dues.get() if dues.maxsize else now
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r")[0]))
        took.append(time.perf_counter() - due)
    writer.close()
    return took


async def _plan(dues: "asyncio.Queue[float]", rate: float, until: float) -> None:
    due = time.perf_counter()
    while due < until + 1:
        await dues.put(due)
        due += 1 / rate


async def ask(url: str, rate: float, connections: int, seconds: float) -> dict[str, float]:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    dues: asyncio.Queue[float] = asyncio.Queue(1 if rate else 0)
    begun = time.perf_counter()
    until = begun + seconds
    planning = asyncio.create_task(_plan(dues, rate, until)) if rate else None
    each = [_connection(address, request, dues, until) for _ in range(connections)]
    took = sorted(one for part in await asyncio.gather(*each) for one in part)
    elapsed = time.perf_counter() - begun
    if planning:
        planning.cancel()
    return {
        "rate": len(took) / elapsed,
        "p50": took[len(took) // 2] * 1000,
        "p99": took[len(took) * 99 // 100] * 1000,
        "worst": took[-1] * 1000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=600)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    measured = asyncio.run(ask(given.url, given.rate, given.connections, given.seconds))
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
