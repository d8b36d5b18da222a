"""The published data of the real upstreams, through the stand-in and the real client."""

import json
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from mods.gameversion import Version
from mods.models import GameVersion, Mod
from mods.versions import size_in_bytes
from vsmanager.standin.catalogue import encode
from vsmanager.standin.server import StandIn

from .conftest import Run

pytestmark = pytest.mark.realdata


def test_all_rows_of_the_real_export_are_stored(
    db: None, data: Path, settings: Settings, run: Run
) -> None:
    export = data / "moddb-mods-2025-12-29.json"
    with StandIn(catalogue=export) as upstream:
        settings.MODDB_URL = upstream.url
        first, second = run("mod_cache_refresh").value, run("mod_cache_refresh").value
    assert (first["received"], first["created"], first["rejected"]) == (4852, 4852, 0)
    assert first["bytes"] == 2_119_499
    assert second["unchanged"] == 4852
    assert Mod.objects.filter(tags=[]).count() == 339
    assert Mod.objects.filter(logo="").count() == 1501
    assert Mod.objects.filter(urlalias="").count() == 1699
    assert Mod.objects.get(modid=2828).identifiers == ["16437", "waxpress"]
    assert len(Mod.objects.get(modid=4439).name) == 113
    assert Mod.objects.with_tag("QoL").count() == 1504
    assert sum(mod.name != mod.name.strip() for mod in Mod.objects.all()) == 43
    assert sum(Mod.objects.values_list("downloads", flat=True)) == 44_951_016


def test_all_versions_of_the_real_feeds_are_stored(
    db: None, data: Path, settings: Settings, run: Run
) -> None:
    folder = data / "feed"
    with StandIn(mods=1, feed=folder) as upstream:
        settings.VERSIONS_URL = upstream.url
        value = run("server_versions_check").value
    for channel in ("stable", "unstable"):
        latest = (folder / f"latest{channel}.txt").read_text().strip()
        names = json.loads((folder / f"{channel}.json").read_bytes())
        assert value[channel]["latest"] == latest
        assert value[channel]["created"] == len(names)
    oldest = GameVersion.objects.last()
    assert oldest
    assert (oldest.version, oldest.server_filename) == ("1.9.14", "vs_server_1.9.14.tar.gz")
    assert not GameVersion.objects.filter(server_url="").exists()
    assert not GameVersion.objects.filter(server_size=None).exists()


def test_all_attested_versions_pack_as_the_mod_database_packs_them(data: Path) -> None:
    answer = json.loads((data / "gameversions-attested.json").read_bytes())
    versions = [Version.parse(row["name"]) for row in answer["gameversions"]]
    assert [-version.packed for version in versions] == [
        row["tagid"] for row in answer["gameversions"]
    ]
    assert [str(version) for version in versions] == [row["name"] for row in answer["gameversions"]]
    assert versions == sorted(versions)


def test_sizes_are_read_as_close_as_their_one_decimal_allows(data: Path) -> None:
    for line in (data / "feed" / "real-byte-sizes.tsv").read_text().splitlines():
        size = int(line.split("\t")[1])
        read = size_in_bytes(f"{size / 2**20:.1f} MB")
        assert read is not None
        assert abs(read - size) <= 2**20 / 20 + 1


def test_the_stand_in_writes_json_byte_for_byte_as_the_mod_database(data: Path) -> None:
    body = (data / "moddb-mods-2025-12-29.json").read_bytes()
    assert encode(json.loads(body)) == body.strip()
