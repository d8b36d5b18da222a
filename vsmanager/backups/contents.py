"""What a database holds: which migrations it has had, and whether anybody has used it yet."""

from collections.abc import Iterable
from typing import TypeAlias

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migrations: TypeAlias = set[tuple[str, str]]

# The work of people, of the worker and of the upstreams: where all are empty nobody will miss
# anything.
_TELLING = ("auth_user", "scheduling_jobrun", "mods_mod", "mods_trackedmod", "mods_newschannel")


def known() -> Migrations:
    """Those that this version of vsmanager has."""
    return set(MigrationLoader(None).disk_migrations)


def applied(connection: BaseDatabaseWrapper) -> Migrations:
    return set(MigrationRecorder(connection).applied_migrations())


def missing(applied: Migrations) -> Migrations:
    """What ``migrate`` would do."""
    return known() - applied


def newer(applied: Migrations) -> list[str]:
    """Migrations of a newer version, which this one does not know."""
    ours, apps = known(), {app for app, _name in known()}
    return sorted(f"{app}.{name}" for app, name in applied - ours if app in apps)


def is_of_vsmanager(applied: Iterable[tuple[str, str]]) -> bool:
    return ("scheduling", "0001_initial") in applied


def is_used(connection: BaseDatabaseWrapper) -> bool:
    """Whether it holds what somebody would miss."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in sorted(tables.intersection(_TELLING)):
            cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608 - one of those above
            if cursor.fetchone():
                return True
    # Tables of somebody else, or of a version that had others.
    return bool(tables) and "django_migrations" not in tables
