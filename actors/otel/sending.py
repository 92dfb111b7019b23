"""Traces and metrics to the official SDK."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from opentelemetry.metrics import Histogram, Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Span as SdkSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from actors.otel import names
from actors.otel.spans import Span
from actors.otel.turns import Key

KINDS: Final = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}


class Ids(IdGenerator):
    """Ids that follow from a span's place in the log: who sends a log twice sends the same spans, and no others."""

    def __init__(self) -> None:
        self._digest = b""

    def place(self, *names_of_place: object) -> None:
        """Say where the next span belongs."""
        self._digest = hashlib.sha256("\0".join(map(str, names_of_place)).encode()).digest()

    def generate_trace_id(self) -> int:
        """The id of a trace that begins with this span."""
        return int.from_bytes(self._digest[:16])

    def generate_span_id(self) -> int:
        """The span's."""
        return int.from_bytes(self._digest[16:24])

    def is_trace_id_random(self) -> bool:
        """As good as: the bits of a hash are."""
        return True


class Sender:
    """Gives finished turns to an SDK's providers, the tracer's with `ids` as its generator."""

    def __init__(self, traces: TracerProvider, metrics: MeterProvider, ids: Ids) -> None:
        about = ("greenroom", _version())
        self._tracer: Tracer = traces.get_tracer(*about, schema_url=names.SCHEMA_URL)
        self._meters = Meters(metrics.get_meter(*about, schema_url=names.SCHEMA_URL))
        self._ids = ids

    def send(self, key: Key, turn: Span) -> int:
        """Give a turn with all beneath it; say how many spans that were."""
        return self._send(turn, None, key)

    def _send(self, span: Span, parent: SdkSpan | None, place: tuple[object, ...]) -> int:
        self._ids.place(*place)
        made = self._tracer.start_span(
            span.name,
            context=None if parent is None else set_span_in_context(parent),
            kind=KINDS[span.kind],
            attributes=span.attributes,
            start_time=span.begun,
        )
        for event in span.events:
            made.add_event(event.name, event.attributes, event.at)
        if span.error is not None:
            made.set_status(Status(StatusCode.ERROR, span.error))
        if span.kind == "client":
            self._meters.record(span)
        if span.ran is not None:
            self._meters.record_tool(span.ran, span.attributes)
        sent = [self._send(child, made, (*place, number)) for number, child in enumerate(span.children)]
        made.end(span.ended)
        return 1 + sum(sent)


class Meters:
    """The metrics of requests and tools."""

    def __init__(self, meter: Meter) -> None:
        self._duration = _seconds(meter, names.OPERATION_DURATION, "GenAI operation duration.")
        self._first_chunk = _seconds(meter, names.TIME_TO_FIRST_CHUNK, "Time to receive the first chunk.")
        self._tool = _seconds(meter, names.TOOL_DURATION, "GenAI tool execution duration.")
        self._tokens = meter.create_histogram(
            names.TOKEN_USAGE,
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=names.TOKEN_BUCKETS,
        )

    def record(self, request: Span) -> None:
        """Count a request, with all its attempts."""
        attributes = _those(request.attributes, names.MEASURED_BY)
        self._duration.record((request.ended - request.begun) / 1e9, attributes)
        first_chunk = request.attributes.get(names.ATTRIBUTES["time_to_first_chunk"])
        if first_chunk is not None:
            self._first_chunk.record(first_chunk, attributes)
        if request.tokens is not None:
            attributes.pop(names.ATTRIBUTES["error_type"], None)
            for kind, tokens in zip(("input", "output"), request.tokens, strict=True):
                self._tokens.record(tokens, attributes | {names.TOKEN_TYPE: kind})

    def record_tool(self, seconds: float, attributes: Mapping[str, Any]) -> None:
        """Count a call of a tool that ran."""
        self._tool.record(seconds, _those(attributes, names.TOOL_MEASURED_BY))


def _those(attributes: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    return {name: attributes[name] for name in wanted if name in attributes}


def _seconds(meter: Meter, name: str, about: str) -> Histogram:
    return meter.create_histogram(name, "s", about, explicit_bucket_boundaries_advisory=names.SECONDS_BUCKETS)


def _version() -> str | None:
    try:
        return version("greenroom")
    except PackageNotFoundError:  # a checkout that is not installed
        return None
