"""Zipped mods for the tests, good and bad."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

GOOD = json.dumps({"type": "code", "name": "Carry On", "modid": "carryon", "version": "1.12.0"})


def zipped(*entries: tuple[str, str | bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a zip with these names and contents; a name may come twice."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, packed)
    return file.getvalue()


def good(name: str = "modinfo.json") -> bytes:
    return zipped((name, GOOD), ("modicon.png", b"\x89PNG"), ("assets/carryon/lang/en.json", "{}"))


def mod_file(
    folder: Path,
    name: str,
    identifier: str = "carryon",
    version: str = "1.12.0",
    needs: Mapping[str, str] | None = None,
) -> Path:
    """A zipped mod on disk."""
    info = {"type": "code", "name": identifier, "modid": identifier, "version": version}
    info |= {"dependencies": dict(needs)} if needs else {}
    path = folder / name
    path.write_bytes(zipped(("modinfo.json", json.dumps(info))))
    return path
