"""What the stand-in serves, by path; with ``life`` it moves a little with each look at it."""

import gzip
import json
import threading
from pathlib import Path
from typing import Any

from . import catalogue, feed
from .catalogue import Row
from .feed import Feeds
from .releases import Shelf

MODS = "/api/mods"
# So many looks at a path until something is new there.
_LOOKS_PER_MOD = 3
_LOOKS_PER_VERSION = 2


class World:
    """The catalogue and the feeds. ``mods`` and ``feeds`` may be exchanged, then ``changed()``."""

    def __init__(self, mods: list[Row], feeds: Feeds, *, life: bool = False) -> None:
        self.mods, self.feeds, self.life = mods, feeds, life
        self._shelf = Shelf(name for each in feeds.values() for name in each)
        self._bodies: dict[tuple[str, bool], bytes] = {}
        self._looks = {MODS: 0, "/stable.json": 0}
        self._lock = threading.Lock()

    def changed(self) -> None:
        self._bodies.clear()

    def value(self, path: str) -> Any:
        """The JSON value at a path, a text for the ``.txt`` files; None where there is nothing."""
        name, _, suffix = path.lstrip("/").partition(".")
        if path == MODS:
            mods = [row for row in self.mods if not self._shelf.hides(row)]
            return {"statuscode": "200", "mods": mods}
        if path == "/api/gameversions":
            return feed.gameversions(self.feeds)
        if path.startswith("/api/mod/"):
            return self._mod(path.removeprefix("/api/mod/"))
        if suffix == "json" and name == "stable-unstable":
            return {**self.feeds["unstable"], **self.feeds["stable"]}
        if suffix == "json" and name in self.feeds:
            return self.feeds[name]
        if suffix == "txt" and name.removeprefix("latest") in self.feeds:
            return feed.latest(self.feeds[name.removeprefix("latest")])
        return None

    def body(self, path: str, zipped: bool = False) -> bytes | None:
        """What goes over the wire; None where there is nothing. Kept until something changes."""
        with self._lock:
            if self.life:
                self._live(path)
            if (path, zipped) not in self._bodies:
                value = self.value(path)
                if value is None:
                    return None
                body = _encoded(path, value)
                self._bodies[path, zipped] = gzip.compress(body, 6) if zipped else body
            return self._bodies[path, zipped]

    def releases(self, modid: int) -> list[Row]:
        """Those of a mod that are not retracted, newest first, as they are served."""
        with self._lock:
            return self._shelf.of(self._row(modid))

    def order(
        self, order: str, modid: int, releaseid: int | None = None, fields: Row | None = None
    ) -> None:
        """Let an author ``publish``, ``edit``, ``retract`` or ``restore`` a release: the newest,
        if none is named. The catalogue's row follows."""
        with self._lock:
            row = self._row(modid)
            if order == "publish":
                self._shelf.publish(row, **(fields or {}))
            elif order == "edit":
                self._shelf.edit(row, releaseid, **(fields or {}))
            elif order == "retract":
                self._shelf.retract(row, releaseid)
            elif order == "restore" and releaseid is not None:
                self._shelf.restore(row, releaseid)
            else:
                raise ValueError(f"{order!r} is nothing that can be done with a release.")
            self.changed()

    def _row(self, modid: int) -> Row:
        for row in self.mods:
            if row["modid"] == modid:
                return row
        raise ValueError(f"There is no mod {modid}.")

    def _mod(self, name: str) -> Any:
        for row in self.mods:
            known = [str(row["modid"]), *(each.lower() for each in row["modidstrs"])]
            if name.lower() in known[: 1 if name.isdigit() else None]:
                releases, created = self._shelf.of(row), self._shelf.created(row)
                return {"mod": catalogue.details(row, releases, created), "statuscode": "200"}
        return {"statuscode": "404"}

    def _live(self, path: str) -> None:
        """Downloads come in; now and then there is a new mod, or a new version of the game."""
        if path not in self._looks or not self.mods:
            return
        self._looks[path] = looks = self._looks[path] + 1
        if path == MODS:
            for number in range(10):
                self.mods[(looks * 7 + number * 31) % len(self.mods)]["downloads"] += number + 1
            if looks % _LOOKS_PER_MOD == 0:
                newest = {**self.mods[0], "modid": self.mods[0]["modid"] + 1}
                self.mods.insert(0, newest | {"name": f"Brand new {newest['modid']}"})
        elif looks % _LOOKS_PER_VERSION == 0:
            stable = self.feeds["stable"]
            self.feeds["stable"] = feed.publish(stable, "stable", feed.next_patch(stable))
        self.changed()


def make(
    mods: int, seed: int, catalogue_file: Path | None, feed_folder: Path | None, life: bool
) -> World:
    """A made-up world, or one from files in the shape of the real upstreams."""
    rows = (
        json.loads(catalogue_file.read_bytes())["mods"]
        if catalogue_file
        else catalogue.made_up(mods, seed)
    )
    feeds = feed.from_folder(feed_folder) if feed_folder else feed.made_up()
    return World(rows, feeds, life=life)


def _encoded(path: str, value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode() + b"\n"
    return catalogue.encode(value) if path.startswith("/api/") else json.dumps(value).encode()
