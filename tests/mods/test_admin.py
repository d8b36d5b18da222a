"""What staff see of mods and versions, and that they can only look."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from mods import sync
from mods.admin import link
from mods.models import Change, GameVersion, Mod, ModDetail, Release, TrackedMod
from mods.sync_versions import refresh_channel
from mods.versions import read_feed
from vsmanager.standin import catalogue, feed

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def viewer(client: Client) -> Client:
    """Signed in as staff who may view mods and versions."""
    sync.refresh_catalogue(catalogue.made_up(120), NOW)
    refresh_channel("stable", read_feed(feed.made_up()["stable"]), NOW)
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_mod", "view_gameversion"])
    )
    client.force_login(user)
    return client


def test_mods_are_listed_50_to_a_page(viewer: Client) -> None:
    page = viewer.get("/admin/mods/mod/")
    assert len(page.context["cl"].result_list) == 50
    assert b"&lt;script&gt;alert(" in viewer.get("/admin/mods/mod/?q=script").content
    assert b"<script>alert(" not in viewer.get("/admin/mods/mod/?q=script").content


def test_versions_are_listed_newest_first(viewer: Client) -> None:
    page = viewer.get("/admin/mods/gameversion/")
    assert str(page.context["cl"].result_list[0]) == "1.22.7"


def test_a_mod_and_a_version_are_shown_with_their_links(viewer: Client) -> None:
    mod = Mod.objects.exclude(logo="").first()
    version = GameVersion.objects.first()
    assert mod
    assert version
    page = viewer.get(f"/admin/mods/mod/{mod.pk}/change/")
    assert f'href="{mod.logo}"' in page.content.decode()
    assert "content_hash" not in page.content.decode()
    page = viewer.get(f"/admin/mods/gameversion/{version.pk}/change/")
    assert f'href="{version.server_url}"' in page.content.decode()
    assert "51.4 MiB" in page.content.decode()


@pytest.mark.parametrize("model", ["mod", "gameversion"])
def test_nobody_can_change_anything(viewer: Client, admin_client: Client, model: str) -> None:
    pk = {"mod": Mod, "gameversion": GameVersion}[model].objects.first().pk  # type: ignore[attr-defined]
    for client in (viewer, admin_client):
        assert client.get(f"/admin/mods/{model}/add/").status_code == 403
        assert client.post(f"/admin/mods/{model}/{pk}/change/", {}).status_code == 403
        assert client.post(f"/admin/mods/{model}/{pk}/delete/", {}).status_code == 403


@pytest.mark.parametrize("model", ["mod", "gameversion"])
def test_without_the_permission_there_is_nothing_to_see(client: Client, model: str) -> None:
    client.force_login(User.objects.create_user("nils", is_staff=True))
    assert client.get(f"/admin/mods/{model}/").status_code == 403


@pytest.mark.parametrize(
    "query",
    ["name__regex=(a%2B)%2B$", "name__iregex=x", "author__regex=x", "modid__regex=1", "side=%00"],
)
def test_lookups_that_could_hold_up_the_process_are_refused(viewer: Client, query: str) -> None:
    assert viewer.get(f"/admin/mods/mod/?{query}").status_code == 400


def test_only_web_addresses_become_links() -> None:
    assert link("javascript:alert(1)") == "javascript:alert(1)"
    assert link("") == "-"
    assert 'href="https://x/&quot;&lt;"' in link('https://x/"<')


MODELS = (ModDetail, Release, Change, TrackedMod)
MARKUP = "<script>alert(1)</script>"


def kept() -> None:
    """One row of each, with markup in every text."""
    sync.refresh_catalogue(catalogue.made_up(120), NOW)
    mod = Mod.objects.first()
    assert mod
    Mod.objects.filter(pk=mod.pk).update(name=MARKUP)
    ModDetail.objects.create(
        mod=mod, text=MARKUP, problem=MARKUP, tried_at=NOW, homepage_url="javascript:alert(2)"
    )
    Release.objects.create(
        releaseid=1, mod=mod, identifier=MARKUP, version="1.0.0", changelog=MARKUP,
        filename=MARKUP, game_versions=[MARKUP], first_seen_at=NOW, changed_at=NOW,
    )  # fmt: skip
    Change.objects.create(kind="mod_new", at=NOW, mod=mod, subject=MARKUP, before=MARKUP)
    TrackedMod.objects.create(identifier=MARKUP, mod=mod, origin="list", added_by=MARKUP)


def test_the_lists_of_tracked_mods_releases_and_changes_show_text_as_text(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    kept()
    for model in MODELS:
        with django_assert_max_num_queries(6):
            page = admin_client.get(f"/admin/mods/{model._meta.model_name}/")
        assert page.status_code == 200
        assert b"<script>alert(1)" not in page.content
        each = model.objects.first()  # type: ignore[attr-defined]
        page = admin_client.get(f"/admin/mods/{model._meta.model_name}/{each.pk}/change/")
        assert page.status_code == 200
        assert b"<script>alert(1)" not in page.content
        assert b'href="javascript:' not in page.content
        page = admin_client.get(f"/admin/mods/{model._meta.model_name}/?q=<script>&problem=%00")
        assert page.status_code < 500


def test_of_all_that_only_tracked_mods_can_be_deleted(admin_client: Client, viewer: Client) -> None:
    kept()
    for model in MODELS:
        pk = model.objects.first().pk  # type: ignore[attr-defined]
        name = model._meta.model_name
        assert admin_client.get(f"/admin/mods/{name}/add/").status_code == 403
        assert admin_client.post(f"/admin/mods/{name}/{pk}/change/", {}).status_code == 403
        assert viewer.get(f"/admin/mods/{name}/").status_code == 403
        gone = admin_client.post(f"/admin/mods/{name}/{pk}/delete/", {"post": "yes"})
        assert (gone.status_code == 302) is (model is TrackedMod)
        assert model.objects.exists() is (model is not TrackedMod)  # type: ignore[attr-defined]
