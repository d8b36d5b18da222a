"""Zips that people upload, and those that somebody made to hurt."""

import io
import random
import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile, UploadedFile

from mods import modinfo, modzip
from mods.modinfo import ModInfo, UnreadableMod

from .zips import GOOD, good, zipped

MIB = 1024 * 1024


def read(body: bytes) -> ModInfo:
    return modzip.read(io.BytesIO(body))


def refusal(body: bytes) -> str:
    with pytest.raises(UnreadableMod) as error:
        read(body)
    return str(error.value)


def test_a_mod_is_read_from_a_file_that_stays_open() -> None:
    file = io.BytesIO(good())
    file.seek(7)
    assert modzip.read(file).identifier == "carryon"
    assert modzip.read(file).warnings == ()
    assert not file.closed


def test_a_mod_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "carryon.zip"
    path.write_bytes(good())
    assert modzip.read(path) == read(good())


@pytest.mark.parametrize("kept", ["memory", "disk"])
def test_a_mod_is_read_from_an_upload(kept: str) -> None:
    upload: UploadedFile = (
        SimpleUploadedFile("carryon.zip", good())
        if kept == "memory"
        else TemporaryUploadedFile("carryon.zip", "application/zip", 0, None)
    )
    with upload:
        if kept == "disk":
            upload.write(good())
        assert modzip.read(upload).identifier == "carryon"


@pytest.mark.realdata
def test_all_published_mods_are_read_from_zips(data: Path) -> None:
    paths = [path for path in (data / "modinfo").glob("*.json") if "SCHEMA" not in path.name]
    for path in paths:
        body = path.read_bytes()
        for packed in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            assert read(zipped(("modinfo.json", body), packed=packed)) == modinfo.read(body)
    assert len(paths) == 9


@pytest.mark.parametrize("name", ["modinfo.json", "ModInfo.json", "MODINFO.JSON"])
def test_upper_and_lower_case_of_the_name_are_the_same(name: str) -> None:
    assert read(good(name)).identifier == "carryon"


def test_a_zip_behind_something_else_is_still_one() -> None:
    assert read(b"#!/bin/sh\nexit\n" + good()).identifier == "carryon"


def test_of_several_modinfo_files_the_well_spelt_one_is_read_and_all_are_told() -> None:
    other = GOOD.replace("carryon", "other")
    mod = read(zipped(("ModInfo.json", other), ("modinfo.json", GOOD), ("a/modinfo.json", other)))
    assert mod.identifier == "carryon"
    assert mod.warnings == ("it holds 2 files called modinfo.json; modinfo.json was read",)


def test_a_name_that_comes_twice_is_read_once() -> None:
    with warnings.catch_warnings(action="ignore"):
        body = zipped(("modinfo.json", GOOD), ("modinfo.json", GOOD.replace("carryon", "other")))
    assert read(body).identifier == "carryon"
    assert "it holds 2 files" in read(body).warnings[0]


def test_names_that_lead_out_are_never_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    out = ["../modinfo.json", "../../evil.txt", "/evil.txt", "C:\\evil.txt", "..\\evil.txt"]
    assert read(zipped(*((name, "evil") for name in out), ("modinfo.json", GOOD)))
    assert "lies in a folder (../modinfo.json)" in refusal(zipped(*((name, "x") for name in out)))
    assert list(tmp_path.rglob("*")) == [folder]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty, or not yet whole: fetch it again"),
        (b"\0", "it is no zip, whatever it is called: fetch it again"),
        (b"<html>404</html>", "it is no zip"),
        (b"\x89PNG" + bytes(5000), "it is no zip"),
        (b"PK", "it is a damaged zip, or not yet whole: fetch it again"),
        (b"PK\x05\x06" + bytes(18), "it holds no modinfo.json, so it is no mod of this game"),
        (good()[:-40], "it is a damaged zip, or not yet whole"),
        (good()[200:], "it is "),
        (zipped(), "it holds no modinfo.json, so it is no mod"),
        (zipped(("readme.txt", "")), "it holds no modinfo.json, so it is no mod"),
        (zipped(("modinfo.json.txt", GOOD)), "it holds no modinfo.json"),
        (zipped(("CarryOn/modinfo.json", GOOD)), "lies in a folder (CarryOn/modinfo.json), where"),
        (zipped(("CarryOn\\ModInfo.json", GOOD)), "lies in a folder (CarryOn/ModInfo.json)"),
        (zipped(("Mods/carryon.zip", good())), "it holds other zips (Mods/carryon.zip), into"),
        (zipped(("CarryOn.dll", "MZ")), "what its .dll says can't be read here"),
        (zipped(("modinfo.json", "")), "its modinfo.json is broken (line 1: Expecting value)"),
        (zipped(("modinfo.json", "{" * 9999)), "nested too deeply"),
        (zipped(("modinfo.json", "[]")), "holds no object"),
        (zipped(("modinfo.json", '{"name": "3D"}')), "starts with a digit: add a “modid”"),
        (zipped(("modinfo.json", GOOD), packed=zipfile.ZIP_BZIP2), "packed in a way that the g"),
        (zipped(("modinfo.json", GOOD), packed=zipfile.ZIP_LZMA), "packed in a way that the game"),
        (zipped(("modinfo.json", b" " * 10 * MIB + b"{}")), "larger than 1 MiB, which no real"),
        (zipped(*((f"{n}.txt", "") for n in range(20_001))), "too many files to be looked through"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:40],
)
def test_what_is_no_mod_is_refused_in_words(body: bytes, reason: str) -> None:
    assert reason in refusal(body)


