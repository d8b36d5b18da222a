"""The groups Admin and Monitor, and what an upgrade leaves of what was set on them."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection

pytestmark = pytest.mark.django_db
STEPS = ("0002_groups_of_newer_models", "0003_groups_of_news")


def upgrade() -> None:
    """What the migrations after the first do to a database that has groups."""
    for step in STEPS:
        for operation in import_module(f"vsmanager.migrations.{step}").Migration.operations:
            operation.code(apps, SimpleNamespace(connection=connection))


def rights(name: str) -> set[str]:
    return set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))


def test_admin_may_do_everything_and_monitor_may_look() -> None:
    ours = Permission.objects.filter(content_type__app_label__in=("scheduling", "mods"))
    everything = set(ours.values_list("codename", flat=True))
    assert rights("Admin") == everything
    assert rights("Monitor") == {name for name in everything if name.startswith("view_")}


def test_an_upgrade_gives_back_no_right_that_was_taken_away() -> None:
    taken = ("change_jobschedule", "view_jobschedule", "view_mod", "add_apitoken")
    for group in Group.objects.all():
        group.permissions.remove(*Permission.objects.filter(codename__in=taken))
    upgrade()
    assert rights("Admin").isdisjoint(taken)
    assert rights("Monitor").isdisjoint(taken)


def test_an_upgrade_grants_what_is_new() -> None:
    before = rights("Admin"), rights("Monitor")
    for group in Group.objects.all():
        group.permissions.remove(
            *Permission.objects.filter(content_type__model__in=("trackedmod", "newschannel"))
        )
    assert "add_trackedmod" not in rights("Admin")
    upgrade()
    assert (rights("Admin"), rights("Monitor")) == before


def test_an_upgrade_leaves_a_group_gone_that_was_deleted() -> None:
    Group.objects.get(name="Monitor").delete()
    upgrade()
    assert not Group.objects.filter(name="Monitor").exists()
