"""A long past for the pages to show: jobs, runs, changes and a catalogue, written in bulk."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django_apscheduler.models import DjangoJob

from benchmarks.planner import count_rows
from mods.models import GameVersion, Mod
from scheduling.models import JobRun, JobSchedule, SchedulerProcess, ScheduleState
from scheduling.registry import safe_job

# Eight with the two of the catalogue: seconds between slots. The first takes what is left.
INTERVALS = [15, 30, 60, 300, 900, 3600]
OWN = ("mod_cache_refresh", "server_versions_check")
# Further back than history is kept.
FURTHEST = 400 * 86_400
FAILED = 0.1
_ERRORS = [
    ("ConnectionError", "The upstream did not answer within 10 s. Nothing was lost."),
    ("BadAnswer", "The upstream sent no JSON: it begins with <html>."),
    ("ValueError", "invalid literal for int() with base 10: 'n/a'"),
    ("OperationalError", "database is locked"),
    ("TimeoutError", "The read operation timed out"),
    ("KeyError", "'statuscode'"),
]
_CHUNK = 5_000


def fill(rows: int, now: datetime) -> None:
    """An installation with ``rows`` runs, up to ``now``."""
    names = _schedules(now)
    _runs(names, rows, now)
    _changes(max(rows // 100, 20), now)
    _catalogue(now)
    User.objects.create_user("watch", is_staff=True).groups.add(Group.objects.get(name="Monitor"))
    leads = now + timedelta(hours=2)  # heard from as long as this is measured
    SchedulerProcess.objects.create(host="bench", pid=7, heartbeat_at=leads, leading_since=now)
    count_rows()


def jobs() -> dict[str, int]:
    """Seconds between slots, by name."""
    names = {f"job_{number:02}_every_{each}_s": each for number, each in enumerate(INTERVALS)}
    return names | dict(zip(OWN, (14_400, 86_400), strict=True))


def register() -> None:
    """In the code, where the pages look for them."""
    for name, seconds in jobs().items():
        if name not in OWN:
            safe_job(name, interval_seconds=seconds)(lambda: None)


def _schedules(now: datetime) -> dict[str, int]:
    """Known to the scheduler, and applied."""
    names = jobs()
    for name, seconds in names.items():
        schedule, _new = JobSchedule.objects.update_or_create(
            name=name, defaults={"interval_seconds": seconds}
        )
        ScheduleState.objects.update_or_create(
            schedule=schedule,
            defaults={
                "applied_revision": schedule.revision,
                "applied_spec": schedule.spec(now),
                "applied_at": now,
                "applied_by": "bench:7",
            },
        )
        next_run = now + timedelta(seconds=seconds / 2)
        DjangoJob.objects.update_or_create(
            id=name, defaults={"next_run_time": next_run, "job_state": b""}
        )
    return names


def counts(names: dict[str, int], rows: int) -> dict[str, int]:
    """How many runs each job gets: its share of the rows, but no longer back than FURTHEST."""
    shares = sum(1 / seconds for seconds in names.values())
    found = {
        name: max(min(int(rows / seconds / shares), FURTHEST // seconds), 1)
        for name, seconds in names.items()
    }
    found[next(iter(found))] += max(rows - sum(found.values()), 0)
    return found


def _runs(names: dict[str, int], rows: int, now: datetime) -> None:
    fields = [field for field in JobRun._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {JobRun._meta.db_table} ({columns}) VALUES ({values})"  # noqa: S608
    chance = random.Random(4)  # noqa: S311
    with transaction.atomic(), connection.cursor() as cursor:
        for name, count in counts(names, rows).items():
            chunk: list[list[Any]] = []
            for values_of in _job_runs(name, names[name], count, now, chance):
                chunk.append([_stored(field, values_of) for field in fields])
                if len(chunk) == _CHUNK:
                    cursor.executemany(sql, chunk)
                    chunk = []
            cursor.executemany(sql, chunk) if chunk else None
    for name in list(names)[:3]:
        JobRun.objects.create(
            job_name=name, status="running", scheduled_for=now, started_at=now, worker="bench:7"
        )
    JobRun.objects.create(
        job_name=OWN[0], status="queued", trigger="manual", scheduled_for=now, queued_at=now
    )


def _stored(field: Any, values: dict[str, Any]) -> Any:
    if field.attname in values:
        value = values[field.attname]
        return connection.ops.adapt_datetimefield_value(value) if _is_time(value) else value
    return field.get_db_prep_save(field.get_default(), connection)


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime)


def _job_runs(
    name: str, seconds: int, count: int, now: datetime, chance: random.Random
) -> Iterator[dict[str, Any]]:
    """Oldest first, so that every index grows at its end."""
    usual = min(seconds * 0.2, 40)
    log, result = json.dumps(_log(name)), json.dumps(_RESULT)
    for number in range(count, 0, -1):
        slot = now - timedelta(seconds=number * seconds)
        status, luck = "succeeded", chance.random()
        if luck < FAILED:
            status = "failed"
        elif luck < FAILED + 0.03:
            status = ("timed_out", "cancelled", "lost", "missed", "skipped")[number % 5]
        trigger = ("manual", "retry")[number % 2] if luck > 0.92 else "schedule"
        began = slot + timedelta(milliseconds=chance.randrange(5, 400))
        values = {
            "job_name": name,
            "status": status,
            "trigger": trigger,
            "scheduled_for": slot,
            "queued_at": slot,
            "worker": "bench:7",
            "log": log,
            "result": result if status == "succeeded" else None,
            "finished_at": slot,
        }
        if status not in ("missed", "skipped"):
            lasted = timedelta(seconds=chance.lognormvariate(0, 0.3) * usual)
            values |= {"claimed_at": began, "started_at": began, "finished_at": began + lasted}
        if status in ("failed", "timed_out", "lost"):
            kind, said = _ERRORS[chance.randrange(len(_ERRORS))]
            values |= {
                "error": f"{kind}: {said} (attempt {number})",
                "traceback": _TRACEBACK + f"{kind}: {said}",
            }
        yield values


_RESULT = {"received": 4852, "created": 3, "updated": 17, "unchanged": 4832, "seconds": 0.512}
_TRACEBACK = "Traceback (most recent call last):\n" + "".join(
    f'  File "/srv/app/mods/step_{number}.py", line {number}, in step\n    return following()\n'
    for number in range(18)
)


def _log(name: str) -> list[dict[str, Any]]:
    said = [f"{name}_started", "fetched", "compared", "written", f"{name}_completed"]
    return [
        {"at": "2026-05-04T12:00:00.123456+00:00", "level": "info", "event": event, "bytes": 2_119}
        for event in said
    ]


def _changes(count: int, now: datetime) -> None:
    """Entries in the admin's log, as ``audit`` writes them."""
    ann = User.objects.create_user("ann", is_staff=True)
    kind = ContentType.objects.get_for_model(JobSchedule)
    schedules = list(JobSchedule.objects.all())
    for number in range(count):
        schedule = schedules[number % len(schedules)]
        seconds = 600 + number % 7
        state = {"interval_seconds": seconds, "cron": "", "timezone": "UTC", "paused": False}
        note = {
            "changed": {"fields": [f"every 10 minutes → every {seconds} seconds"]},
            "revision": number,
            "before": {"interval_seconds": 600},
            "after": {"interval_seconds": seconds},
            "state": state,
            "reason": "the upstream asked for it" if number % 3 else "",
        }
        LogEntry.objects.create(
            user=ann,
            action_time=now - timedelta(minutes=count - number),
            content_type=kind,
            object_id=str(schedule.pk),
            object_repr=schedule.name,
            action_flag=CHANGE,
            change_message=json.dumps([note]),
        )


def _catalogue(now: datetime) -> None:
    Mod.objects.bulk_create(
        [
            Mod(
                modid=number,
                assetid=number,
                name=f"Mod {number}",
                author=f"author {number % 900}",
                side="both",
                type="mod",
                downloads=number * 7,
                last_released=now - timedelta(hours=number),
                first_seen_at=now,
                changed_at=now,
                content_hash=f"{number:032}",
            )
            for number in range(1, 4_853)
        ],
        batch_size=500,
    )
    GameVersion.objects.bulk_create(
        GameVersion(
            version=f"1.{20 + number // 30}.{number % 30}",
            packed=number,
            channel=("stable", "unstable")[number % 2],
            is_latest=number >= 86,
            first_seen_at=now - timedelta(days=88 - number),
            changed_at=now,
        )
        for number in range(88)
    )


def moment() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
