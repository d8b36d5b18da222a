"""Made-up releases, the same for the same mod, and what their authors do with them later."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from mods.gameversion import Version

Row = dict[str, Any]

_CDN = "https://moddbcdn.vintagestory.at"
_TIME = "%Y-%m-%d %H:%M:%S"
# The mod database keeps changelogs since then.
_CHANGELOGS_SINCE = "2025-08-24"
# After every time of a made-up catalogue.
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_MOST = 7
# What the mod database says of a release without versions of the game.
_NO_GAME = ["0.0.0"]

# The last have what no page may show as it came.
_CHANGELOGS = (
    None,
    "<p>Fixes.</p>",
    "<ul><li>Kilns burn &amp; smoke</li><li>Größere Türen</li></ul>",
    '<p onclick="alert(1)">More</p><script>alert("changelog")</script>',
    '<a href="javascript:alert(1)">what is new</a><img src="https://elsewhere.example/x.png">',
)


class Shelf:
    """The releases of all mods: made when first asked for, then changed by orders.

    ``games`` are the versions of the game that they can be for.
    """

    def __init__(self, games: Iterable[str]) -> None:
        self._games = sorted(games, key=Version.parse)
        self._releases: dict[int, list[Row]] = {}
        self._retracted: set[int] = set()
        self._edits = 0

    def of(self, row: Row) -> list[Row]:
        """Those of a mod that are not retracted, newest first."""
        return [each for each in self._all(row) if each["releaseid"] not in self._retracted]

    def created(self, row: Row) -> str:
        """When a mod was."""
        made = self._all(row)
        return str(made[-1]["created"] if made else row["lastreleased"])

    def hides(self, row: Row) -> bool:
        """Whether a mod is gone from the catalogue: all that it ever released is retracted."""
        made = self._releases.get(row["modid"])
        return bool(made) and all(each["releaseid"] in self._retracted for each in made or ())

    def edit(self, row: Row, releaseid: int | None = None, **fields: Any) -> None:
        """Give a release (the newest, if none is named) other values, as its author can."""
        self._find(row, releaseid).update(fields)
        self._touch(row, self._now())

    def publish(self, row: Row, **fields: Any) -> int:
        """Add a release like the newest; returns its id."""
        made, now = self._all(row), self._now()
        newest = made[0] if made else _release(row, 0, "1.0.0", self._games[-1:], now, None)
        added = {
            **newest,
            "releaseid": max([row["modid"] * 100, *(each["releaseid"] for each in made)]) + 1,
            "modversion": _next_patch(newest["modversion"]),
            "created": now,
            **fields,
        }
        made.insert(0, added)
        self._touch(row, now)
        return int(added["releaseid"])

    def retract(self, row: Row, releaseid: int | None = None) -> None:
        """Take a release (the newest, if none is named) out of every answer."""
        self._retracted.add(self._find(row, releaseid)["releaseid"])
        rest = self.of(row)
        self._touch(row, rest[0]["created"] if rest else self.created(row))

    def restore(self, row: Row, releaseid: int) -> None:
        self._retracted.remove(releaseid)
        self._touch(row, self._now())

    def _all(self, row: Row) -> list[Row]:
        if row["modid"] not in self._releases:
            self._releases[row["modid"]] = made_up(row, self._games)
        return self._releases[row["modid"]]

    def _find(self, row: Row, releaseid: int | None) -> Row:
        for each in self.of(row):
            if releaseid in (None, each["releaseid"]):
                return each
        raise ValueError(f"Mod {row['modid']} has no release {releaseid}.")

    def _now(self) -> str:
        self._edits += 1
        return (_NOW + timedelta(minutes=self._edits)).strftime(_TIME)

    def _touch(self, row: Row, released: str) -> None:
        """The catalogue's row follows."""
        row["lastreleased"] = released
        identifiers = {each["modidstr"] for each in self.of(row) if each["modidstr"] is not None}
        row["modidstrs"] = sorted(identifiers)


def made_up(row: Row, games: list[str]) -> list[Row]:
    """The releases of a mod, newest first; together they bear the identifiers of its row."""
    chance = random.Random(row["modid"])  # noqa: S311 - nothing secret about made-up releases
    identifiers: list[str | None] = list(row["modidstrs"])
    if not identifiers:
        if row["type"] == "mod":
            return []
        identifiers = [None]
    count = max(len(identifiers), chance.randint(1, _MOST))
    created = datetime.strptime(row["lastreleased"], _TIME).replace(tzinfo=UTC)
    # Some were not touched for long, so that not every mod is ready for the newest game.
    newest_game = len(games) - chance.choice((0, 0, 0, 0, 1, 1, 4))
    releases = []
    for number in range(count, 0, -1):
        newest = max(newest_game - (count - number), 1)
        for_games = games[max(newest - chance.randint(1, 3), 0) : newest]
        identifier = identifiers[(count - number) % len(identifiers)]
        releases.append(
            _release(
                row,
                number,
                _version(number, is_newest=number == count, chance=chance),
                _NO_GAME if identifier is None else for_games,
                created.strftime(_TIME),
                identifier,
                chance.choice(_CHANGELOGS),
            )
        )
        created -= timedelta(days=chance.randint(3, 60), minutes=chance.randrange(1440))
    return releases


def _version(number: int, *, is_newest: bool, chance: random.Random) -> str:
    version = f"{1 + number // 4}.{number % 4}.{chance.randrange(12)}"
    return (
        f"{version}-rc.{chance.randint(1, 12)}"
        if is_newest and not chance.randrange(8)
        else version
    )


def _release(
    row: Row,
    number: int,
    version: str,
    games: list[str],
    created: str,
    identifier: str | None,
    changelog: str | None = None,
) -> Row:
    name = identifier or "tool"
    filename = f"{name}_{version}.zip"
    return {
        "releaseid": row["modid"] * 100 + number,
        "mainfile": f"{_CDN}/{name[:20]}_{row['modid'] * 100 + number:032x}.zip?dl={filename}",
        "filename": filename,
        "fileid": row["modid"] * 100 + number,
        "downloads": row["downloads"] // (number + 1),
        "tags": list(games),
        "modidstr": identifier,
        "modversion": version,
        "created": created,
        "changelog": changelog if created >= _CHANGELOGS_SINCE else None,
    }


def _next_patch(version: str) -> str:
    major, minor, patch = version.partition("-")[0].split(".")
    return f"{major}.{minor}.{int(patch) + 1}"
