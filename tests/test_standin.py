"""The stand-in serves the upstreams' real shapes, and misbehaves when told to."""

import gzip
import http.client
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from vsmanager.standin import catalogue
from vsmanager.standin.server import StandIn

MODS = "/api/mods"
PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(mods=64, seed=7) as standin:
        yield standin


def get(standin: StandIn, path: str) -> Any:
    with urllib.request.urlopen(standin.url + path, timeout=5) as response:
        body = response.read()
    return json.loads(body) if not path.endswith(".txt") else body.decode()


def control(standin: StandIn, order: dict[str, Any]) -> int:
    request = urllib.request.Request(
        f"{standin.url}/_control", json.dumps(order).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return int(response.status)


def test_the_catalogue_is_the_same_for_the_same_seed() -> None:
    assert catalogue.made_up(64, seed=7) == catalogue.made_up(64, seed=7)
    assert catalogue.made_up(64, seed=7) != catalogue.made_up(64, seed=8)


def test_the_catalogue_has_the_shape_and_the_quirks_of_the_real_one(standin: StandIn) -> None:
    answer = get(standin, MODS)
    rows = answer["mods"]
    assert answer["statuscode"] == "200"
    ids = [row["modid"] for row in rows]
    assert len(set(ids)) == 64
    assert ids == sorted(ids, reverse=True)
    assert ids[0] - ids[-1] > 64
    assert len({tuple(row) for row in rows}) == 1

    def some(field: str, value: object) -> bool:
        return any(row[field] == value for row in rows)

    assert some("modidstrs", [])
    assert some("modidstrs", ["", "16437", "waxpress"])
    assert some("tags", [""])
    assert some("urlalias", None)
    assert some("logo", None)
    assert some("side", None)
    assert some("name", "  Spaces at both ends ")
    assert any("\U0001f525" in row["name"] for row in rows)
    assert any("<script>" in row["name"] for row in rows)
    assert any("\t" in row["summary"] for row in rows)


def test_the_body_is_written_as_php_writes_it(standin: StandIn) -> None:
    body = standin.world.body(MODS)
    assert body
    assert body.isascii()
    assert b"https:\\/\\/" in body
    assert b"\\ud83d\\udd25" in body
    assert b"\n" not in body


def test_it_zips_when_asked(standin: StandIn) -> None:
    request = urllib.request.Request(standin.url + MODS, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=5) as response:
        assert gzip.decompress(response.read()) == standin.world.body(MODS)


def test_one_mod_by_number_and_by_identifier(standin: StandIn) -> None:
    row = standin.world.mods[0]
    assert get(standin, f"/api/mod/{row['modid']}")["mod"]["name"] == row["name"]
    carryon = get(standin, "/api/mod/carry-ON")["mod"]
    assert carryon["releases"][0]["modidstr"] == "Carry-On"
    assert "modidstrs" not in carryon
    assert get(standin, "/api/mod/nobody") == {"statuscode": "404"}


def test_the_feeds_have_the_platforms_of_their_eras(standin: StandIn) -> None:
    stable = get(standin, "/stable.json")
    assert "server" in stable["1.18.14"]
    assert "linuxserver" not in stable["1.18.14"]
    assert "linuxserver" in stable["1.18.15"]
    assert "mac-arm64" not in stable["1.21.6"]
    assert "mac-arm64" in stable["1.22.6"]
    assert stable["1.9.14"]["server"]["filename"] == "vs_server_1.9.14.tar.gz"
    marked = [
        name
        for name, each in stable.items()
        if any("latest" in artifact for artifact in each.values())
    ]
    assert marked == ["1.22.7"]
    assert get(standin, "/lateststable.txt").strip() == "1.22.7"
    assert get(standin, "/latestunstable.txt").strip() == "1.22.0-rc.10"
    merged = get(standin, "/stable-unstable.json")
    assert merged == {**get(standin, "/unstable.json"), **stable}


def test_game_versions_carry_their_packed_number(standin: StandIn) -> None:
    rows = get(standin, "/api/gameversions")["gameversions"]
    assert {"tagid": -281569466040330, "name": "1.22.0-rc.10", "color": "#CCCCCC"} in rows
    assert rows[0]["name"] == "1.9.14"


def test_a_fault_comes_after_some_requests_and_passes(standin: StandIn) -> None:
    standin.fail(MODS, "status", status=503, after=1, times=1)
    get(standin, MODS)
    with pytest.raises(HTTPError) as caught:
        get(standin, MODS)
    caught.value.close()
    assert caught.value.code == 503
    assert get(standin, MODS)["statuscode"] == "200"
    assert standin.count(MODS) == 3


def test_a_fault_of_a_folder_holds_for_all_beneath_it(standin: StandIn) -> None:
    one, other = (f"/api/mod/{row['modid']}" for row in standin.world.mods[:2])
    standin.fail("/api/mod/", "wrong_statuscode", code="500")
    standin.fail(one, "wrong_statuscode", code="410")
    assert get(standin, one) == {"statuscode": "410"}
    assert get(standin, other) == {"statuscode": "500"}
    assert get(standin, MODS)["statuscode"] == "200"
    standin.heal("/api/mod/")
    assert get(standin, other)["statuscode"] == "200"


def test_faults_are_switched_over_http_too(standin: StandIn) -> None:
    control(standin, {"path": MODS, "fault": "wrong_statuscode", "options": {"code": "500"}})
    assert get(standin, MODS) == {"statuscode": "500"}
    control(standin, {"path": MODS, "fault": None})
    assert get(standin, MODS)["statuscode"] == "200"


def test_an_order_that_makes_no_sense_is_refused(standin: StandIn) -> None:
    with pytest.raises(HTTPError) as caught:
        control(standin, {"path": MODS, "fault": "earthquake"})
    caught.value.close()
    assert caught.value.code == 400


def test_it_remembers_what_was_asked(standin: StandIn) -> None:
    get(standin, f"{MODS}?text=x")
    assert standin.requests[-1].path == MODS
    assert standin.requests[-1].headers["User-Agent"].startswith("Python-urllib")


def test_it_stops_while_a_client_hangs() -> None:
    with StandIn(mods=1) as standin:
        standin.fail(MODS, "hang")
        connection = http.client.HTTPConnection(standin.url.removeprefix("http://"), timeout=5)
        connection.request("GET", MODS)
        while not standin.count(MODS):
            pass
    connection.close()


def test_with_life_things_change_from_look_to_look(standin: StandIn) -> None:
    control(standin, {"life": True})
    looks = [get(standin, MODS)["mods"] for _ in range(3)]
    assert sum(row["downloads"] for row in looks[0]) < sum(row["downloads"] for row in looks[1])
    assert len(looks[2]) == 65
    versions = [next(iter(get(standin, "/stable.json"))) for _ in range(2)]
    assert versions == ["1.22.7", "1.22.8"]
    assert get(standin, "/lateststable.txt").strip() == "1.22.8"


@pytest.mark.process
def test_it_runs_as_a_program_and_tells_its_address() -> None:
    command = [sys.executable, "-m", "vsmanager.standin", "--port", "0", "--mods", "12"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}{MODS}", timeout=5) as response:
            assert len(json.loads(response.read())["mods"]) == 12
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
