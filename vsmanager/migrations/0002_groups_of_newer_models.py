"""The groups get the same rights on the models that joined since.

On those only: what an operator took from a group on the older ones stays taken, and a group
that was deleted stays gone.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def grant(models):
    """Gives the groups their rights on these models of mods, named in lower case."""

    def rights(apps, schema_editor):
        alias = schema_editor.connection.alias
        # Permissions are made after all migrations; the groups need them now.
        create_permissions(installed.get_app_config("mods"), verbosity=0, using=alias, apps=apps)
        Group = apps.get_model("auth", "Group")
        Permission = apps.get_model("auth", "Permission")
        new = Permission.objects.using(alias).filter(
            content_type__app_label="mods", content_type__model__in=models
        )
        for group in Group.objects.using(alias).filter(name="Admin"):
            group.permissions.add(*new)
        for group in Group.objects.using(alias).filter(name="Monitor"):
            group.permissions.add(*new.filter(codename__startswith="view_"))

    return rights


class Migration(migrations.Migration):
    dependencies = [
        ("vsmanager", "0001_groups"),
        ("scheduling", "0004_reason_and_progress"),
        ("mods", "0003_tracked_mods_and_releases"),
    ]

    operations = [
        migrations.RunPython(
            grant(["moddetail", "release", "change", "trackedmod"]), migrations.RunPython.noop
        )
    ]
