"""The groups Admin (everything in scheduling and mods) and Monitor (view only)."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

APPS = ("scheduling", "mods")


def make_groups(apps, schema_editor):
    alias = schema_editor.connection.alias
    for label in APPS:
        # Permissions are made after all migrations; the groups need them now. Those that
        # exist already stay as they are.
        create_permissions(installed.get_app_config(label), verbosity=0, using=alias, apps=apps)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    everything = Permission.objects.using(alias).filter(content_type__app_label__in=APPS)
    for name, permissions in (
        ("Admin", everything),
        ("Monitor", everything.filter(codename__startswith="view_")),
    ):
        group, _ = Group.objects.using(alias).get_or_create(name=name)
        group.permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("scheduling", "0001_initial"),
        ("mods", "0001_initial"),
    ]

    # Taken back, the groups stay: people may be in them.
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
