"""Each migration since the first release leaves a database with which the version before can go
on: it is migrated first, then workers and pages follow."""

import pytest
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from .first_release import FIRST

APPS = ("scheduling", "mods", "vsmanager")
# They add, or are nothing to the database; what they take is only speed.
HARMLESS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
)
# What old code survives although the rules below can't tell, and why.
KNOWN = {
    "mods.0012_index_words RunPython": "fills a table that old code does not know",
    "mods.0013_folder_of_tracked_mods AddField trackedmod.folder": (
        "0016 gives it its default in the database, and tables of tracked mods came with no "
        "release before"
    ),
    "scheduling.0010_counts_of_runs RunPython": "fills tables that old code does not know",
    "scheduling.0006_run_by_job_trigger RunPython": "counts rows anew for SQLite's planner",
    "scheduling.0012_run_by_trigger_status RunPython": "counts rows anew for SQLite's planner",
    "scheduling.0013_run_by_all_filters RunPython": "counts rows anew for SQLite's planner",
    "vsmanager.0002_groups_of_newer_models RunPython": "grants rights on tables that are new",
    "vsmanager.0003_groups_of_news RunPython": "grants rights on tables that are new",
}


def later():
    """The migrations since the first release, in their order, each with the models before it."""
    loader = MigrationLoader(None)
    graph, seen = loader.graph, set()
    for target in FIRST:
        seen.update(graph.forwards_plan(target))
    for leaf in sorted(graph.leaf_nodes()):
        for key in graph.forwards_plan(leaf):
            if key not in seen and key[0] in APPS:
                seen.add(key)
                yield graph.nodes[key], loader.project_state(key, at_end=False)


def harm(operation, before, app):
    """Why old code would not survive it; empty when it would."""
    if isinstance(operation, HARMLESS):
        return ""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        free = field.many_to_many or field.null or field.db_default is not NOT_PROVIDED
        return "" if free else "old code does not name it when it inserts: give it a db_default"
    if isinstance(operation, migrations.AlterField):
        old = before.models[app, operation.model_name_lower].fields[operation.name]
        return "" if is_wider(old, operation.field) else "it may refuse what old code writes"
    return "nothing says that old code survives it"


def is_wider(old, new):
    """Whether the database takes of ``new`` all that it took of ``old``."""
    if type(old) is not type(new):
        return False
    told = [_in_the_database(field) for field in (old, new)]
    lengths = [arguments.pop("max_length", None) for arguments in told]
    nulls = [arguments.pop("null", False) for arguments in told]
    defaults = [arguments.pop("db_default", NOT_PROVIDED) for arguments in told]
    shorter = None not in lengths and lengths[1] < lengths[0]
    lost = defaults[1] is NOT_PROVIDED and defaults[0] is not NOT_PROVIDED
    return told[0] == told[1] and not (shorter or lost or nulls == [True, False])


def _in_the_database(field):
    _name, _path, _args, arguments = field.deconstruct()
    return {key: value for key, value in arguments.items() if key not in field.non_db_attrs}


def found():
    for migration, before in later():
        for operation in migration.operations:
            name = type(operation).__name__
            about = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
            field = operation.name if hasattr(operation, "field") else ""
            told = f"{migration.app_label}.{migration.name} {name} {about}.{field}".rstrip(" .")
            yield told, harm(operation, before, migration.app_label)


def test_no_migration_breaks_the_version_before():
    assert {told: why for told, why in found() if why and told not in KNOWN} == {}


def test_what_is_known_is_still_there():
    assert {told for told, why in found() if why} == set(KNOWN)


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ("RemoveField", "nothing says"),
        ("RenameField", "nothing says"),
        ("DeleteModel", "nothing says"),
        ("AddConstraint", "nothing says"),
        ("RunSQL", "nothing says"),
    ],
)
def test_what_takes_away_is_found(operation, why):
    kind = getattr(migrations, operation)
    assert harm(kind.__new__(kind), None, "mods").startswith(why)


def test_a_column_that_old_code_must_name_is_found():
    from django.db import models

    def told(field):
        return harm(migrations.AddField("mod", "new", field), None, "mods")

    assert "db_default" in told(models.TextField(default=""))
    assert told(models.TextField(db_default="")) == told(models.TextField(null=True)) == ""


def test_a_narrower_column_is_found():
    from django.db import models

    wide, narrow = models.CharField(max_length=20), models.CharField(max_length=10)
    assert is_wider(narrow, wide)
    assert not is_wider(wide, narrow)
    assert not is_wider(models.TextField(null=True), models.TextField())
    assert not is_wider(models.TextField(db_default=""), models.TextField())
    assert not is_wider(models.TextField(), models.IntegerField())
    assert is_wider(models.TextField(), models.TextField(help_text="A word."))
    assert not is_wider(
        models.CharField(max_length=20), models.CharField(max_length=20, unique=True)
    )
