"""The groups get the same rights on channels, rules and messages, and on those only."""

from importlib import import_module

from django.db import migrations

grant = import_module("vsmanager.migrations.0002_groups_of_newer_models").grant


class Migration(migrations.Migration):
    dependencies = [
        ("vsmanager", "0002_groups_of_newer_models"),
        ("mods", "0010_news"),
    ]

    operations = [
        migrations.RunPython(
            grant(["newschannel", "newsrule", "newsmessage", "newsflip", "newscursor"]),
            migrations.RunPython.noop,
        )
    ]
