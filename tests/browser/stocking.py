"""What fills the pages of mods: a server's mods, and what their authors did meanwhile."""

import json
import urllib.request
from typing import Any

from django.core.management import call_command

from mods.models import Mod, TrackedMod
from scheduling.models import JobRun
from tests.waiting import wait_until

# Of the stand-in's catalogue: one with a description that needs no other host.
SHOWN = 17
# Fields of releases that are there, as their authors change them.
_EDITED = {"tags": ["1.22.7", "1.22.8"], "changelog": "<p>For the new version, too.</p>"}


def stock(standin: str) -> None:
    """In the demo that this stand-in serves."""
    wait_until(lambda: JobRun.objects.filter(status="succeeded").count() >= 2, 60)
    shown = Mod.objects.get(pk=SHOWN)
    # The newest are left to other tests.
    others = [mod for mod in Mod.objects.order_by("-modid")[20:60] if len(mod.identifiers) == 1][:9]
    for number, mod in enumerate([shown, *others]):
        TrackedMod.objects.create(
            identifier=mod.identifiers[0],
            mod=mod,
            version="1.0.0" if number % 4 else "",
            dependencies={others[0].identifiers[0]: "9.0.0", "notthere": ""} if number == 3 else {},
            origin="list",
            added_by="admin",
        )
    TrackedMod.objects.create(identifier="ofmyown", version="0.1.0", origin="folder")
    _read("mod_cache_refresh")
    _order(standin, release="publish", mod=SHOWN, fields={"modversion": "9.0.0", **_EDITED})
    _order(standin, release="edit", mod=others[1].pk, fields=_EDITED)
    _order(standin, release="retract", mod=others[2].pk)
    # A new mod comes with the third look, a new version of the game with the second.
    _order(standin, life=True)
    _read(*("mod_cache_refresh", "server_versions_check") * 2, "mod_cache_refresh")
    _order(standin, life=False)


def _read(*jobs: str) -> None:
    for job in jobs:
        call_command("runjob", job)


def _order(standin: str, **order: Any) -> None:
    body = json.dumps(order).encode()
    urllib.request.urlopen(urllib.request.Request(f"{standin}/_control", body)).close()
