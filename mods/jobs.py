"""The two jobs: the catalogue of mods, and the versions of the game."""

import time
from typing import Any

from django.conf import settings
from django.utils import timezone

from scheduling.errors import JobFailed
from scheduling.registry import safe_job

from .errors import UpstreamError
from .http import Client, Limits
from .moddb import fetch_catalogue
from .models import Channel
from .sync import refresh_catalogue
from .sync_versions import refresh_channel
from .versions import fetch_feed

CATALOGUE_LIMITS = Limits()
# A feed is about 100 kB.
FEED_LIMITS = Limits(max_bytes=8 * 1024 * 1024)


@safe_job(
    "mod_cache_refresh",
    interval_seconds=14_400,
    min_interval_seconds=10,
    setting="mod_list_refresh_interval",
    run_at_once=True,
    timeout_seconds=300,
    max_retries=2,
)
def mod_cache_refresh() -> dict[str, Any]:
    """Fetches the catalogue of the mod database and stores what changed."""
    begun = time.perf_counter()
    with Client(CATALOGUE_LIMITS, setting="MODDB_URL") as client:
        catalogue = fetch_catalogue(client, settings.MODDB_URL)
    counts = refresh_catalogue(catalogue.rows, timezone.now())
    return {
        **counts,
        "bytes": catalogue.size,
        "seconds": round(time.perf_counter() - begun, 3),
    }


@safe_job(
    "server_versions_check",
    interval_seconds=86_400,
    min_interval_seconds=10,
    setting="server_versions_refresh_interval",
    run_at_once=True,
    timeout_seconds=300,
    max_retries=2,
)
def server_versions_check() -> dict[str, Any]:
    """Fetches the stable and the unstable versions of the game and stores what changed.

    A channel that fails keeps its versions and does not keep the other from its own.
    """
    summary: dict[str, Any] = {}
    with Client(FEED_LIMITS, setting="VERSIONS_URL") as client:
        for channel in Channel.values:
            summary[channel] = _check_channel(client, channel)
    # Each names its channel.
    if reasons := [part["error"] for part in summary.values() if "error" in part]:
        raise JobFailed(" ".join(reasons), result=summary)
    return summary


def _check_channel(client: Client, channel: str) -> dict[str, Any]:
    try:
        feed = fetch_feed(client, settings.VERSIONS_URL, channel)
        return refresh_channel(channel, feed, timezone.now())
    except UpstreamError as error:
        return {"error": str(error)}
