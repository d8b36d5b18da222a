"""A database of the first release, brought up to date with data in it."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction

from mods import rawrows, search, sync
from mods.models import Mod, ModWords
from scheduling.models import JobRun, JobSchedule

from . import first_release


@pytest.fixture
def old(database):
    """The models as they were then, with a row of each in the database."""
    apps = first_release.build(database)
    first_release.fill(apps)
    return apps


def test_every_row_is_there_and_as_it_was(database, old):
    before = first_release.rows(old)
    now = first_release.migrate(database)
    after = first_release.rows(now, of=old)
    assert all(before.values()), [name for name, found in before.items() if not found]
    # The groups and their rights grow with the models.
    grown = {"auth.Permission", "auth.Group_permissions", "contenttypes.ContentType"}
    for name in before.keys() - grown:
        assert after[name] == before[name], name
    for name in grown:
        assert all(row in after[name] for row in before[name]), name


def test_the_models_of_today_read_them(database, old):
    first_release.migrate(database)
    schedule = JobSchedule.objects.get(name="tides0")
    assert (schedule.cron, schedule.queue, schedule.priority) == ("0 4 * * *", "default", 0)
    runs = JobRun.objects.order_by("-scheduled_for")
    assert [run.status for run in runs] == [*first_release.STATUSES]
    assert {(run.reason, run.progress) for run in runs} == {("", None)}
    assert runs[0].log == [{"event": "said", "n": 1}]
    mod = Mod.objects.select_related("words").get()
    assert (mod.raw_hash, mod.words.text) == ("", " wunderland 0 zoe a summary wunder worldgen")


def test_the_groups_have_their_rights_on_what_is_new(database, old):
    first_release.migrate(database)
    rights = Permission.objects.filter(group__name="Monitor")
    names = set(rights.values_list("codename", flat=True))
    assert {"view_jobrun", "view_trackedmod", "view_newschannel"} <= names
    assert all(name.startswith("view_") for name in names)


def test_the_first_release_goes_on_writing_while_the_database_is_newer(database, old):
    first_release.migrate(database)
    first_release.fill(old, number=1)
    for model in old.get_models():
        if row := model._base_manager.order_by("pk").last():
            row.save()
    assert JobSchedule.objects.get(name="tides1").queue == "default"
    with transaction.atomic():
        old.get_model("scheduling", "JobSchedule").objects.all().delete()
        old.get_model("scheduling", "JobRun").objects.all().delete()


@pytest.mark.django_db
def test_a_mod_that_the_first_release_stored_in_between_is_found_after_the_next_refresh():
    raw = {
        "modid": 7, "assetid": 8, "name": "Wunderland", "author": "Zoë", "side": "both",
        "type": "mod", "modidstrs": ["wunder"], "tags": [], "downloads": 1, "follows": 1,
        "trendingpoints": 1, "comments": 1, "summary": "", "urlalias": None, "logo": None,
        "lastreleased": "2026-11-23 12:00:00",
    }  # fmt: skip
    assert _refreshed(raw)["created"] == 1
    # As a version leaves it that knows neither hashes of bytes nor words.
    Mod.objects.update(raw_hash="")
    ModWords.objects.all().delete()
    assert not search.matching(Mod.objects.all(), "wunder").exists()
    assert _refreshed(raw)["unchanged"] == 1
    assert search.matching(Mod.objects.all(), "wunder").exists()


def _refreshed(raw):
    found = rawrows.scan(bytearray(json.dumps({"mods": [raw]}).encode()), "")
    return sync.refresh_catalogue(found[1], first_release.NOON)