def test_a_zip_of_as_many_files_as_a_large_mod_has_is_read() -> None:
    names = ((f"assets/carryon/textures/{number:05}.png", "") for number in range(19_999))
    assert read(zipped(*names, ("modinfo.json", GOOD))).identifier == "carryon"


def test_an_encrypted_zip_is_told_so() -> None:
    body = bytearray(good())
    at = body.index(b"PK\x01\x02")
    body[at + 8] |= 1
    assert refusal(bytes(body)).startswith("it is encrypted")


def _peak(body: bytes) -> tuple[str, int]:
    """The refusal, and the most memory that it took."""
    tracemalloc.start()
    try:
        return refusal(body), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_is_not_unfolded() -> None:
    body = zipped(("modinfo.json", bytes(100 * MIB)))
    reason, peak = _peak(body)
    assert "larger than 1 MiB" in reason
    assert peak < 8 * MIB


def test_a_bomb_that_lies_about_its_size_is_not_unfolded() -> None:
    body = bytearray(zipped(("modinfo.json", bytes(30 * MIB))))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", body, body.index(mark) + at, 50)
    reason, peak = _peak(bytes(body))
    # The first 50 bytes are zeros, and their checksum is another.
    assert "damaged" in reason or "broken" in reason
    assert peak < 8 * MIB


@pytest.mark.parametrize("count", [20_001, 91_000, 500_000])
def test_a_directory_that_fills_the_memory_is_not_read(count: int) -> None:
    """A zip may claim any size of directory, in the old end record and in the one of zip64."""
    directory = (b"PK\x01\x02" + bytes(42)) * count
    size = len(directory)
    plain = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, size, 0, 0)
    wide = (
        struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 9, 9, size, 0)
        + struct.pack("<4sLQL", b"PK\x06\x07", 0, size, 1)
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    )
    for end in (plain, wide):
        reason, peak = _peak(directory + end)
        assert "too many files" in reason
        assert peak < 16 * MIB


def test_a_wrong_checksum_is_damage() -> None:
    body = bytearray(zipped(("modinfo.json", GOOD), packed=zipfile.ZIP_STORED))
    at = body.index(b"carryon")
    body[at] ^= 1
    assert "damaged" in refusal(bytes(body))


def test_an_entry_before_the_beginning_is_damage(tmp_path: Path) -> None:
    """Files and bytes in memory complain in different ways when one looks there."""
    body = bytearray(good())
    end = body.index(b"PK\x05\x06")
    (offset,) = struct.unpack_from("<L", body, end + 16)
    struct.pack_into("<L", body, end + 16, offset + 1000)
    path = tmp_path / "mod.zip"
    path.write_bytes(body)
    with pytest.raises(UnreadableMod, match="damaged zip"):
        modzip.read(path)
    assert "damaged zip" in refusal(bytes(body))


def test_content_that_does_not_unpack_is_damage() -> None:
    body = bytearray(good())
    at = body.index(b"modinfo.json") + len("modinfo.json")
    body[at : at + 8] = b"\xff" * 8
    assert "damaged zip" in refusal(bytes(body))


def test_no_damage_brings_it_out_of_step(tmp_path: Path) -> None:
    """Whatever is changed in a zip: it is a mod still, or refused in words."""
    chance = random.Random(5)
    whole = good()
    path = tmp_path / "mod.zip"
    outcomes = set()
    for _ in range(500):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        if chance.random() < 0.3:
            del body[chance.randrange(len(body)) :]
        path.write_bytes(body)
        for source in (path, io.BytesIO(body)):
            try:
                outcomes.add(modzip.read(source).identifier)
            except UnreadableMod as error:
                outcomes.add(type(error))
    assert outcomes >= {"carryon", UnreadableMod}


def test_a_file_that_may_not_be_read_is_told_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMod, match=r"it can't be read \(No such file or directory\)"):
        modzip.read(tmp_path / "gone.zip")
    with pytest.raises(UnreadableMod, match=r"it can't be read \(Is a directory\)"):
        modzip.read(tmp_path)
