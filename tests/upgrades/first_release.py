"""A database of the first release, with something in every table of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

# The first whole: settings page, history, admin, API, both jobs.
FIRST = (
    ("scheduling", "0003_cancelled_by_and_job_status"),
    ("mods", "0001_initial"),
    ("vsmanager", "0001_groups"),
)
# What is of others, and in the same database.
OTHERS = ("admin", "auth", "contenttypes", "django_apscheduler", "sessions")
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
STATUSES = (
    *("queued", "running", "succeeded", "failed", "timed_out"),
    *("cancelled", "missed", "skipped", "lost"),
)


def build(connection: BaseDatabaseWrapper) -> Any:
    """Make its tables; returns the models as they were."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    targets = [*FIRST, *(leaf for leaf in leaves if leaf[0] in OTHERS)]
    return executor.migrate(targets).apps


def migrate(connection: BaseDatabaseWrapper) -> Any:
    """Bring it up to date; returns the models as they are."""
    executor = MigrationExecutor(connection)
    return executor.migrate(executor.loader.graph.leaf_nodes()).apps


def fill(apps: Any, number: int = 0) -> None:
    """Write a row of each kind, as the first release would; ``number`` tells several apart."""

    def create(label: str, model: str, /, **values: Any) -> Any:
        return apps.get_model(label, model).objects.create(**values)

    user = create("auth", "User", username=f"ann{number}", password="!", is_staff=True)
    user.groups.add(apps.get_model("auth", "Group").objects.get(name="Monitor"))
    user.user_permissions.add(apps.get_model("auth", "Permission").objects.first())
    schedule = create(
        "scheduling", "JobSchedule",
        name=f"tides{number}", interval_seconds=3_600, cron="0 4 * * *", timezone="Europe/Berlin",
        paused=True, paused_until=NOON, pause_reason="deploy", misfire_grace_seconds=90,
        coalesce=False, max_instances=2, timeout_seconds=600, max_retries=3, revision=7,
        created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    create(
        "scheduling", "ScheduleState",
        schedule=schedule, applied_revision=7, applied_spec={"schedule": 3_600, "paused": True},
        applied_at=NOON, applied_by="host:1", paused_slot_at=NOON, problem="none",
    )  # fmt: skip
    process = create("scheduling", "SchedulerProcess", host="host", pid=1, leading_since=NOON)
    for hours, status in enumerate(STATUSES):
        create(
            "scheduling", "JobRun",
            job_name=f"tides{number}", trigger="schedule", status=status,
            scheduled_for=NOON - timedelta(hours=hours), attempt=1, slots=hours + 1, until=NOON,
            requested_by="ann", queued_at=NOON, claimed_at=NOON, started_at=NOON,
            finished_at=NOON, not_before=NOON, cancel_requested_at=NOON, cancel_requested_by="bob",
            worker="host:1", process=process, result={"found": [1, 2.5, "ö"]}, error="an error",
            traceback="a traceback", log=[{"event": "said", "n": 1}],
        )  # fmt: skip
    counter, _ = apps.get_model("scheduling", "ChangeCounter").objects.get_or_create(pk=1)
    counter.value += 7
    counter.save()
    create("scheduling", "ApiToken", user=user, digest=f"{number:064}", last_used_at=NOON)
    create(
        "mods", "Mod",
        modid=100 + number, assetid=5, name=f"Wünderland {number}", summary="A summary",
        author="Zoë", side="both", type="mod", identifiers=["wunder"], tags=["Worldgen"],
        urlalias="w", logo="l.png", downloads=-1, follows=2, trendingpoints=3, comments=4,
        last_released=NOON, first_seen_at=NOON, changed_at=NOON, content_hash="c" * 32,
    )  # fmt: skip
    create(
        "mods", "GameVersion",
        version=f"1.22.{number}", packed=number, channel="stable", is_latest=not number,
        server_filename="f", server_url="u", server_md5="m", server_size=12, first_seen_at=NOON,
        changed_at=NOON,
    )  # fmt: skip
    create("mods", "SourceCheck", source=f"catalogue{number}", checked_at=NOON)
    create(
        "django_apscheduler", "DjangoJob", id=f"tides{number}", next_run_time=NOON, job_state=b"x"
    )
    create("sessions", "Session", session_key=f"{number:040}", session_data="s", expire_date=NOON)
    content_type = apps.get_model("contenttypes", "ContentType").objects.first()
    create(
        "admin", "LogEntry",
        user=user, content_type=content_type, object_id="1", object_repr="tides", action_flag=2,
        change_message="[]", action_time=NOON,
    )  # fmt: skip


def rows(apps: Any, of: Any = None) -> dict[str, list[dict[str, Any]]]:
    """All rows by model; with ``of``, other models, only the fields that those have too."""
    found = {}
    for model in (of or apps).get_models(include_auto_created=True):
        if model.__name__ == "DjangoJobExecution":
            # What scheduling keeps empty.
            continue
        names = [field.attname for field in model._meta.concrete_fields]
        stored = apps.get_model(model._meta.app_label, model.__name__)
        values = stored._base_manager.order_by("pk").values(*names)
        found[model._meta.label] = [_plain(row) for row in values]
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: bytes(value) if isinstance(value, memoryview) else value
        for name, value in row.items()
    }
