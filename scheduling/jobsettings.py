"""The named settings of jobs: each is the interval of one job, in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from . import actions, registry
from .models import JobSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A new interval for a schedule; ``revision`` is the one that the editor saw."""

    schedule: JobSchedule
    seconds: int
    revision: int | None = None


class EditsRefused(Exception):
    """Some of the edits can't be; ``messages`` says why, by the name of the schedule.

    ``moved_on`` holds what is stored now, of those that somebody else changed meanwhile.
    """

    def __init__(self, messages: dict[str, str], moved_on: dict[str, JobSchedule]) -> None:
        super().__init__("; ".join(messages.values()))
        self.messages, self.moved_on = messages, moved_on


def names() -> dict[str, str]:
    """The names of the settings, with the job that each belongs to."""
    return {job.setting: job.name for job in registry.jobs().values() if job.setting}


def schedules() -> dict[str, JobSchedule]:
    """The schedules of the settings, by the setting's name."""
    found = {row.name: row for row in JobSchedule.objects.filter(name__in=names().values())}
    return {setting: found[name] for setting, name in names().items() if name in found}


def save(edits: Sequence[Edit], by: User) -> list[str]:
    """Save all edits or none; returns what changed: ``sync: every 4 hours → every hour``.

    Raises EditsRefused.
    """
    told: list[str] = []
    messages: dict[str, str] = {}
    moved_on: dict[str, JobSchedule] = {}
    with transaction.atomic():
        # All rows before the change counter, or two savers could wait for each other.
        ids = [edit.schedule.pk for edit in edits]
        list(JobSchedule.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        for edit in edits:
            name = edit.schedule.name
            try:
                texts = actions.change(
                    edit.schedule, by, revision=edit.revision, interval_seconds=edit.seconds
                )
                told += [f"{name}: {text}" for text in texts]
            except ValidationError as error:
                messages[name] = " ".join(error.messages)
            except actions.StaleEdit as error:
                messages[name] = str(error)
                if error.current:
                    moved_on[name] = error.current
        if messages:
            raise EditsRefused(messages, moved_on)
    return told
