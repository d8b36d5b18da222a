"""What /metrics tells of the upstreams and of what is stored of them."""

from collections.abc import Iterator
from itertools import product

from django.utils.timezone import now as current_time
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from scheduling.metrics.exposition import register

from . import calls
from .models import Mod, SourceCheck, TrackedMod, UpstreamCount


@register
def upstreams() -> Iterator[Metric]:
    """In four queries."""
    now = current_time()
    age = GaugeMetricFamily(
        "mods_source_age_seconds",
        "Since the catalogue, or the versions of a channel, were last read with success.",
        labels=["source"],
    )
    for source, checked_at in SourceCheck.objects.values_list("source", "checked_at"):
        age.add_metric([source], max(0.0, (now - checked_at).total_seconds()))
    yield age
    requests = CounterMetricFamily(
        "mods_upstream_requests",
        "Requests to the upstreams, by how they ended.",
        labels=["upstream", "outcome"],
    )
    seconds = CounterMetricFamily(
        "mods_upstream_request_seconds",
        "How long these took together.",
        labels=["upstream", "outcome"],
    )
    counts = {(one.upstream, one.outcome): one for one in UpstreamCount.objects.all()}
    known = product(calls.UPSTREAMS.values(), calls.OUTCOMES)
    for labels in sorted({*counts, *known}):
        count = counts.get(labels) or UpstreamCount()
        requests.add_metric(labels, count.requests)
        seconds.add_metric(labels, count.seconds)
    yield from (requests, seconds)
    # Each from an index; those that are listed have none.
    listed = Mod.objects.count() - Mod.objects.delisted().count()
    yield GaugeMetricFamily("mods_listed", "Mods that the catalogue lists.", value=listed)
    yield GaugeMetricFamily(
        "mods_tracked", "Mods that are tracked.", value=TrackedMod.objects.count()
    )
