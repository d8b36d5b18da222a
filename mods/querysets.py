"""What is asked of mods and game versions, in the words of the field."""

import json
from typing import TYPE_CHECKING, Self

from django.db import connections, models
from django.db.models import Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Collate, Concat, Lower, StrIndex, Substr

if TYPE_CHECKING:
    from .models import GameVersion, Mod, Release


class ModQuerySet(models.QuerySet["Mod"]):
    def listed(self) -> Self:
        """Those in the catalogue when it was last read."""
        return self.filter(delisted_at=None)

    def delisted(self) -> Self:
        return self.exclude(delisted_at=None)

    def tracked(self) -> Self:
        """Those that the operator's server runs, each once."""
        tracked = self.model.objects.filter(tracked__isnull=False)
        # A server may run two identifiers of one mod; a subquery counts it once.
        return self.filter(pk__in=tracked.values("pk"))

    def with_tag(self, tag: str) -> Self:
        """Those that carry this category, whatever the case of A to Z in it."""
        # Found in the list's text, after a blank and whole by its quotes. SQLite lowers no other
        # letters and keeps those escaped; PostgreSQL is told to do the one and does not the other.
        text: Combinable = Cast("tags", models.TextField())
        is_escaped = connections[self.db].vendor == "sqlite"
        if not is_escaped:
            text = Collate(text, "C")
        listed = Concat(Value(" "), Substr(Lower(text), 2))
        wanted = json.dumps(tag.encode(errors="replace").lower().decode(), ensure_ascii=is_escaped)
        return self.alias(_tag=StrIndex(listed, Value(f" {wanted}"))).filter(_tag__gt=0)


class GameVersionQuerySet(models.QuerySet["GameVersion"]):
    def listed(self) -> Self:
        """Those in a feed when it was last read."""
        return self.filter(withdrawn_at=None)

    def in_channel(self, channel: str) -> Self:
        return self.filter(channel=channel)

    def latest_of(self, channel: str) -> "GameVersion | None":
        """The newest version of a channel, None before it was first read."""
        return self.in_channel(channel).filter(is_latest=True).first()


class ReleaseQuerySet(models.QuerySet["Release"]):
    def current(self) -> Self:
        """Those that were there when their mod was last read: neither retracted nor deleted."""
        return self.filter(gone_at=None)
