"""OpenTelemetry's traces of web requests, of runs and of what those ask of the upstreams.

Only where the extra ``otel`` is installed and a collector is named by the variables that
OpenTelemetry itself reads; else nothing of it is imported.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from scheduling import requestid, spans

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, Tracer

logger = structlog.get_logger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NEEDED = ("sdk", "exporter", "instrumentation")
# Machines ask for these all the time.
_UNTOLD = "/healthz$,/readyz$,/metrics$"


def wanted() -> bool:
    """Whether a collector is named, and nothing else says that there shall be no traces."""
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    is_none = os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none"
    return any(map(os.environ.get, _ENDPOINTS)) and not is_off and not is_none


def installed() -> bool:
    return bool(find_spec("opentelemetry")) and all(
        find_spec(f"opentelemetry.{part}") for part in _NEEDED
    )


def start() -> None:
    """Send traces from now on, if that is wanted. Before Django loads its middleware."""
    if not wanted():
        return
    if not installed():
        logger.warning("traces_not_sent", reason="pip install -r requirements-otel.txt")
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Ten seconds by default, twice over, would keep a worker that stops from its end.
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "3")
    begin(BatchSpanProcessor(OTLPSpanExporter()))


def begin(processor: "SpanProcessor") -> Callable[[], None]:
    """Hand all spans to ``processor``; returns what ends that."""
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    # What the environment says of the service counts more.
    os.environ.setdefault("OTEL_SERVICE_NAME", "vsmanager")
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(processor)
    django = DjangoInstrumentor()
    django.instrument(
        tracer_provider=provider, excluded_urls=_UNTOLD, response_hook=_note_request_id
    )
    tracer = provider.get_tracer("vsmanager")
    spans.open_with(lambda name, calls, known: _opened(tracer, name, calls, known))

    def end() -> None:
        spans.open_with(None)
        django.uninstrument()
        provider.shutdown()

    return end


def _note_request_id(span: "Span", _request: Any, response: Any) -> None:
    if span and span.is_recording():
        span.set_attribute("request_id", response.headers.get(requestid.HEADER, ""))


class _Opened:
    def __init__(self, span: "Span") -> None:
        self._span = span

    def tell(self, known: dict[str, spans.Value]) -> None:
        for name, value in known.items():
            self._span.set_attribute(name, value)

    def fail(self, reason: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._span.set_status(Status(StatusCode.ERROR, reason))


@contextlib.contextmanager
def _opened(
    tracer: "Tracer", name: str, calls: bool, known: dict[str, spans.Value]
) -> Iterator[_Opened]:
    from opentelemetry.trace import SpanKind

    kind = SpanKind.CLIENT if calls else SpanKind.INTERNAL
    # What failed is told in a word; the error itself stands in the run.
    with tracer.start_as_current_span(
        name, kind=kind, attributes=known, record_exception=False, set_status_on_exception=False
    ) as span:
        if request_id := requestid.current():
            span.set_attribute("request_id", request_id)
        yield _Opened(span)


def processors() -> list[Processor]:
    """What the log needs so that its lines carry the ids of trace and span."""
    return [_ids] if wanted() and installed() else []


def _ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event
