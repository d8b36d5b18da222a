"""What staff see of mods and versions, and that they can only look."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from mods import sync
from mods.admin import link
from mods.models import GameVersion, Mod
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
