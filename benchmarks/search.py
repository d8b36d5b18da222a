"""How long searches take over 50,000 made-up mods, on SQLite and PostgreSQL.

    python -m benchmarks.search

Each database is a new one: a file in a temporary folder, and a server of its own that is
stopped afterwards. Prints a table in Markdown, and ends with 1 if the two find different mods.
"""

import hashlib
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.databases import begin, in_words, measured, monitor
from benchmarks.planner import count_rows

MODS = 50_000
ROUNDS = 7
SEARCHES = [
    *("a", "m", "z", "qxz", "the", "mod", "craft", "iron", "iron cr", "a b", "a b c d e"),
    *("the better mod", "stone stonework", "word4999", "word4999 word12", "Größe", "日本", "!!!"),
    *("author77", "moddemo49999", "s t", "word1 the qxz"),
]


def main() -> None:
    if "--measure" in sys.argv:
        print(json.dumps(measure()))
        return
    report(measured("benchmarks.search"))


def measure() -> dict[str, Any]:
    begin()
    fill()
    from mods import modpaging, search
    from mods.models import Mod

    times: dict[str, list[float]] = {}
    found: dict[str, str] = {}
    for text in SEARCHES:
        for sort in modpaging.Sort:
            for _round in range(ROUNDS):
                begun = time.perf_counter()
                shown = modpaging.page(search.matching(Mod.objects.listed(), text), sort)
                times.setdefault(text, []).append((time.perf_counter() - begun) * 1000)
            modids = " ".join(str(mod.modid) for mod in shown.mods)
            found[f"{text} by {sort}"] = hashlib.sha256(modids.encode()).hexdigest()
    return {"times": times, "found": found, "pages": pages()}


def pages() -> list[float]:
    """What the browser waits for while somebody types, in milliseconds."""
    client, times = monitor(), []
    for text in SEARCHES:
        for others in ({}, {"side": "server", "tag": "QoL"}, {"type": "mod", "sort": "name"}):
            for _round in range(ROUNDS):
                begun = time.perf_counter()
                client.get("/mods/", {"q": text, **others}, headers={"HX-Request": "true"})
                times.append((time.perf_counter() - begun) * 1000)
    return times


def fill() -> None:
    from django.db import transaction

    from mods import search
    from mods.models import Mod

    with transaction.atomic():
        for first in range(1, MODS + 1, 500):
            mods = [Mod(**made_up(number)) for number in range(first, first + 500)]
            Mod.objects.bulk_create(mods)
            search.index(mods)
    count_rows()


def made_up(number: int) -> dict[str, Any]:
    chance = random.Random(number)  # noqa: S311
    usual = ["the", "mod", "a", "better", "iron", "stone", "crafting", "of", "more", "and"]
    said = [chance.choice(usual) for _ in range(7)]
    said += [f"word{min(int(chance.paretovariate(0.4)), 49_999)}" for _ in range(6)]
    chance.shuffle(said)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "modid": number,
        "assetid": number,
        "name": " ".join(said[:3]).title(),
        "summary": " ".join(said[3:]),
        "author": f"author{chance.randrange(9_000)}",
        "side": chance.choice(["both", "server", "client"]),
        "type": "mod",
        "identifiers": [f"moddemo{number}"],
        "tags": chance.sample(["Tweak", "QoL", "Crafting", "Utility", "Größe"], 2),
        "downloads": int(chance.paretovariate(0.5)) % 1_000_000,
        "trendingpoints": chance.randrange(-3, 9_000),
        "last_released": now - timedelta(minutes=chance.randrange(2_000_000)),
        "first_seen_at": now,
        "changed_at": now,
        "content_hash": "",
    }


def report(results: dict[str, Any]) -> None:
    print(f"| search of {MODS:,} mods, in each order | " + " | ".join(results) + " |")
    print("|---|" + "---|" * len(results))
    for text in SEARCHES:
        row = (in_words(result["times"][text]) for result in results.values())
        print(f"| `{text}` | " + " | ".join(row) + " |")
    alls = ([ms for each in result["times"].values() for ms in each] for result in results.values())
    print("| **all** | " + " | ".join(map(in_words, alls)) + " |")
    whole = (in_words(result["pages"]) for result in results.values())
    print("| whole pages, with other filters too | " + " | ".join(whole) + " |")
    first, second = (result["found"] for result in results.values())
    if first != second:
        sys.exit(f"Not the same: {[text for text in first if first[text] != second[text]]}")
    print("\nBoth find the same mods in the same order.")


if __name__ == "__main__":
    main()
