"""What /metrics tells: the scheduler's own metrics, and those that other apps register."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

Source = Callable[[], Iterable[Metric]]

_sources: list[Source] = []


def register(source: Source) -> Source:
    """Have ``source`` asked for its metrics at each scrape.

    It reads them from the database, so that every process of the web gives the same answer, and
    raises what the database raises. Each scrape may take a few milliseconds of it.
    """
    if source not in _sources:
        _sources.append(source)
    return source


class _Read(Collector):
    """Metrics that have been read."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def read() -> list[Metric]:
    return [metric for source in _sources for metric in source()]


def exposition(metrics: list[Metric], accept: str) -> tuple[bytes, str]:
    """The metrics in the format that a scraper asks for (Prometheus' own or OpenMetrics), and its
    content type."""
    encode, content_type = choose_encoder(accept)
    # Of its own: the library's default registry tells of this process alone.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(metrics))
    return encode(registry), content_type
