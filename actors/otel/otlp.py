"""The SDK's providers for OTLP over HTTP, as the standard `OTEL_*` variables say."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from actors.otel.sending import Ids, Sender
from actors.otel.spans import Span
from actors.otel.turns import Key

BATCH: Final = 256
"""How many spans are given before they are waited for: the SDK's queue drops what comes faster than it can send."""


class Counting(SpanExporter):
    """Counts what could not be delivered; the SDK only logs it."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.lost += len(spans)
        return result

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()


class Otlp:
    """Sends turns until its block ends, which sends what is left."""

    def __init__(self) -> None:
        ids = Ids()
        resource = _resource()
        self._spans = Counting(OTLPSpanExporter())
        self._traces = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
        self._traces.add_span_processor(BatchSpanProcessor(self._spans))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        self._metrics = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._sender = Sender(self._traces, self._metrics, ids)
        self._waiting = 0
        self.turns = 0
        self.spans = 0

    def __enter__(self) -> Self:
        """Use it as `with Otlp() as otlp`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is left."""
        self._traces.shutdown()
        self._metrics.shutdown()

    @property
    def lost(self) -> int:
        """How many spans could not be delivered."""
        return self._spans.lost

    def __str__(self) -> str:
        return f"sent {self.turns} turns, {self.spans} spans; {self.lost} spans could not be delivered"

    def send(self, key: Key, turn: Span) -> None:
        """Send a turn; waits while many are under way."""
        sent = self._sender.send(key, turn)
        self.turns += 1
        self.spans += sent
        self._waiting += sent
        if self._waiting >= BATCH:
            self._traces.force_flush()
            self._waiting = 0


def _resource() -> Resource:
    resource = Resource.create()
    unnamed = str(resource.attributes[SERVICE_NAME]).startswith("unknown_service")
    return resource.merge(Resource({SERVICE_NAME: "greenroom"})) if unnamed else resource
