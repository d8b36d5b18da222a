"""The named settings of jobs: each is the interval of one job. Schedules are saved all or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from . import actions, registry
from .models import JobSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """New values for ``fields`` of a schedule; ``revision`` is the one that the editor saw."""

    schedule: JobSchedule
    fields: dict[str, Any]
    revision: int | None = None
    reason: str = ""


class EditsRefused(Exception):
    """Some of the edits can't be; ``refused`` says why, by the name of the schedule and then by
    its field ("" for the schedule as a whole).

    ``moved_on`` holds what is stored now, of those that somebody else changed meanwhile.
    """

    def __init__(
        self, refused: dict[str, dict[str, list[str]]], moved_on: dict[str, JobSchedule]
    ) -> None:
        schedules = (chain.from_iterable(fields.values()) for fields in refused.values())
        super().__init__("; ".join(" ".join(texts) for texts in schedules))
        self.refused, self.moved_on = refused, moved_on


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
    refused: dict[str, dict[str, list[str]]] = {}
    moved_on: dict[str, JobSchedule] = {}
    with transaction.atomic():
        # All rows before the change counter, or two savers could wait for each other.
        ids = [edit.schedule.pk for edit in edits]
        list(JobSchedule.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        for edit in edits:
            name = edit.schedule.name
            try:
                texts = actions.change(
                    edit.schedule,
                    by,
                    revision=edit.revision,
                    reason=edit.reason,
                    **edit.fields,
                )
                told += [f"{name}: {text}" for text in texts]
            except ValidationError as error:
                refused[name] = error.message_dict
            except actions.StaleEdit as error:
                refused[name] = {"": [str(error)]}
                if error.current:
                    moved_on[name] = error.current
        if refused:
            raise EditsRefused(refused, moved_on)
    return told
