"""What people and commands do to the list of the mods that their server runs.

What is done by somebody who is signed in goes to the admin's log as well.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from . import identifier as identifiers
from .models import Origin, TrackedMod
from .modversion import strict
from .oneline import short
from .owners import Owner, owners
from .tracking_log import note_added, note_changed, note_removed
from .tracking_steps import Deed, Outcome, Step
from .wanted import Unread, Wanted, each_once

# More than any server runs, and few enough to be shown on one page.
MAX_TRACKED = 2_000
_BATCH = 500


class NotAVersion(ValueError):
    """What was typed as an installed version is none."""


def track(
    wanted: Iterable[Wanted],
    origin: Origin,
    by: User | str,
    now: datetime,
    problems: Sequence[Unread] = (),
    folder: str = "",
) -> Outcome:
    """Add these mods, or update those that are there, all in one transaction.

    ``by`` is who does it: somebody who is signed in, or the name of a command. ``problems``
    are what was found before, and are told with those that are found here. ``folder`` is where
    they were read, if it was one.
    """
    once, twice = each_once(wanted)
    left_out = [*problems, *twice]
    try:
        return _track(once, origin, by, now, left_out, folder)
    except IntegrityError:
        # Somebody else added one of them at the same moment.
        return _track(once, origin, by, now, left_out, folder)


@transaction.atomic
def _track(
    wanted: Sequence[Wanted],
    origin: Origin,
    by: User | str,
    now: datetime,
    left_out: Sequence[Unread],
    folder: str,
) -> Outcome:
    there = {
        identifiers.folded(each.identifier): each
        for each in TrackedMod.objects.select_related("mod").only(*_STORED, "mod__delisted_at")
    }
    plan = _Plan(there, _owners_of(wanted, there), origin, by, now, folder)
    steps = tuple(step for each in wanted if (step := plan.take(each)))
    plan.write(by)
    return Outcome(steps=steps, problems=(*left_out, *plan.left_out))


_STORED = ("identifier", "mod", "version", "dependencies", "origin", "folder", "updated_at")


class _Plan:
    """What is to be written."""

    def __init__(
        self,
        there: dict[str, TrackedMod],
        found: dict[str, Owner],
        origin: Origin,
        by: User | str,
        now: datetime,
        folder: str,
    ) -> None:
        self._there, self._found, self._origin, self._now = there, found, origin, now
        self._folder = folder[:500]
        self._by = (by if isinstance(by, str) else by.get_username())[:150]
        self._new: list[TrackedMod] = []
        self._changed: list[tuple[TrackedMod, str]] = []
        # Only found elsewhere, which is no news to anybody.
        self._moved: list[TrackedMod] = []
        self.left_out: list[Unread] = []

    def take(self, wanted: Wanted) -> Step | None:
        key = identifiers.folded(wanted.identifier)
        tracked, owner = self._there.get(key), self._found.get(key)
        before = tracked.version if tracked else ""
        if tracked:
            deed = self._update(tracked, wanted, owner)
        elif len(self._there) + len(self._new) >= MAX_TRACKED:
            reason = _("%(most)d mods are tracked already, which is as many as there may be")
            self.left_out.append(
                Unread(source=wanted.source, reason=reason % {"most": MAX_TRACKED})
            )
            return None
        else:
            tracked, deed = self._add(wanted, owner), Deed.ADDED
        return Step(
            source=wanted.source,
            identifier=tracked.identifier,
            version=tracked.version,
            before=before,
            deed=deed,
            notes=(*wanted.notes, *_notes(wanted, tracked, owner)),
        )

    def write(self, by: User | str) -> None:
        TrackedMod.objects.bulk_create(self._new, batch_size=_BATCH)
        TrackedMod.objects.bulk_update(self._moved, ["folder"], batch_size=_BATCH)
        changed = [tracked for tracked, _before in self._changed]
        TrackedMod.objects.bulk_update(changed, _STORED[1:], batch_size=_BATCH)
        if isinstance(by, User):
            note_added(by, self._new)
            note_changed(by, self._changed)

    def _add(self, wanted: Wanted, owner: Owner | None) -> TrackedMod:
        tracked = TrackedMod(
            identifier=wanted.identifier,
            mod_id=wanted.modid or (owner.modid if owner else None),
            version=wanted.version,
            dependencies=None if wanted.dependencies is None else dict(wanted.dependencies),
            origin=self._origin,
            folder=self._folder,
            added_by=self._by,
            added_at=self._now,
            updated_at=self._now,
        )
        self._new.append(tracked)
        return tracked

    def _update(self, tracked: TrackedMod, wanted: Wanted, owner: Owner | None) -> Deed:
        before = (tracked.version, tracked.dependencies, tracked.mod_id)
        if wanted.dependencies is not None:
            tracked.dependencies = dict(wanted.dependencies)
            # A file that names none can't say better than who typed one for it.
            tracked.version = wanted.version or tracked.version
        elif wanted.version and wanted.version != tracked.version:
            # What another version needs, nobody has read.
            tracked.version, tracked.dependencies = wanted.version, None
        if wanted.modid or owner:
            tracked.mod_id = wanted.modid or (owner.modid if owner else None)
        moved = bool(self._folder) and tracked.folder != self._folder
        if moved:
            tracked.folder = self._folder
        if before == (tracked.version, tracked.dependencies, tracked.mod_id):
            self._moved += [tracked] * moved
            return Deed.UNCHANGED
        tracked.origin, tracked.updated_at = self._origin, self._now
        self._changed.append((tracked, before[0]))
        return Deed.UPDATED


def set_version(tracked: TrackedMod, version: str, by: User, now: datetime) -> bool:
    """Say which version is installed, "" for unknown; whether that was news.

    Raises NotAVersion, and DoesNotExist of one that was taken off the list meanwhile.
    """
    if version and not strict(version):
        raise NotAVersion(
            _("“%(version)s” is no version; write it as 1.12.0 or 1.12.0-rc.1")
            % {"version": short(version)}
        )
    before = tracked.version
    if version == before:
        return False
    news = {"version": version, "dependencies": None, "updated_at": now}
    with transaction.atomic():
        if not TrackedMod.objects.filter(pk=tracked.pk).update(**news):
            raise TrackedMod.DoesNotExist
        tracked.version, tracked.dependencies, tracked.updated_at = version, None, now
        note_changed(by, [(tracked, before)])
    return True


@transaction.atomic
def untrack(tracked: Collection[TrackedMod], by: User | str) -> int:
    """Take these off the list; how many there still were."""
    if isinstance(by, User):
        note_removed(by, tracked)
    count, _by_model = TrackedMod.objects.filter(pk__in=[each.pk for each in tracked]).delete()
    return count


def link() -> int:
    """Find the mods of those that the catalogue did not know, or no longer lists; how many.

    For after the catalogue was read: costs one query where there is nothing to find.
    """
    lost = TrackedMod.objects.filter(Q(mod=None) | Q(mod__delisted_at__isnull=False))
    waiting = list(lost.only("identifier", "mod"))
    found = owners([each.identifier for each in waiting])
    linked = []
    for each in waiting:
        owner = found.get(identifiers.folded(each.identifier))
        if owner and each.mod_id != owner.modid and (owner.listed or each.mod_id is None):
            each.mod_id = owner.modid
            linked.append(each)
    TrackedMod.objects.bulk_update(linked, ["mod"], batch_size=_BATCH)
    return len(linked)


def _owners_of(wanted: Iterable[Wanted], there: dict[str, TrackedMod]) -> dict[str, Owner]:
    """Only of those whose mod is not known yet: looking costs a walk through the catalogue."""
    unknown = [
        each.identifier
        for each in wanted
        if each.modid is None and not _is_known(there.get(identifiers.folded(each.identifier)))
    ]
    return owners(unknown)


def _is_known(tracked: TrackedMod | None) -> bool:
    return bool(tracked and tracked.mod and tracked.mod.delisted_at is None)


def _notes(wanted: Wanted, tracked: TrackedMod, owner: Owner | None) -> Iterable[str]:
    if tracked.mod_id is None:
        yield _("the catalogue knows no mod of this identifier; it is looked for at each refresh")
    if owner and not owner.listed and not wanted.modid:
        yield _("%(mod)s is no longer in the catalogue") % {"mod": owner.name}
    if owner and owner.others:
        told = _("several mods go by it (also %(others)s); %(mod)s was taken, the most downloaded")
        yield told % {"others": ", ".join(owner.others[:5]), "mod": owner.name}
