"""The groups have the same rights on the models that joined since."""

from importlib import import_module

from django.db import migrations

make_groups = import_module("vsmanager.migrations.0001_groups").make_groups


class Migration(migrations.Migration):
    dependencies = [
        ("vsmanager", "0001_groups"),
        ("scheduling", "0004_reason_and_progress"),
        ("mods", "0003_tracked_mods_and_releases"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
