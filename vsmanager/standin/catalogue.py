"""A made-up catalogue with every quirk of the real one, the same for the same seed."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]

_ADJECTIVES = [
    "Ancient",
    "Better",
    "Cozy",
    "Dynamic",
    "Expanded",
    "Forgotten",
    "Golden",
    "Hidden",
    "Infinite",
    "Lively",
]
_NOUNS = [
    "Anvils",
    "Bees",
    "Crates",
    "Doors",
    "Elk",
    "Ferns",
    "Gears",
    "Hay",
    "Inks",
    "Jugs",
    "Kilns",
    "Lanterns",
    "Molds",
]
_AUTHORS = ("Tyron", "Cairn", "Mossback", "Rust Eater", "O'Hare", "Smith & Daughters")
_TAGS = ("Tweak", "QoL", "Crafting", "Utility", "Cosmetics", "Worldgen", "Texture Pack", "Library")
_CDN = "https://moddbcdn.vintagestory.at"
# As people write them: the last three hold what no page may show as it came.
_TEXTS = (
    "<p>{summary}</p>",
    "<h3>What it does</h3><p>{summary}</p><ul><li>Craft it</li><li><b>Place</b> it</li></ul>"
    '<p><img src="https://moddbcdn.vintagestory.at/shown_0a1b2c.png" alt="shown"></p>',
    '<p>{summary}</p><script>alert("text")</script><p onmouseover="alert(1)">More</p>',
    '<p>{summary}</p><img src="https://elsewhere.example/pixel.gif" onerror="alert(1)">',
    '<p>{summary}</p><a href="javascript:alert(1)">Discord</a><iframe src="https://e.example">',
)
_NEWEST = datetime(2026, 8, 10, 12, tzinfo=UTC)

# Each comes again every so many mods, so that even a small catalogue has them all.
_QUIRKS: tuple[Row, ...] = (
    {"modidstrs": []},
    {"modidstrs": ["", "16437", "waxpress"]},
    {"modidstrs": ["Carry-On", "carryon", "carryon_extra"]},
    {"tags": [""]},
    {"tags": []},
    {"urlalias": None, "logo": None},
    {"name": "Hearth \U0001f525 & Home"},
    {"name": "<script>alert('mods')</script>"},
    {"name": "  Spaces at both ends "},
    {"name": "Größer & <b>besser</b>"},
    {"summary": "Columns\tand\ttabs"},
    {"summary": ""},
    {"type": "externaltool", "modidstrs": []},
    {"type": "other", "side": None},
    {"logo": f"{_CDN}/Two+words%20and+more_0a1b2c.png"},
    {"downloads": 0, "trendingpoints": -3},
)


def made_up(count: int, seed: int = 1) -> list[Row]:
    """``count`` mods, the one with the highest id first, as ``GET /api/mods`` lists them."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret about made-up mods
    rows: list[Row] = []
    modid, released = 5, datetime(2021, 2, 14, 18, 8, 46, tzinfo=UTC)
    step = (_NEWEST - released) / max(count, 1)
    for number in range(count):
        modid += chance.choice((1, 1, 1, 2, 5))
        released += step
        rows.append(_row(number, modid, released, chance))
    rows.reverse()
    return rows


def _row(number: int, modid: int, released: datetime, chance: random.Random) -> Row:
    name = f"{chance.choice(_ADJECTIVES)} {chance.choice(_NOUNS)} {number}"
    alias = name.lower().replace(" ", "")
    downloads = int(chance.paretovariate(0.7) * 100)
    row = {
        "modid": modid,
        "assetid": modid * 6 + 3,
        "downloads": downloads,
        "follows": downloads // 130,
        "trendingpoints": chance.randrange(300),
        "comments": downloads // 400,
        "name": name,
        "summary": f"Adds {name.lower()} to your world",
        "modidstrs": [alias],
        "author": chance.choice(_AUTHORS),
        "urlalias": alias,
        "side": chance.choice(("both", "both", "both", "client", "server")),
        "type": "mod",
        "logo": f"{_CDN}/{alias}_{modid:032x}.png",
        "tags": sorted(chance.sample(_TAGS, chance.randrange(1, 4))),
        "lastreleased": _text(released + timedelta(hours=chance.randrange(-900, 900))),
    }
    return row | (_QUIRKS[number // 2 % len(_QUIRKS)] if number % 2 else {})


def details(row: Row, releases: list[Row], created: str) -> Row:
    """The mod as ``GET /api/mod/{id}`` has it: with releases, without summary and modidstrs."""
    kept = {key: value for key, value in row.items() if key not in ("summary", "modidstrs", "logo")}
    addresses = ("homepageurl", "sourcecodeurl", "trailervideourl", "issuetrackerurl", "wikiurl")
    mod = {
        **kept,
        "text": _TEXTS[row["modid"] % len(_TEXTS)].format(summary=row["summary"]),
        "logofilename": row["logo"],
        "logofile": row["logo"],
        "logofiledb": row["logo"],
        **dict.fromkeys(addresses, ""),
        "created": created,
        "lastmodified": row["lastreleased"],
        "releases": releases,
        "screenshots": [],
    }
    if row["modid"] % 2:
        mod["homepageurl"] = f"https://example.org/{row['modid']}"
        mod["sourcecodeurl"] = f"https://example.org/{row['modid']}/source"
        mod["wikiurl"] = "javascript:alert(1)"
    return mod


def encode(value: object) -> bytes:
    """JSON as PHP writes it: one line, ``\\/`` for a slash, \\uXXXX for all but ASCII."""
    return json.dumps(value, separators=(",", ":")).replace("/", r"\/").encode()


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
