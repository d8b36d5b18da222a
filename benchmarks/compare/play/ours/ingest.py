"""How long a catalogue takes into the database: the project's job, and what others would write.

Prints JSON: for each way the seconds of a first load, of one with nothing changed and of one in
which a hundredth changed. ``sys.argv``: a file with the catalogue, or "" for a made-up one.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import django

ROUNDS = 9
Way = Callable[[bytes], object]


def main(catalogue: str) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = _serve(stack, ["--catalogue", catalogue] if catalogue else [])
        with urllib.request.urlopen(f"{address}/api/mods") as answer:  # noqa: S310 - loopback
            body = answer.read()
        changed = _changed(body)
        (folder / "changed.json").write_bytes(changed)
        other = _serve(stack, ["--catalogue", str(folder / "changed.json")])
        ways = {"vsmanager": _ours({body: address, changed: other}), **_others()}
        found = {name: _measure(way, body, changed) for name, way in ways.items()}
    print(json.dumps({"mods": len(json.loads(body)["mods"]), "ways": found}))


def _measure(way: Way, body: bytes, changed: bytes) -> dict[str, float]:
    first = _seconds(lambda: way(body))
    same, one, loads = [], [], []
    # What takes seconds is as exact once. All in turn, so that what else the machine does
    # is in each.
    for _ in range(ROUNDS if first < 2 else 1):
        loads.append(_seconds(lambda: json.loads(body)))
        same.append(_seconds(lambda: way(body)))
        one.append(_seconds(lambda: way(changed)))
        way(body)
    found = {"same": same, "changed": one, "loads": loads}
    return {"first": first, **{name: statistics.median(each) for name, each in found.items()}}


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _serve(stack: ExitStack, content: list[str]) -> str:
    command = [sys.executable, "-m", "vsmanager.standin", *content]
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(process.terminate)
    return process.stdout.readline().strip() if process.stdout else ""


def _changed(body: bytes) -> bytes:
    catalogue = json.loads(body)
    for mod in catalogue["mods"][::100]:
        mod["downloads"] += 1
    return json.dumps(catalogue).encode()


def _ours(addresses: dict[bytes, str]) -> Way:
    """The whole job as the worker runs it, fetched over HTTP."""
    from django.conf import settings

    from mods.jobs import mod_cache_refresh

    def refresh(body: bytes) -> None:
        settings.MODDB_URL = addresses[body]
        if mod_cache_refresh() is None:
            raise SystemExit("The refresh failed.")

    return refresh


def _others() -> dict[str, Way]:
    """Without HTTP, decoding included, in one transaction, each on an empty table at first."""
    from django.db import connection, transaction

    from .models import PlainMod

    def fresh(way: Way) -> Way:
        state = {"made": False}

        def run(body: bytes) -> None:
            if not state["made"]:
                with connection.schema_editor() as editor:
                    if PlainMod._meta.db_table in connection.introspection.table_names():
                        editor.delete_model(PlainMod)
                    editor.create_model(PlainMod)
                state["made"] = True
            with transaction.atomic():
                way(body)

        return run

    return {
        "bulk upsert of everything": fresh(_upsert_all),
        "compare hashes, upsert what differs": fresh(_compare),
        "update_or_create each": fresh(_each),
    }


def _rows(body: bytes) -> list[dict[str, Any]]:
    return [_row(mod) for mod in json.loads(body)["mods"]]


def _row(mod: dict[str, Any]) -> dict[str, Any]:
    released = mod["lastreleased"]
    moment = datetime.fromisoformat(released).replace(tzinfo=UTC) if released else None
    texts = {name: mod[name] or "" for name in ("summary", "urlalias", "side", "logo")}
    return {**mod, **texts, "lastreleased": moment}


def _each(body: bytes) -> None:
    from .models import PlainMod

    for row in _rows(body):
        PlainMod.objects.update_or_create(modid=row.pop("modid"), defaults=row)


def _upsert_all(body: bytes) -> None:
    _upsert(_rows(body))


def _upsert(rows: list[dict[str, Any]]) -> None:
    from .models import PlainMod

    PlainMod.objects.bulk_create(
        [PlainMod(**row) for row in rows],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["modid"],
        update_fields=[field.name for field in PlainMod._meta.fields if field.name != "modid"],
    )


def _compare(body: bytes) -> None:
    from .models import PlainMod

    stored = dict(PlainMod.objects.values_list("modid", "content_hash"))
    differing = []
    for mod in json.loads(body)["mods"]:
        digest = blake2b(repr(mod).encode(), digest_size=16).hexdigest()
        if stored.get(mod["modid"]) != digest:
            differing.append({**_row(mod), "content_hash": digest})
    _upsert(differing)


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1])
