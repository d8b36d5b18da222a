"""Finds mods by the beginnings of words in name, author, summary, identifiers and tags.

No engine of a database is asked: each has its own idea of a word. The words stand in a narrow
table that is read through, which takes milliseconds; where many mods match, the list is walked
in its order instead, and is full after a few of them.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import StrIndex

from . import words
from .models import ModWords
from .querysets import ModQuerySet
from .upserts import upsert

# Up to so many are named to the database one by one: an old SQLite takes 999 values. A list of
# more is full after a walk over few mods.
_FEW = 900


class Searchable(Protocol):
    @property
    def modid(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def identifiers(self) -> Any: ...
    @property
    def tags(self) -> Any: ...


def _entry(mod: Searchable) -> tuple[int, str, bytes]:
    texts = [mod.name, mod.author, mod.summary, *mod.identifiers, *mod.tags]
    return mod.modid, words.stored(texts), words.name_key(mod.name, mod.modid)


def index(mods: Iterable[Searchable]) -> None:
    """Store the words of mods, in the transaction that stores the mods."""
    upsert(ModWords, ["mod", "text", "name_key"], map(_entry, mods))


def matching(mods: ModQuerySet, text: str) -> ModQuerySet:
    """Those in which each word begins one of theirs; nothing if the text holds no word."""
    if not (asked := words.asked(text)):
        return mods.none() if text.strip() else mods
    conditions = {f"has{number}__gt": 0 for number in range(len(asked))}
    places = {
        f"has{number}": StrIndex("text", Value(f" {word}")) for number, word in enumerate(asked)
    }
    found = ModWords.objects.alias(**places).filter(**conditions)
    modids = list(found.values_list("mod_id", flat=True)[: _FEW + 1])
    if len(modids) <= _FEW:
        return mods.filter(modid__in=modids)
    return mods.filter(Exists(found.filter(mod_id=OuterRef("modid"))))


def narrowed(mods: ModQuerySet, text: str, tag: str = "") -> ModQuerySet:
    """``matching``, of those with this tag alone if one is named."""
    if not tag:
        return matching(mods, text)
    # Its words are among the stored ones: most mods are ruled out without a look at their tags.
    return matching(mods, f"{tag} {text}" if words.asked(tag) else text).with_tag(tag)
