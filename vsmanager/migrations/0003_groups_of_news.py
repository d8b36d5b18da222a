"""The groups have the same rights on channels, rules and messages."""

from importlib import import_module

from django.db import migrations

make_groups = import_module("vsmanager.migrations.0001_groups").make_groups


class Migration(migrations.Migration):
    dependencies = [
        ("vsmanager", "0002_groups_of_newer_models"),
        ("mods", "0010_news"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
