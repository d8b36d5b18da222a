"""The two jobs: the catalogue of mods, and the versions of the game."""

import time
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from scheduling.errors import JobFailed
from scheduling.registry import current_run, safe_job

from . import calls, tracking
from .details import Tally, refresh_details
from .errors import SOON, UpstreamError
from .http import Client, Limits
from .moddb import fetch_catalogue
from .models import Channel
from .pace import Pace
from .sync import refresh_catalogue
from .sync_versions import refresh_channel
from .versions import fetch_feed

logger = structlog.get_logger(__name__)

CATALOGUE_LIMITS = Limits()
# The description of a mod takes tens of kB, and so may the changes of its 85 releases.
DETAIL_LIMITS = Limits(connect=5, read=10, total=20, attempts=2, max_bytes=8 * 1024 * 1024)
# A feed is about 100 kB.
FEED_LIMITS = Limits(max_bytes=8 * 1024 * 1024)
# Seconds between requests to the mod database: more than the 0.25 that are promised, since they
# don't arrive exactly as far apart as they leave, and less so the busier the machine.
DETAIL_GAP = 0.3


@safe_job(
    "mod_cache_refresh",
    interval_seconds=14_400,
    min_interval_seconds=10,
    setting="mod_list_refresh_interval",
    run_at_once=True,
    timeout_seconds=300,
    max_retries=2,
    description=gettext_noop("Fetches the catalogue of the mod database and stores what changed."),
)
@calls.written
def mod_cache_refresh() -> dict[str, Any]:
    """Fetches the catalogue of the mod database and stores what changed.

    Then the details of tracked mods that have changed.
    """
    begun, pace = time.perf_counter(), Pace(DETAIL_GAP)
    with _moddb(CATALOGUE_LIMITS, pace, on_read=_downloaded) as client:
        catalogue = fetch_catalogue(client, settings.MODDB_URL)
    logger.info("catalogue_fetched", mods=len(catalogue.rows), bytes=catalogue.size)
    counts = refresh_catalogue(catalogue.rows, timezone.now())
    logger.info("catalogue_stored", **counts)
    if linked := tracking.link():
        logger.info("tracked_mods_linked", mods=linked)
    details = refresh_details(settings.MODDB_URL, lambda: _moddb(DETAIL_LIMITS, pace))
    summary = {**counts, "bytes": catalogue.size} | _told(details)
    summary["seconds"] = round(time.perf_counter() - begun, 3)
    if details.is_hopeless:
        failed = JobFailed(
            "The catalogue was stored, but none of the tracked mods that were asked for could be "
            f"read ({details.failed:,}). The first: {details.first_problem}",
            result=summary,
        )
        failed.permanent = details.sent_away > SOON
        raise failed
    return summary


@safe_job(
    "server_versions_check",
    interval_seconds=86_400,
    min_interval_seconds=10,
    setting="server_versions_refresh_interval",
    run_at_once=True,
    timeout_seconds=300,
    max_retries=2,
    description=gettext_noop(
        "Fetches the stable and the unstable versions of the game and stores what changed."
    ),
)
@calls.written
def server_versions_check() -> dict[str, Any]:
    """Fetches the stable and the unstable versions of the game and stores what changed.

    A channel that fails keeps its versions and does not keep the other from its own.
    """
    summary: dict[str, Any] = {}
    with Client(FEED_LIMITS, setting="VERSIONS_URL") as client:
        for done, channel in enumerate(Channel.values, 1):
            summary[channel] = _check_channel(client, channel)
            current_run().progress(done, len(Channel.values), "channels checked")
    # Each names its channel.
    if reasons := [part["error"] for part in summary.values() if "error" in part]:
        raise JobFailed(" ".join(reasons), result=summary)
    return summary


def _moddb(limits: Limits, pace: Pace, **options: Any) -> Client:
    return Client(limits, setting="MODDB_URL", before=pace.wait, sent=pace.sent, **options)


def _told(details: Tally) -> dict[str, Any]:
    """Nothing where no mods are tracked."""
    if not details.tracked:
        return {}
    logger.info("details_stored", **details.counts())
    return {"details": details.counts()}


def _downloaded(read: int, length: int | None) -> None:
    current_run().progress(read, length, "bytes downloaded")


def _check_channel(client: Client, channel: str) -> dict[str, Any]:
    try:
        feed = fetch_feed(client, settings.VERSIONS_URL, channel)
        counts = refresh_channel(channel, feed, timezone.now())
    except UpstreamError as error:
        logger.warning("feed_failed", channel=channel, error=str(error))
        return {"error": str(error)}
    logger.info("feed_stored", channel=channel, **counts)
    return counts
