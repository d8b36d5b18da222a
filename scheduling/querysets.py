"""Queries in the field's words, and the writes that must be noticed or must not collide."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, models, transaction
from django.db.models import F, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

if TYPE_CHECKING:
    from .models import JobRun, JobSchedule, SchedulerProcess


# What PostgreSQL's listeners listen to.
CHANNEL = "vsmanager_scheduling"


def count_change() -> int:
    """Count the change counter up, inside the caller's transaction; returns its new value.

    The row lock makes the order of the values the order of the commits, so a worker that
    has seen a value has seen all that came before it.
    """
    from .models import ChangeCounter

    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Sent at the commit: whoever listens looks at once.
            with connection.cursor() as cursor:
                cursor.execute(f"NOTIFY {CHANNEL}")
        if not ChangeCounter.objects.filter(pk=1).update(value=F("value") + 1):
            ChangeCounter.objects.get_or_create(pk=1)
            ChangeCounter.objects.filter(pk=1).update(value=F("value") + 1)
        return ChangeCounter.objects.values_list("value", flat=True).get(pk=1)


def hold_changes() -> None:
    """Keep everybody else from counting changes until the caller's transaction ends.

    For who locks rows of schedules and counts afterwards: those who count first and write their
    rows then, as ``update()`` does, would wait for the row while this waits for the counter.
    """
    from .models import ChangeCounter

    ChangeCounter.objects.select_for_update().filter(pk=1).first()


# The slot, or for a retry the time that it has to wait for.
_DUE_AT = Coalesce("not_before", "scheduled_for")


class JobScheduleQuerySet(models.QuerySet["JobSchedule"]):
    """Every way of writing schedules counts as a change, bulk updates too."""

    def active(self, now: datetime) -> Self:
        """Neither paused at this moment nor disabled."""
        paused = Q(paused=True) & (Q(paused_until=None) | Q(paused_until__gt=now))
        return self.exclude(paused).exclude(interval_seconds=0, cron="")

    def update(self, **fields: Any) -> int:
        with transaction.atomic():
            return super().update(
                **{"updated_at": timezone.now(), **fields, "revision": count_change()}
            )

    def bulk_create(self, objs: Iterable["JobSchedule"], *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            objs = list(objs)
            revision = count_change()
            for schedule in objs:
                schedule.revision = revision
            return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            count_change()
            return super().delete()


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def active(self) -> Self:
        """Waiting or going on."""
        return self.filter(status__in=("queued", "running"))

    def running(self) -> Self:
        return self.filter(status="running")

    def queued(self) -> Self:
        return self.filter(status="queued")

    def handed_over(self) -> Self:
        """Queued runs that wait for a Procrastinate worker: claimed, but nobody's yet."""
        return self.queued().filter(claimed_at__isnull=False)

    def taken(self) -> Self:
        """Claimed, and not ended: what counts when runs of a job may not overlap."""
        return self.filter(Q(status="running") | Q(status="queued", claimed_at__isnull=False))

    def unclaimed(self) -> Self:
        """Queued runs that wait for a pass."""
        return self.queued().filter(claimed_at=None)

    def due(self, now: datetime) -> Self:
        """Runs that wait for a pass and whose time has come, oldest first."""
        queued = self.unclaimed().annotate(due_at=_DUE_AT)
        return queued.filter(due_at__lte=now).order_by("due_at", "id")

    def next_due(self, now: datetime) -> tuple[bool, datetime | None]:
        """Whether queued runs are due already, and when the first of the others is."""
        queued = self.unclaimed().order_by().annotate(due_at=_DUE_AT)
        found = queued.aggregate(first=Min("due_at"), later=Min("due_at", filter=Q(due_at__gt=now)))
        return found["first"] is not None and found["first"] <= now, found["later"]

    def finished(self) -> Self:
        return self.exclude(status__in=("queued", "running"))

    def older_than(self, moment: datetime) -> Self:
        return self.finished().filter(scheduled_for__lt=moment)

    def without_details(self) -> Self:
        """For lists: the columns that can be long stay in the database."""
        return self.defer("log", "traceback", "result")


class SchedulerProcessQuerySet(models.QuerySet["SchedulerProcess"]):
    def workers(self) -> Self:
        """Those that run what the leader hands over."""
        return self.filter(role="worker")

    def alive(self, now: datetime) -> Self:
        """Heard from within the last 15 seconds, and not stopped."""
        from .models import SILENT_AFTER

        return self.filter(stopped_at=None, heartbeat_at__gt=now - SILENT_AFTER)

    def leading(self, now: datetime) -> Self:
        return self.alive(now).filter(leading_since__isnull=False).order_by("-leading_since")
