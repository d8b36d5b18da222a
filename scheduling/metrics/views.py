"""/metrics, for Prometheus and whatever else reads its format."""

import time

import structlog
from django.db import Error as DatabaseFailure
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.core import GaugeMetricFamily, Metric

from . import access, exposition

logger = structlog.get_logger(__name__)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """401 without the right token; 404 where none is set, for whoever is not on this machine."""
    verdict = access.answer(request)
    if verdict is access.Answer.NO_TOKEN:
        response = HttpResponse("Send the token: Authorization: Bearer TOKEN\n", status=401)
        response["WWW-Authenticate"] = "Bearer"
        response["Content-Type"] = "text/plain; charset=utf-8"
        return response
    if verdict is access.Answer.NOBODY:
        raise Http404
    body, content_type = exposition.exposition(_read(), request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type)


def _read() -> list[Metric]:
    """Without a database there is one metric left, which says so."""
    begun = time.perf_counter()
    try:
        found = exposition.read()
    except DatabaseFailure as error:
        logger.warning("metrics_not_read", error=str(error)[:500], kind=type(error).__name__)
        return [_database_up(0)]
    took = GaugeMetricFamily(
        "scheduling_scrape_seconds",
        "How long it took to read these metrics from the database.",
        value=time.perf_counter() - begun,
    )
    return [*found, took, _database_up(1)]


def _database_up(up: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "scheduling_database_up", "Whether the database could be read for this scrape.", value=up
    )
