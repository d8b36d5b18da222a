"""Brings what is scheduled in line with what people want: finds what differs.

What people change has a new revision and is found by an index, whatever the number of
schedules. What was written past Django is found by a look at all, a slice at a time.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from django.db import InterfaceError, OperationalError

from . import registry
from .applier import Applier, plausible
from .enrol import enrol
from .jobstore import Planned
from .models import JobSchedule
from .service import SchedulerService
from .spec import is_paused, spec

logger = structlog.get_logger(__name__)

# So many are looked at before the next pass; it takes some 10 ms.
SLICE = 500
# Fewer are applied one by one.
MANY = 20
# What no name comes before.
_FIRST: str | None = ""


class _Row(NamedTuple):
    """As much of a schedule as tells whether it is applied: models of all take too long."""

    name: str
    revision: int
    interval_seconds: int
    cron: str
    timezone: str
    paused: bool
    paused_until: datetime | None
    misfire_grace_seconds: int
    coalesce: bool
    max_instances: int
    state__applied_revision: int | None
    state__applied_spec: dict[str, object] | None
    state__problem: str | None


class Reconciler:
    """Compares JobSchedules with what was applied of them, for one leader.

    ``run`` belongs to the scheduler's thread; ``start_over`` and ``look_at_all`` only ask.
    """

    def __init__(self, service: SchedulerService) -> None:
        self._service, self._store = service, service.store
        self._applier = Applier(service)
        self._starts_over, self._all_asked = True, False
        # Those whose rows another session had locked.
        self._put_off: set[str] = set()
        # When pauses end by themselves.
        self._resumes: dict[str, datetime] = {}
        # The highest revision that was looked at, and all names, to notice when one is gone.
        self._seen = -1
        self._names: set[str] | None = None
        # While it looks at all: the name after which it goes on.
        self._after: str | None = None

    def start_over(self) -> None:
        """Know nothing of what another leader may have changed meanwhile."""
        self._starts_over = True

    def look_at_all(self) -> None:
        """Look at all schedules once, a slice at each run."""
        self._all_asked = True

    @property
    def few(self) -> bool:
        """Whether a look at all costs next to nothing."""
        return self._names is not None and len(self._names) <= SLICE

    @property
    def next_resume(self) -> datetime | None:
        return min(self._resumes.values(), default=None)

    @property
    def put_off(self) -> bool:
        """Whether another session's lock kept a schedule from being looked at."""
        return bool(self._put_off)

    @property
    def goes_on(self) -> bool:
        """Whether it looks at all schedules and has not come to their end."""
        return self._after is not None

    def run(self) -> None:
        """Look at what changed, what waits for a moment that has come, and the next slice."""
        now = self._service.clock()
        if self._starts_over:
            self._starts_over = False
            self._forget()
        if self._all_asked:
            self._all_asked, self._after = False, ""
        self._look_at_changed(now)
        self._look_at_waiting(now)
        if self._after is not None:
            self._after = self._look_at_slice(self._after, now)
            if self._after is None:
                self._names = None
        if self._after is None:
            self._look_for_deleted(now)

    def _forget(self) -> None:
        self._store.forget_all()
        self._seen, self._names, self._after = -1, None, None
        self._put_off.clear()
        self._resumes.clear()

    def _look_at_changed(self, now: datetime) -> None:
        seen, after = self._seen, _FIRST
        while after is not None:
            rows, after = self._read(now, after, revision__gt=self._seen)
            self._look(rows, now)
            seen = max([seen, *(row.revision for row in rows)])
        self._seen = seen

    def _look_at_waiting(self, now: datetime) -> None:
        """At what was put off, at pauses that have ended, and at what a pass could not read."""
        waiting = self._put_off | {name for name, ends in self._resumes.items() if ends <= now}
        waiting.update(name for name in self._service.stuck if registry.find(name))
        self._put_off = set()
        for name in waiting:
            self._resumes.pop(name, None)
        after = _FIRST if waiting else None
        try:
            while after is not None:
                rows, after = self._read(now, after, name__in=waiting)
                self._look(rows, now)
        except Exception:
            self._put_off |= waiting
            raise

    def _look_for_deleted(self, now: datetime) -> None:
        if self._names is not None and JobSchedule.objects.count() == len(self._names):
            return
        gone = self._store.without_schedule(JobSchedule.objects.all())
        for name, next_run in gone.items():
            self._applier.remove_deleted(name, next_run, now)
        self._names = set(JobSchedule.objects.order_by().values_list("name", flat=True))

    def _look_at_slice(self, after: str, now: datetime) -> str | None:
        rows, following = self._read(now, after)
        self._look(rows, now)
        return following

    def _read(self, now: datetime, after: str, **filters: Any) -> tuple[list[_Row], str | None]:
        """The next slice of the schedules, by name, and the name after which the one after it
        begins; None when there is none.

        Those whose row holds what no schedule can, because SQL wrote it (a month 13, or the end
        of all time), are left out: they stay as they were applied.
        """
        chosen = JobSchedule.objects.filter(**filters, name__gt=after).order_by("name")[:SLICE]
        try:
            rows = [_Row(*row) for row in chosen.values_list(*_Row._fields)]
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - found out which one below
            logger.error("schedules_not_readable", error=repr(error)[:500])
            names = list(chosen.values_list("pk", "name"))
            rows = [row for pk, name in names if (row := self._read_one(pk, name, now))]
            return rows, names[-1][1] if len(names) == SLICE else None
        return rows, rows[-1].name if len(rows) == SLICE else None

    def _read_one(self, pk: int, name: str, now: datetime) -> _Row | None:
        try:
            return _Row(*JobSchedule.objects.values_list(*_Row._fields).get(pk=pk))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - its own row shows it
            problem = f"Its row can't be read: {type(error).__name__}: {error}"
            self._applier.complain(JobSchedule(pk=pk, name=name), problem, now)
            return None

    def _look(self, rows: Collection[_Row], now: datetime) -> None:
        """Apply those that are not applied yet."""
        if not rows:
            return
        names = [row.name for row in rows]
        stored = self._store.read(names)
        differing = []
        for row in rows:
            if self._names is not None:
                self._names.add(row.name)
            self._note_pause(row, now)
            next_run, planned = stored.get(row.name, (None, None))
            if not _is_applied(row, planned, next_run, now):
                differing.append(row)
        new = {row.name for row in differing if _is_new(row) and row.name not in stored}
        schedules: Iterable[JobSchedule] = JobSchedule.objects.select_related("state").filter(
            name__in=[row.name for row in differing]
        )
        if len(new) >= MANY:
            schedules = self._enrol(list(schedules), new, now)
        for schedule in schedules if differing else ():
            next_run, _planned = stored.get(schedule.name, (None, None))
            if not self._applier.apply(schedule, next_run, now):
                self._put_off.add(schedule.name)

    def _enrol(
        self, schedules: list[JobSchedule], new: set[str], now: datetime
    ) -> list[JobSchedule]:
        others = [schedule for schedule in schedules if schedule.name not in new]
        rest = enrol(self._service, (one for one in schedules if one.name in new), now)
        return others + rest

    def _note_pause(self, row: _Row, now: datetime) -> None:
        if row.paused_until and is_paused(row, now):
            self._resumes[row.name] = row.paused_until
        else:
            self._resumes.pop(row.name, None)


def _is_new(row: _Row) -> bool:
    """Whether nothing was ever applied of it."""
    return row.state__applied_revision is None


def _is_applied(
    row: _Row, planned: Planned | None, next_run: datetime | None, now: datetime
) -> bool:
    if registry.find(row.name) is None or row.state__problem:
        return False
    wanted = spec(row, now)
    if (row.state__applied_revision, row.state__applied_spec) != (row.revision, wanted):
        return False
    if not row.cron and not row.interval_seconds:
        return planned is None
    return planned is not None and plausible(planned.trigger, is_paused(row, now), next_run, now)
